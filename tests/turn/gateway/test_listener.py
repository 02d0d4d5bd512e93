"""The base of all listeners, and the limit of connections."""

import socket

from hypothesis import given
from hypothesis import strategies as st

from tests.turn.live_gateway import HOST
from turn.gateway.listener import ConnectionLimit, ConnectionListener, Listener


class UdpLike(Listener):
    """A listener that never has a client."""

    @property
    def connections(self) -> int:
        return 0

    def start(self) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


class TcpLike(UdpLike, ConnectionListener):
    """A listener with connections that never has one."""


def test_a_listener_is_called_by_its_protocol_and_address() -> None:
    for family, host in ((socket.AF_INET, HOST), (socket.AF_INET6, "::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.bind((host, 0))
            listener = UdpLike("udp", sock)
            assert listener.address == sock.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            assert listener.name == f"udp:{shown}:{listener.address[1]}"
            assert (listener.traffic.packets_in, listener.traffic.packets_out) == (0, 0)


def test_a_listener_with_connections_makes_its_socket_nonblocking() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        limit = ConnectionLimit(1, idle_seconds=5)
        listener = TcpLike("tls", sock, lambda data, client, now: None, lambda client: None, limit)
        assert not sock.getblocking()
        assert (listener.limit, listener.accepted) == (limit, 0)


@given(st.integers(0, 3), st.lists(st.booleans(), max_size=20))
def test_never_more_connections_than_the_maximum(maximum: int, arrivals: list[bool]) -> None:
    """Connections come (True) and go in any order; each that does not fit is counted."""
    limit = ConnectionLimit(maximum, idle_seconds=5)
    taken = refused = 0
    for comes in arrivals:
        if comes and limit.acquire():
            taken += 1
        elif comes:
            refused += 1
        elif taken:
            limit.release()
            taken -= 1
        assert limit.taken == taken <= maximum
        assert limit.refused == refused
