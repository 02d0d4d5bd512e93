"""STUN messages as bytes: header, attributes, integrity and fingerprint (RFC 8489 sections 5, 14 and 15).

What the attributes' values mean is left to attributes.py, whether a request is answered at all to relay.py.
"""

import hmac
import struct
import zlib
from dataclasses import dataclass
from typing import Final

from turn.wire import attributes as attribute
from turn.wire.errors import REASONS, Malformed

HEADER_SIZE: Final = 20
TRANSACTION_ID_SIZE: Final = 12

REQUEST: Final = 0x000
INDICATION: Final = 0x010
SUCCESS: Final = 0x100
ERROR: Final = 0x110
_CLASS_BITS: Final = 0x110

BINDING: Final = 0x001
ALLOCATE: Final = 0x003
REFRESH: Final = 0x004
SEND: Final = 0x006
DATA: Final = 0x007
CREATE_PERMISSION: Final = 0x008
CHANNEL_BIND: Final = 0x009

METHODS: Final = {
    BINDING: "Binding",
    ALLOCATE: "Allocate",
    REFRESH: "Refresh",
    SEND: "Send",
    DATA: "Data",
    CREATE_PERMISSION: "CreatePermission",
    CHANNEL_BIND: "ChannelBind",
}

SHA1_SIZE: Final = 20
SHA256_SIZE: Final = 32
MIN_SHA256_SIZE: Final = 16
"""A truncated MESSAGE-INTEGRITY-SHA256 is at least this long (RFC 8489 section 14.6)."""

FINGERPRINT_SIZE: Final = 8
_FINGERPRINT_MASK: Final = 0x5354554E

MAX_ATTRIBUTES: Final = 256
"""A CreatePermission for as many peers as an allocation may have fits; a message of empty attributes does not."""

_SEALS: Final = frozenset({attribute.MESSAGE_INTEGRITY, attribute.MESSAGE_INTEGRITY_SHA256, attribute.FINGERPRINT})
"""Attributes that vouch for what is before them."""

_INTEGRITY: Final = (
    (attribute.MESSAGE_INTEGRITY, SHA1_SIZE, "sha1"),
    (attribute.MESSAGE_INTEGRITY_SHA256, SHA256_SIZE, "sha256"),
)

_DATA_INDICATION: Final = DATA | INDICATION

_HEADER = struct.Struct(">HHI12s")
_PAIR = struct.Struct(">HH")


@dataclass(slots=True, eq=False)
class Message:
    """A message that was received. ``attributes`` are those that count, in order; the rest of the fields is for checks.

    What follows MESSAGE-INTEGRITY is left out, as RFC 8489 section 14.5 demands: nobody has vouched for it.
    """

    method: int
    kind: int
    """REQUEST, INDICATION, SUCCESS or ERROR."""
    transaction_id: bytes
    attributes: list[tuple[int, bytes]]
    raw: bytes
    integrity_at: int = 0
    """Where MESSAGE-INTEGRITY begins in ``raw``; 0 if there is none. The same for SHA256."""
    integrity_sha256_at: int = 0
    fingerprint: bool = False
    """Whether there is one. It has been checked."""

    def get(self, kind: int) -> bytes | None:
        """The value of the first attribute of this kind. Those after it don't count (RFC 8489 section 14)."""
        for number, value in self.attributes:
            if number == kind:
                return value
        return None

    def all(self, kind: int) -> list[bytes]:
        """The values of all attributes of this kind, for those that may come more than once."""
        return [value for number, value in self.attributes if number == kind]

    def not_understood(self) -> list[int]:
        """The attributes that would have to be understood, and are not: those of a 420. Each once."""
        unknown = (
            number
            for number, _ in self.attributes
            if number < attribute.FIRST_OPTIONAL and number not in attribute.UNDERSTOOD
        )
        return list(dict.fromkeys(unknown))

    @property
    def has_integrity(self) -> bool:
        """Whether there is something to check a key with."""
        return bool(self.integrity_at or self.integrity_sha256_at)

    def is_by(self, key: bytes) -> bool:
        """Whether the sender knows the key. Where both integrities are there, the stronger one counts."""
        if self.integrity_sha256_at:
            return _is_intact(self.raw, self.integrity_sha256_at, key, "sha256")
        return bool(self.integrity_at) and _is_intact(self.raw, self.integrity_at, key, "sha1")

    def __str__(self) -> str:
        kinds = {REQUEST: "request", INDICATION: "indication", SUCCESS: "success", ERROR: "error"}
        return f"{METHODS.get(self.method, hex(self.method))} {kinds[self.kind]} {self.transaction_id.hex()}"


def parse(data: bytes) -> Message:
    """The message that fills the whole of ``data``. Raises ``Malformed`` if it is none, or its fingerprint is wrong."""
    if len(data) < HEADER_SIZE:
        raise Malformed(f"{len(data)} bytes are no STUN message")
    kind_and_method, length, cookie, transaction_id = _HEADER.unpack_from(data)
    if kind_and_method & 0xC000 or cookie != attribute.MAGIC_COOKIE:
        raise Malformed("not a STUN message")
    if length % 4 or length != len(data) - HEADER_SIZE:
        raise Malformed("a STUN message whose length field is wrong")
    message = Message(_method(kind_and_method), kind_and_method & _CLASS_BITS, transaction_id, attributes=[], raw=data)
    _read_attributes(message)
    return message


def _method(kind_and_method: int) -> int:
    return kind_and_method & 0x000F | (kind_and_method & 0x00E0) >> 1 | (kind_and_method & 0x3E00) >> 2


def _read_attributes(message: Message) -> None:
    """Fill in the fields of the message that ``raw`` holds."""
    data, end, at = message.raw, len(message.raw), HEADER_SIZE
    found, sealed = message.attributes, False
    unpack = _PAIR.unpack_from
    while at < end:
        number, length = unpack(data, at)
        value_at = at + 4
        following = value_at + ((length + 3) & ~3)
        if following > end:
            raise Malformed("an attribute that goes on beyond its message")
        if number in _SEALS:
            _read_seal(message, number, length, at)
            sealed = True
            if number == attribute.FINGERPRINT:
                break
        elif not sealed:
            found.append((number, data[value_at : value_at + length]))
        at = following
    if len(found) > MAX_ATTRIBUTES:
        raise Malformed(f"{len(found)} attributes")


def _read_seal(message: Message, number: int, length: int, at: int) -> None:
    """Take note of one of the attributes that seal what is before them. The first of its kind counts."""
    if number == attribute.MESSAGE_INTEGRITY:
        if length != SHA1_SIZE:
            raise Malformed(f"MESSAGE-INTEGRITY of {length} bytes")
        # After the SHA-256 one it would be outside of what that vouches for (RFC 8489 section 14.6).
        if not message.integrity_sha256_at:
            message.integrity_at = message.integrity_at or at
    elif number == attribute.MESSAGE_INTEGRITY_SHA256:
        if length % 4 or not MIN_SHA256_SIZE <= length <= SHA256_SIZE:
            raise Malformed(f"MESSAGE-INTEGRITY-SHA256 of {length} bytes")
        message.integrity_sha256_at = message.integrity_sha256_at or at
    else:
        _check_fingerprint(message, length, at)


def _check_fingerprint(message: Message, length: int, at: int) -> None:
    data = message.raw
    if length != 4 or at + FINGERPRINT_SIZE != len(data):
        raise Malformed("FINGERPRINT that is not the end of its message")
    if int.from_bytes(data[at + 4 :], "big") != zlib.crc32(data[:at]) ^ _FINGERPRINT_MASK:
        raise Malformed("a message whose FINGERPRINT is wrong")
    message.fingerprint = True


def _is_intact(data: bytes, at: int, key: bytes, digest: str) -> bool:
    """Check the integrity attribute at this offset. The header's length counts up to its end (section 14.5)."""
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    covered = data[:2] + (at + 4 + length - HEADER_SIZE).to_bytes(2, "big") + data[4:at]
    return hmac.compare_digest(hmac.digest(key, covered, digest)[:length], data[at + 4 : at + 4 + length])


class Writer:
    """A message that is being written: ``Writer(...).add(...).finish()``."""

    __slots__ = ("_body", "_kind_and_method", "_transaction_id")

    def __init__(self, method: int, kind: int, transaction_id: bytes) -> None:
        self._kind_and_method = method & 0x000F | (method & 0x0070) << 1 | (method & 0x0F80) << 2 | kind
        self._transaction_id = transaction_id
        self._body = b""

    def add(self, number: int, value: bytes) -> "Writer":
        """One more attribute."""
        self._body += _PAIR.pack(number, len(value)) + value + bytes(-len(value) % 4)
        return self

    def finish(self, key: bytes = b"", *, sha256: bool = False, fingerprint: bool = False) -> bytes:
        """The message; with a key, sealed by MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256."""
        if key:
            number, size, digest = _INTEGRITY[sha256]
            covered = self._header(4 + size) + self._body
            self.add(number, hmac.digest(key, covered, digest))
        if not fingerprint:
            return self._header(0) + self._body
        covered = self._header(FINGERPRINT_SIZE) + self._body
        crc = zlib.crc32(covered) ^ _FINGERPRINT_MASK
        return covered + _PAIR.pack(attribute.FINGERPRINT, 4) + crc.to_bytes(4, "big")

    def _header(self, to_come: int) -> bytes:
        length = len(self._body) + to_come
        return _HEADER.pack(self._kind_and_method, length, attribute.MAGIC_COOKIE, self._transaction_id)


def is_indication(data: bytes) -> bool:
    """What the first two bytes of a message say: that nobody waits for it."""
    return not data[0] & 0x01 and bool(data[1] & 0x10)


def success(request: Message) -> Writer:
    """The begin of a success response."""
    return Writer(request.method, SUCCESS, request.transaction_id)


def error(request: Message, code: int) -> Writer:
    """The begin of an error response, its ERROR-CODE written."""
    answer = Writer(request.method, ERROR, request.transaction_id)
    return answer.add(attribute.ERROR_CODE, attribute.encode_error(code, REASONS[code]))


def data_indication(address: attribute.Address, payload: bytes | memoryview, transaction_id: bytes) -> bytes:
    """A peer's packet for a client that has no channel for it. Raises ``ValueError`` if it is too long for one."""
    peer = attribute.encode_xor_address(address, transaction_id)
    padding = bytes(-len(payload) % 4)
    length = 4 + len(peer) + 4 + len(payload) + len(padding)
    if length > 0xFFFF:
        raise ValueError("the packet does not fit into an indication")
    header = _HEADER.pack(_DATA_INDICATION, length, attribute.MAGIC_COOKIE, transaction_id)
    peer_header = _PAIR.pack(attribute.XOR_PEER_ADDRESS, len(peer))
    return b"".join((header, peer_header, peer, _PAIR.pack(attribute.DATA, len(payload)), payload, padding))
