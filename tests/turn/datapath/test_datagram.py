"""Addresses as the kernel writes them, and single datagrams on real sockets."""

import socket
import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.datapath.datagram import Received, Way, address_of, send, sockaddr, source_at, source_of

HOSTS = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}
ports = st.integers(0, 65_535)


@given(st.ip_addresses(), ports)
def test_an_address_is_the_same_after_both_ways(host: object, port: int) -> None:
    found = address_of(source_at((str(host), port)))
    assert (ip_address(found[0]), found[1]) == (host, port)


@given(st.binary(min_size=32, max_size=32))
def test_any_name_gives_a_source_that_fits_into_words(name: bytes) -> None:
    source = source_of(struct.unpack("=4q", name))
    assert struct.unpack("=3q", struct.pack("=3q", *source)) == source


def test_the_scope_of_a_link_local_address_tells_sources_apart() -> None:
    index, name = socket.if_nameindex()[0]
    scoped, plain = source_at((f"fe80::1%{name}", 5)), source_at(("fe80::1", 5))
    assert scoped != plain
    assert (scoped[0] >> 32, plain[0] >> 32) == (index, 0)
    assert address_of(scoped) == address_of(plain) == ("fe80::1", 5)
    assert len(sockaddr(("fe80::1", 5))) == 28


def test_the_flow_information_does_not() -> None:
    first, second, third, scope = struct.unpack("=4q", sockaddr(("2001:db8::1", 5)).ljust(32, b"\0"))
    assert source_of((first | 7 << 32, second, third, scope)) == source_at(("2001:db8::1", 5))


def test_where_datagrams_lie() -> None:
    def places(offset: int, length: int, segment: int) -> list[tuple[int, int]]:
        return Received(offset, length, segment, 0, (0, 0, 0)).places

    assert places(8, 100, 0) == [(8, 100)]
    assert places(8, 0, 0) == [(8, 0)]
    assert places(8, 100, 100) == [(8, 100)]
    assert places(8, 250, 100) == [(8, 100), (108, 100), (208, 50)]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("tos", [0, 0xB8])
def test_a_datagram_is_sent_with_its_tos(host: str, tos: int) -> None:
    with socket.socket(HOSTS[host], socket.SOCK_DGRAM) as one, socket.socket(HOSTS[host], socket.SOCK_DGRAM) as two:
        two.bind((host, 0))
        two.settimeout(5)
        if HOSTS[host] == socket.AF_INET:
            two.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        else:
            two.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
        assert send(Way(one, two.getsockname()[:2]), (b"head", memoryview(b"body")), tos)
        data, ancillary, _, _ = two.recvmsg(100, 100)
        assert data == b"headbody"
        assert [mark[0] for _, _, mark in ancillary] == [tos]


def test_what_the_kernel_does_not_want_is_said() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        assert not send(Way(sock, ("127.0.0.1", 0)), (b"data",))
        assert not send(Way(sock, ("127.0.0.1", 9)), (bytes(70_000),))
