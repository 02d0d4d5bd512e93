"""The same datagrams by Python's own sockets."""

import socket

import pytest

from turn import plain, udp
from turn.udp import HEADER, HEADROOM, address_of

HOSTS = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


@pytest.mark.parametrize("host", HOSTS)
def test_a_datagram_comes_and_goes(host: str) -> None:
    post = plain.Post()
    with socket.socket(HOSTS[host], socket.SOCK_DGRAM) as one, socket.socket(HOSTS[host], socket.SOCK_DGRAM) as two:
        one.bind((host, 0))
        two.bind((host, 0))
        post.adopt(one)
        assert post.receive(one.fileno()) == ()
        two.sendto(b"\x40\x01\0\x05hello", one.getsockname())
        ((offset, source, length, segment, tos),) = post.receive(one.fileno())
        assert (offset, length, segment, tos) == (HEADROOM, 9, 0, 0)
        assert address_of(source) == two.getsockname()[:2]
        post.memory[offset - HEADER : offset] = b"head"
        two.settimeout(5)
        assert post.send_first(post.target(one, address_of(source), headed=True), length + HEADER) == 1
        assert post.send_first(post.target(one, address_of(source), headed=False), length - HEADER) == 1
        assert post.send_run(post.target(one, address_of(source), headed=False), [(offset, 2), (offset, 1)], 0) == 2
        assert [two.recv(100) for _ in range(4)] == [b"head\x40\x01\0\x05hello", b"hello", b"\x40\x01", b"\x40"]
        post.disown(one)


def test_what_can_not_be_sent_is_counted_out() -> None:
    post = plain.Post()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        post.adopt(sock)
        assert post.send(post.target(sock, ("127.0.0.1", 0), headed=True), HEADROOM, 5, 0) == 0


def test_the_best_one_is_chosen() -> None:
    assert isinstance(plain.post(), udp.Post if udp.USABLE else plain.Post)
