"""Relay ports: in range, even where asked for, and given back."""

import errno
import socket

import pytest

from tests.turn.live_gateway import HOST, Peer
from turn.gateway.ports import SWEEP, TRIES, RelayPorts, address_of, bind_udp, routed_address
from turn.wire.attributes import IPV4, IPV6


def free_pair() -> int:
    """An even port that is free together with the next."""
    while True:
        with Peer() as peer:
            port = peer.address[1] & ~1
        for each in (port, port + 1):
            sock = bind_udp(HOST, each)
            if sock is None:
                break
            sock.close()
        else:
            return port


def test_a_port_of_the_range_until_there_is_none() -> None:
    first = free_pair()
    ports = RelayPorts({IPV4: HOST}, first, first + 1)
    opened = [ports.open(IPV4), ports.open(IPV4)]
    try:
        assert {address_of(sock) for sock in opened if sock} == {(HOST, first), (HOST, first + 1)}
        assert ports.open(IPV4) is None
    finally:
        for sock in opened:
            if sock:
                sock.close()


def test_a_full_range_is_given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """All clients' packets wait for that."""
    tried: list[int] = []
    monkeypatch.setattr("turn.gateway.ports.bind_udp", lambda host, port: tried.append(port))
    assert RelayPorts({IPV4: HOST}).open(IPV4) is None
    assert len(tried) == TRIES + SWEEP
    tried.clear()
    assert RelayPorts({IPV4: HOST}, 50_000, 50_000 + SWEEP - 1).open(IPV4) is None
    assert set(tried) == set(range(50_000, 50_000 + SWEEP))


def test_an_even_port_with_the_next_one_held() -> None:
    first = free_pair()
    ports = RelayPorts({IPV4: HOST}, first, first + 1)
    sock = ports.open(IPV4, even=True, hold=b"token")
    assert sock is not None
    with sock:
        assert address_of(sock) == (HOST, first)
        assert ports.open(IPV4) is None
        held = ports.take(b"token")
        assert held is not None
        with held:
            assert address_of(held) == (HOST, first + 1)
        assert ports.take(b"token") is None


def test_no_pair_no_port() -> None:
    first = free_pair()
    ports = RelayPorts({IPV4: HOST}, first, first)
    assert ports.open(IPV4, even=True, hold=b"token") is None
    sock = ports.open(IPV4)
    assert sock is not None
    sock.close()


def test_what_is_dropped_is_free_again() -> None:
    first = free_pair()
    ports = RelayPorts({IPV4: HOST}, first, first + 1)
    sock = ports.open(IPV4, hold=b"token")
    assert sock is not None
    sock.close()
    ports.drop(b"token")
    ports.drop(b"token")
    again = ports.open(IPV4, hold=b"other")
    assert again is not None
    again.close()
    ports.close()
    last = bind_udp(HOST, first + 1)
    assert last is not None
    last.close()


def test_families_that_are_not_there_have_no_ports() -> None:
    ports = RelayPorts({IPV4: HOST})
    assert ports.families == {IPV4}
    assert ports.open(IPV6) is None


def test_an_address_of_another_machine_is_an_error() -> None:
    with pytest.raises(OSError, check=lambda error: error.errno == errno.EADDRNOTAVAIL):
        RelayPorts({IPV4: "192.0.2.1"}).open(IPV4)


def test_the_routed_address_is_one_of_this_machine() -> None:
    host = routed_address(IPV4)
    if host is not None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((host, 0))
