"""What the data path asks of a socket. How structures lie in memory, every test on sockets of test_forward.py tells."""

import socket

import pytest

from turn.datapath.linux import USABLE, adopt

pytestmark = pytest.mark.skipif(not USABLE, reason="the structures are Linux's; test_plain.py has the other way")


def test_a_socket_is_made_to_tell() -> None:
    with (
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as four,
    ):
        for sock in (six, four):
            adopt(sock)
            assert not sock.getblocking()
        assert four.getsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS)
        assert six.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS)
