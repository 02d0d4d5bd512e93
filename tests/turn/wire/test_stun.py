"""The codec against the RFCs' vectors, and against anything."""

import hmac
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.relay.auth import long_term_key, userhash
from turn.wire import attributes as attribute
from turn.wire import stun
from turn.wire.errors import Malformed
from turn.wire.stun import Writer, parse

VECTORS = json.loads((Path(__file__).parent / "vectors" / "stun.json").read_text(encoding="utf-8"))
ID = bytes(range(12))
KEY = b"key"


def vector(name: str) -> bytes:
    return bytes.fromhex(VECTORS[name]["hex"])


@pytest.mark.parametrize("name", [name for name in VECTORS if "key_text" in VECTORS[name]])
def test_short_term_vectors(name: str) -> None:
    message = parse(vector(name))
    assert message.fingerprint
    assert message.is_by(VECTORS[name]["key_text"].encode())
    assert not message.is_by(b"another key")


@pytest.mark.parametrize("name", [name for name in VECTORS if "mapped" in VECTORS[name]])
def test_mapped_address_vectors(name: str) -> None:
    message = parse(vector(name))
    value = message.get(attribute.XOR_MAPPED_ADDRESS)
    mapped = tuple(VECTORS[name]["mapped"])
    assert attribute.decode_xor_address(value, message.transaction_id) == mapped
    assert attribute.encode_xor_address(mapped, message.transaction_id) == value


def test_long_term_vector() -> None:
    about, message = VECTORS["rfc5769_2_4_long_term"], parse(vector("rfc5769_2_4_long_term"))
    key = long_term_key(about["username"], about["realm"], about["password"], attribute.MD5)
    assert message.is_by(key)
    assert message.get(attribute.USERNAME).decode() == about["username"]
    assert message.get(attribute.NONCE).decode() == about["nonce"]


def test_sha256_vector() -> None:
    about, message = VECTORS["rfc8489_b_1"], parse(vector("rfc8489_b_1"))
    key = long_term_key(about["username"], about["realm"], about["password"], attribute.SHA256)
    assert message.is_by(key)
    assert not message.is_by(long_term_key(about["username"], about["realm"], about["password"], attribute.MD5))
    assert message.get(attribute.USERHASH) == userhash(about["username"], about["realm"])
    assert attribute.decode_algorithm(message.get(attribute.PASSWORD_ALGORITHM)) == attribute.SHA256


def test_the_long_term_vectors_are_written_byte_for_byte() -> None:
    for name, sha256 in (("rfc5769_2_4_long_term", False), ("rfc8489_b_1", True)):
        about, message = VECTORS[name], parse(vector(name))
        key = long_term_key(about["username"], about["realm"], about["password"], 2 if sha256 else 1)
        writer = Writer(stun.BINDING, stun.REQUEST, message.transaction_id)
        for number, value in message.attributes:
            writer.add(number, value)
        assert writer.finish(key, sha256=sha256) == vector(name)


@given(
    method=st.integers(0, 0xFFF),
    kind=st.sampled_from([stun.REQUEST, stun.INDICATION, stun.SUCCESS, stun.ERROR]),
    attributes=st.lists(
        st.tuples(
            st.integers(0, 0xFFFF).filter(lambda number: number not in (8, 0x1C, 0x8028)), st.binary(max_size=40)
        ),
        max_size=8,
    ),
    key=st.sampled_from([b"", KEY]),
    sha256=st.booleans(),
    fingerprint=st.booleans(),
)
def test_what_is_written_is_read(method, kind, attributes, key, sha256, fingerprint) -> None:
    writer = Writer(method, kind, ID)
    for number, value in attributes:
        writer.add(number, value)
    data = writer.finish(key, sha256=sha256, fingerprint=fingerprint)
    message = parse(data)
    assert (message.method, message.kind, message.transaction_id) == (method, kind, ID)
    assert message.attributes == attributes
    assert message.fingerprint == fingerprint
    assert message.has_integrity == bool(key)
    assert message.is_by(KEY) == bool(key)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_malformed(data: bytes) -> None:
    parse_or_not(data)


@given(st.binary(max_size=120), st.integers(0, 0x3FFF))
def test_any_body_is_attributes_or_malformed(body: bytes, kind: int) -> None:
    body = body[: len(body) & ~3]
    head = kind.to_bytes(2, "big") + len(body).to_bytes(2, "big") + bytes.fromhex("2112a442") + ID
    message = parse_or_not(head + body)
    if message is not None:
        assert sum(4 + len(value) for _, value in message.attributes) <= len(body)
        message.not_understood()
        message.is_by(KEY)


def parse_or_not(data: bytes):
    try:
        return parse(data)
    except Malformed:
        return None


@given(st.integers(0, 163), st.integers(1, 255))
def test_no_changed_byte_passes_the_integrity(at: int, change: int) -> None:
    about, data = VECTORS["rfc8489_b_1"], bytearray(vector("rfc8489_b_1"))
    data[at] ^= change
    key = long_term_key(about["username"], about["realm"], about["password"], attribute.SHA256)
    message = parse_or_not(bytes(data))
    assert message is None or not message.is_by(key)


@given(st.integers(0, 107), st.integers(1, 255))
def test_no_changed_byte_passes_the_fingerprint(at: int, change: int) -> None:
    data = bytearray(vector("rfc5769_2_1_request"))
    data[at] ^= change
    message = parse_or_not(bytes(data))
    assert message is None or not message.fingerprint


@given(st.integers(0, 163))
def test_a_truncated_message_is_malformed(length: int) -> None:
    with pytest.raises(Malformed):
        parse(vector("rfc8489_b_1")[:length])


def test_attributes_after_the_integrity_do_not_count() -> None:
    sealed = Writer(stun.SEND, stun.REQUEST, ID).add(attribute.LIFETIME, bytes(4)).finish(KEY)
    smuggled = sealed + bytes.fromhex("00120004") + bytes(4)
    message = parse(smuggled[:2] + (len(smuggled) - 20).to_bytes(2, "big") + smuggled[4:])
    assert message.is_by(KEY)
    assert [number for number, _ in message.attributes] == [attribute.LIFETIME]


def test_the_stronger_integrity_counts() -> None:
    """A message with a good SHA-1 and a wrong SHA-256 integrity has been tampered with."""
    both = Writer(stun.BINDING, stun.REQUEST, ID)
    both.finish(KEY)
    both.finish(KEY, sha256=True)
    data = both.finish()
    assert parse(data).is_by(KEY)
    assert not parse(data[:-1] + bytes((data[-1] ^ 1,))).is_by(KEY)


def test_a_truncated_sha256_integrity() -> None:
    """RFC 8489 section 14.6: the first 16 bytes may do, fewer don't."""

    head = bytes.fromhex("000100142112a442") + ID
    digest = hmac.digest(KEY, head, "sha256")
    assert parse(head + bytes.fromhex("001c0010") + digest[:16]).is_by(KEY)
    short = bytes.fromhex("000100102112a442") + ID + bytes.fromhex("001c000c") + digest[:12]
    with pytest.raises(Malformed):
        parse(short)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(19),
        bytes.fromhex("0001000000000000") + ID,  # RFC 3489: no magic cookie
        bytes.fromhex("400100002112a442") + ID,  # a channel's first byte
        bytes.fromhex("000100022112a442") + ID + b"ab",
        bytes.fromhex("000100082112a442") + ID,
        bytes.fromhex("000100042112a442") + ID + bytes.fromhex("00060004"),
        bytes.fromhex("000100042112a442") + ID + bytes.fromhex("00080000"),
        bytes.fromhex("000100042112a442") + ID + bytes.fromhex("80280000"),
    ],
)
def test_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse(data)


def test_the_fingerprint_is_the_end() -> None:
    data = Writer(stun.BINDING, stun.REQUEST, ID).finish(fingerprint=True)
    longer = data[:2] + (12).to_bytes(2, "big") + data[4:] + bytes.fromhex("80220000")
    with pytest.raises(Malformed, match="FINGERPRINT"):
        parse(longer)


def test_too_many_attributes() -> None:
    writer = Writer(stun.BINDING, stun.REQUEST, ID)
    for _ in range(stun.MAX_ATTRIBUTES + 1):
        writer.add(attribute.SOFTWARE, b"")
    with pytest.raises(Malformed):
        parse(writer.finish())


def test_what_is_not_understood_is_listed_once() -> None:
    writer = Writer(stun.BINDING, stun.REQUEST, ID)
    for number in (0x0003, 0x7FFF, 0x0003, 0x8000, 0xFFFF, attribute.DATA):
        writer.add(number, b"")
    assert parse(writer.finish()).not_understood() == [0x0003, 0x7FFF]


def test_of_several_attributes_the_first_counts() -> None:
    message = parse(Writer(1, 0, ID).add(attribute.LIFETIME, b"1").add(attribute.LIFETIME, b"2").finish())
    assert message.get(attribute.LIFETIME) == b"1"
    assert message.all(attribute.LIFETIME) == [b"1", b"2"]
    assert message.get(attribute.DATA) is None


@given(st.binary(max_size=1500), st.sampled_from([("10.0.0.1", 9), ("2001:db8::1", 65535)]))
def test_data_indication(payload: bytes, peer) -> None:
    message = parse(stun.data_indication(peer, memoryview(payload), ID))
    assert (message.method, message.kind) == (stun.DATA, stun.INDICATION)
    assert message.get(attribute.DATA) == payload
    assert attribute.decode_xor_address(message.get(attribute.XOR_PEER_ADDRESS), ID) == peer


def test_a_packet_that_fits_into_no_indication() -> None:
    assert parse(stun.data_indication(("10.0.0.1", 9), bytes(65_507), ID))
    with pytest.raises(ValueError, match="fit"):
        stun.data_indication(("2001:db8::1", 9), bytes(65_508), ID)


def test_as_text() -> None:
    assert str(parse(vector("rfc5769_2_2_ipv4_response"))) == "Binding success b7e7a701bc34d686fa87dfae"


@pytest.mark.parametrize("method", stun.METHODS)
@pytest.mark.parametrize("kind", [stun.REQUEST, stun.INDICATION, stun.SUCCESS, stun.ERROR])
def test_indications_are_known_by_their_first_bytes(method: int, kind: int) -> None:
    assert stun.is_indication(stun.Writer(method, kind, bytes(12)).finish()) == (kind == stun.INDICATION)


def test_responses_have_their_requests_method_and_transaction() -> None:
    request = parse(Writer(stun.REFRESH, stun.REQUEST, ID).finish())
    granted, refused = parse(stun.success(request).finish()), parse(stun.error(request, 437).finish())
    assert {(answer.method, answer.transaction_id) for answer in (granted, refused)} == {(stun.REFRESH, ID)}
    assert (granted.kind, granted.attributes) == (stun.SUCCESS, [])
    assert refused.kind == stun.ERROR
    assert attribute.decode_error(refused.get(attribute.ERROR_CODE))[0] == 437
