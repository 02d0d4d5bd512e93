"""How datagrams leave: as few calls as the kernel allows, each with its TOS, and one by one if it must be."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.turn.datapath.loopback import HOSTS, Line, headed
from turn.datapath.datagram import Way
from turn.datapath.gso import NO_ROOM
from turn.datapath.linux import MAX_SEGMENTS

EXPEDITED = 0xB8
SO_NO_CHECK = 11


@pytest.fixture(params=HOSTS)
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    with ExitStack() as stack:
        yield Line(request.param, stack)


@pytest.mark.parametrize("segment", [0, 40])
def test_the_tos_is_kept(line: Line, segment: int) -> None:
    line.as_relay()
    if line.host == "127.0.0.1":
        line.sender.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, EXPEDITED)
        line.receiver.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    else:
        line.sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, EXPEDITED)
        line.receiver.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
    line.send(bytes(80), segment)
    line.serve()
    for _ in range(2 if segment else 1):
        _, ancillary, _, _ = line.receiver.recvmsg(2000, 100)
        assert [mark[0] for _, _, mark in ancillary] == [EXPEDITED]


def test_packets_with_another_tos_are_another_run(line: Line) -> None:
    line.as_relay()
    level, option = (
        (socket.IPPROTO_IP, socket.IP_TOS) if line.host == "127.0.0.1" else (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)
    )
    for number in range(6):
        line.sender.setsockopt(level, option, EXPEDITED if number in (2, 3) else 0)
        line.send(bytes([number]) * 50)
    assert line.receive(6) == [headed(bytes([number]) * 50) for number in range(6)]


def test_more_datagrams_than_a_run_may_have(line: Line) -> None:
    """With their headers they are longer than they came: what was one message leaves as two."""
    line.as_relay()
    packets = [bytes([number]) * 1015 for number in range(MAX_SEGMENTS)]
    line.send(b"".join(packets), segment=1015)
    assert line.receive(MAX_SEGMENTS) == [headed(packet) for packet in packets]


def test_a_run_that_the_kernel_does_not_want_goes_one_by_one(line: Line) -> None:
    """Without checksums there is no GSO."""
    line.middle.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    line.as_relay()
    packets = [bytes([number]) * 100 for number in range(8)] + [b"last"]
    line.send(b"".join(packets), segment=100)
    assert line.receive(9) == [headed(packet) for packet in packets]
    for packet in packets:
        line.send(packet)
    assert line.receive(9) == [headed(packet) for packet in packets]
    assert line.counts == [18, 1608, 0, 0, 0, 0]


def test_what_can_not_be_sent_is_counted(line: Line) -> None:
    line.way = Way(line.middle, (line.host, 0))
    line.as_relay()
    line.send(bytes(100))
    line.send(bytes(300), segment=100)
    line.serve()
    assert line.counts[NO_ROOM] == 4
