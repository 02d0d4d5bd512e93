"""Values of attributes: there and back, and refused when they are none."""

import contextlib
import socket
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.wire import attributes as attribute
from turn.wire.errors import Malformed

ID = bytes(range(12))

ports = st.integers(0, 65535)
ipv4 = st.integers(0, 2**32 - 1).map(lambda number: str(IPv4Address(number)))
ipv6 = st.integers(0, 2**128 - 1).map(IPv6Address).filter(lambda host: not host.ipv4_mapped).map(str)


@given(st.one_of(ipv4, ipv6), ports, st.binary(min_size=12, max_size=12))
def test_addresses_there_and_back(host: str, port: int, transaction_id: bytes) -> None:
    value = attribute.encode_xor_address((host, port), transaction_id)
    assert attribute.decode_xor_address(value, transaction_id) == (host, port)
    assert attribute.family_of(host) == value[1]


@given(st.binary(min_size=16, max_size=16).filter(lambda packed: packed[:12] != bytes(12)), ports)
def test_hosts_are_written_as_the_kernel_writes_them(packed: bytes, port: int) -> None:
    """The data path looks peers up by what ``recvfrom`` reports. (The kernel is alone in writing ::/96 with dots.)"""
    host, _ = attribute.decode_xor_address(attribute.encode_xor_address((str(IPv6Address(packed)), port), ID), ID)
    kernels = socket.inet_ntop(socket.AF_INET6, packed)
    assert host == kernels.removeprefix("::ffff:") if "." in kernels else host == kernels


def test_mapped_addresses_come_out_as_ipv4() -> None:
    packed = IPv6Address("::ffff:127.0.0.1").packed
    mask = attribute.MAGIC_COOKIE.to_bytes(4, "big") + ID
    value = b"\0\2\0\0" + bytes(a ^ b for a, b in zip(packed, mask, strict=True))
    assert attribute.decode_xor_address(value, ID)[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "plain", "family"),
    [
        ("192.0.2.1", "192.0.2.1", attribute.IPV4),
        ("::ffff:192.0.2.1", "192.0.2.1", attribute.IPV4),
        ("::FFFF:c000:201", "192.0.2.1", attribute.IPV4),
        ("fe80::1%eth0", "fe80::1", attribute.IPV6),
        ("2001:DB8:0::1", "2001:db8::1", attribute.IPV6),
    ],
)
def test_plain_hosts(host: str, plain: str, family: int) -> None:
    assert attribute.plain_host(host) == plain
    assert attribute.family_of(plain) == family
    assert attribute.encode_xor_address((host, 1), ID) == attribute.encode_xor_address((plain, 1), ID)
    assert attribute.encode_xor_address((host, 1), ID)[1] == family


def test_addresses_as_people_write_them() -> None:
    assert attribute.text_of(("10.0.0.1", 9000)) == "10.0.0.1:9000"
    assert attribute.text_of(("fd00::1", 9000)) == "[fd00::1]:9000"


@given(st.binary(max_size=24))
def test_any_value_is_decoded_or_malformed(value: bytes) -> None:
    for decode in (
        lambda: attribute.decode_xor_address(value, ID),
        lambda: attribute.decode_number(value),
        lambda: attribute.decode_family(value),
        lambda: attribute.decode_transport(value),
        lambda: attribute.decode_channel(value),
        lambda: attribute.decode_even_port(value),
        lambda: attribute.decode_algorithm(value),
        lambda: attribute.decode_error(value),
        lambda: attribute.decode_text(value, 16),
    ):
        with contextlib.suppress(Malformed):
            decode()


@given(st.sampled_from([400, 401, 438, 508]), st.text(max_size=20))
def test_errors_there_and_back(code: int, reason: str) -> None:
    assert attribute.decode_error(attribute.encode_error(code, reason)) == (code, reason)


@given(st.integers(0, 2**32 - 1))
def test_numbers_there_and_back(number: int) -> None:
    assert attribute.decode_number(attribute.encode_number(number)) == number


def test_small_values() -> None:
    assert attribute.decode_even_port(b"\x80") is True
    assert attribute.decode_even_port(b"\x7f") is False
    assert attribute.decode_channel(b"\x40\x01\xff\xff") == 0x4001
    assert attribute.encode_unknown([3, 0x7FFF]) == bytes.fromhex("00037fff")
    assert attribute.encode_algorithms((2, 1)) == bytes.fromhex("0002000000010000")
    assert attribute.encode_address_error(attribute.IPV6, 440, "no") == bytes.fromhex("02000428") + b"no"


def test_texts() -> None:
    assert attribute.decode_text("マ".encode(), 3) == "マ"
    with pytest.raises(Malformed, match="4 bytes"):
        attribute.decode_text(b"abcd", 3)
    with pytest.raises(Malformed, match="UTF-8"):
        attribute.decode_text(b"\xff", 3)
