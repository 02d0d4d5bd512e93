"""Any bytes as a STUN message: it is read or ``Malformed``, and what was read can be written again."""

from contextlib import suppress

from turn.wire import attributes, stun
from turn.wire.errors import Malformed
from turn.wire.stun import Message, Writer

KEY = b"a key of sixteen"
TRANSACTION = bytes(12)
MAX_INPUT = 65_000
"""Bytes: the seals still fit."""

DECODERS = (
    lambda value: attributes.decode_xor_address(value, TRANSACTION),
    attributes.decode_error,
    attributes.decode_number,
    attributes.decode_family,
    attributes.decode_transport,
    attributes.decode_channel,
    attributes.decode_even_port,
    attributes.decode_algorithm,
    lambda value: attributes.decode_text(value, 513),
)


def one_input(data: bytes) -> None:
    """Read it as it is, and as the attributes of a message whose header is right."""
    data = data[:MAX_INPUT]
    read(data)
    body = data[: len(data) & ~3]
    header = b"\x00\x03" + len(body).to_bytes(2, "big") + attributes.MAGIC_COOKIE.to_bytes(4, "big") + TRANSACTION
    read(header + body)


def read(data: bytes) -> None:
    """Read a message and its attributes."""
    try:
        message = stun.parse(data)
    except Malformed:
        return
    assert len(message.attributes) <= stun.MAX_ATTRIBUTES
    str(message)
    message.is_by(KEY)
    assert all(number < attributes.FIRST_OPTIONAL for number in message.not_understood())
    for _, value in message.attributes:
        for decode in DECODERS:
            with suppress(Malformed):
                decode(value)
    assert_written(message)


def assert_written(message: Message) -> None:
    """Written again and sealed it is the same message, by whoever knows the key and by nobody else."""
    for sha256 in (False, True):
        writer = Writer(message.method, message.kind, message.transaction_id)
        for number, value in message.attributes:
            writer.add(number, value)
        again = stun.parse(writer.finish(KEY, sha256=sha256, fingerprint=True))
        assert (again.method, again.kind, again.attributes) == (message.method, message.kind, message.attributes)
        assert again.fingerprint
        assert again.is_by(KEY)
        assert not again.is_by(KEY + b"!")
