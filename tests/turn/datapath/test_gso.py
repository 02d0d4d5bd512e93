"""How datagrams leave: as few calls as the kernel allows, each with its TOS, and one by one if it must be."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.turn.datapath.loopback import HOSTS, Loopback, headed
from turn.datapath.datagram import Counts, Destination
from turn.datapath.linux import MAX_SEGMENTS

EXPEDITED = 0xB8
TOS_OF = {
    socket.AF_INET: (socket.IPPROTO_IP, socket.IP_TOS),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_TCLASS),
}
SO_NO_CHECK = 11


@pytest.fixture(params=HOSTS)
def loopback(request: pytest.FixtureRequest) -> Iterator[Loopback]:
    with ExitStack() as stack:
        yield Loopback(request.param, stack)


@pytest.mark.parametrize("segment", [0, 40])
def test_the_tos_is_kept(loopback: Loopback, segment: int) -> None:
    loopback.as_relayed()
    loopback.sender.setsockopt(*TOS_OF[loopback.sender.family], EXPEDITED)
    if loopback.host == "127.0.0.1":
        loopback.receiver.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    else:
        loopback.receiver.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
    loopback.send(bytes(80), segment)
    loopback.serve()
    for _ in range(2 if segment else 1):
        _, ancillary, _, _ = loopback.receiver.recvmsg(2000, 100)
        assert [mark[0] for _, _, mark in ancillary] == [EXPEDITED]


def test_packets_with_another_tos_are_another_batch(loopback: Loopback) -> None:
    loopback.as_relayed()
    level, option = TOS_OF[loopback.middle.family]
    for number in range(6):
        loopback.sender.setsockopt(level, option, EXPEDITED if number in (2, 3) else 0)
        loopback.send(bytes([number]) * 50)
    assert loopback.receive(6) == [headed(bytes([number]) * 50) for number in range(6)]


def test_more_datagrams_than_a_batch_may_have(loopback: Loopback) -> None:
    """With their headers they are longer than they came: what was one message leaves as two."""
    loopback.as_relayed()
    packets = [bytes([number]) * 1015 for number in range(MAX_SEGMENTS)]
    loopback.send(b"".join(packets), segment=1015)
    assert loopback.receive(MAX_SEGMENTS) == [headed(packet) for packet in packets]


def test_a_batch_that_the_kernel_does_not_want_goes_one_by_one(loopback: Loopback) -> None:
    """Without checksums there is no GSO."""
    loopback.middle.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    loopback.as_relayed()
    packets = [bytes([number]) * 100 for number in range(8)] + [b"last"]
    loopback.send(b"".join(packets), segment=100)
    assert loopback.receive(9) == [headed(packet) for packet in packets]
    for packet in packets:
        loopback.send(packet)
    assert loopback.receive(9) == [headed(packet) for packet in packets]
    assert loopback.counts == [18, 1608, 0, 0, 0, 0]


def test_what_can_not_be_sent_is_counted(loopback: Loopback) -> None:
    loopback.destination = Destination(loopback.middle, (loopback.host, 0))
    loopback.as_relayed()
    loopback.send(bytes(100))
    loopback.send(bytes(300), segment=100)
    loopback.serve()
    assert Counts(*loopback.counts).no_room == 4
