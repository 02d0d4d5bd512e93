"""Datagrams in bursts, on real sockets: what goes in comes out, with both ways of sending."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from turn import udp
from turn.udp import HEADER, MAX_SEGMENTS, Post, address_of

pytestmark = pytest.mark.skipif(not udp.USABLE, reason="the calls are Linux's; test_plain.py has the others")

HOSTS = ("127.0.0.1", "::1")
WITHIN = 5.0


class Line:
    """A sender, the socket under test, and a receiver."""

    def __init__(self, host: str, stack: ExitStack) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sockets = [stack.enter_context(socket.socket(family, socket.SOCK_DGRAM)) for _ in range(3)]
        for each in sockets:
            each.bind((host, 0))
            each.settimeout(WITHIN)
        self.sender, self.middle, self.receiver = sockets
        self.post = Post()
        self.post.adopt(self.middle)
        self.headed = self.post.target(self.middle, self.receiver.getsockname()[:2], headed=True)
        self.stripped = self.post.target(self.middle, self.receiver.getsockname()[:2], headed=False)

    def send(self, data: bytes, segment: int = 0) -> None:
        ancillary = [(17, 103, segment.to_bytes(2, "little"))] if segment else []
        self.sender.sendmsg([data], ancillary, 0, self.middle.getsockname())

    def take(self, count: int) -> list[bytes]:
        return [self.receiver.recv(65_536) for _ in range(count)]


@pytest.fixture(params=HOSTS)
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    with ExitStack() as stack:
        yield Line(request.param, stack)


def test_a_datagram_with_its_source_and_length(line: Line) -> None:
    line.send(b"hello")
    ((offset, source, length, segment, tos),) = line.post.receive(line.middle.fileno())
    assert bytes(line.post.memory[offset : offset + length]) == b"hello"
    assert address_of(source) == line.sender.getsockname()[:2]
    assert (segment, tos) == (0, 0)
    assert not line.post.receive(line.middle.fileno())


def test_a_run_comes_in_one_piece_and_leaves_as_packets(line: Line) -> None:
    packets = [bytes([number]) * 100 for number in range(5)] + [b"last"]
    line.send(b"".join(packets), segment=100)
    ((offset, _, length, segment, tos),) = line.post.receive(line.middle.fileno())
    assert (length, segment) == (504, 100)
    assert line.post.send_headed(line.headed, offset, length, segment, (0x40010064, 0x40010004), tos) == 6
    heads = [b"\x40\x01\0\x64"] * 5 + [b"\x40\x01\0\x04"]
    assert line.take(6) == [head + packet for head, packet in zip(heads, packets, strict=True)]


@pytest.mark.parametrize("runs", [True, False])
def test_single_packets_leave_as_a_run(line: Line, runs: bool) -> None:
    line.post.runs = runs
    for number in range(4):
        line.send(bytes([number]) * (80 if number < 3 else 10))
    received = line.post.receive(line.middle.fileno())
    assert len(received) == 4
    assert line.post.send_run(line.stripped, [(offset, length) for offset, _, length, _, _ in received], 0) == 4
    assert line.take(4) == [bytes([number]) * (80 if number < 3 else 10) for number in range(4)]


@pytest.mark.parametrize("first", [True, False])
def test_one_datagram_gets_a_header_or_loses_one(line: Line, first: bool) -> None:
    line.send(b"\x40\x01\0\x05hello")
    ((offset, _, length, _, _),) = line.post.receive(line.middle.fileno())
    line.post.memory[offset - HEADER : offset] = b"head"
    if first:
        assert line.post.send_first(line.headed, length + HEADER)
        assert line.post.send_first(line.stripped, length - HEADER)
    else:
        assert line.post.send(line.headed, offset - HEADER, length + HEADER, 0)
        assert line.post.send(line.stripped, offset + HEADER, length - HEADER, 0)
    assert line.take(2) == [b"head\x40\x01\0\x05hello", b"hello"]


@pytest.mark.parametrize("segment", [0, 40])
def test_the_tos_is_kept(line: Line, segment: int) -> None:
    expedited = 0xB8
    if line.sender.family == socket.AF_INET:
        line.sender.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, expedited)
        line.receiver.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    else:
        line.sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, expedited)
        line.receiver.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
    line.send(bytes(80), segment)
    ((offset, _, length, _, tos),) = line.post.receive(line.middle.fileno())
    assert tos == expedited
    if segment:
        assert line.post.send_headed(line.headed, offset, length, segment, (1, 2), tos) == 2
    else:
        assert line.post.send(line.headed, offset, length, tos) == 1
    _, ancillary, _, _ = line.receiver.recvmsg(2000, 100)
    assert [data[0] for _, _, data in ancillary] == [expedited]


def test_a_message_goes_out_after_one_with_another_tos(line: Line) -> None:
    line.send(bytes(80), 40)
    ((offset, _, length, segment, _),) = line.post.receive(line.middle.fileno())
    assert line.post.send_headed(line.headed, offset, length, segment, (1, 2), 0x20) == 2
    assert line.post.send_headed(line.headed, offset, length, segment, (3, 4), 0) == 2
    assert [packet[3] for packet in line.take(4)] == [1, 2, 3, 4]


def test_more_datagrams_than_a_run_may_have(line: Line) -> None:
    line.send(bytes(range(250)))
    ((offset, _, _, _, _),) = line.post.receive(line.middle.fileno())
    places = [(offset + place, 1) for place in range(MAX_SEGMENTS + 20)]
    assert line.post.send_run(line.stripped, places, 0) == len(places)
    assert line.take(len(places)) == [bytes([place]) for place in range(len(places))]


def test_what_the_kernel_does_not_want_is_counted_out(line: Line) -> None:
    nowhere = line.post.target(line.middle, ("127.0.0.1" if line.headed.ipv4 else "::1", 0), headed=False)
    assert line.post.send(nowhere, 8, 5, 0) == 0
    assert line.post.send_first(nowhere, 5) == 0
    assert line.post.send_run(nowhere, [(8, 5), (13, 5)], 0) == 0


@pytest.fixture(scope="module")
def shared() -> Iterator[Line]:
    with ExitStack() as stack:
        yield Line("127.0.0.1", stack)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    segment=st.integers(1, 1400), count=st.integers(1, 40), last=st.integers(1, 1400), runs=st.booleans()
)  # fmt: skip
def test_any_run_is_taken_apart_as_it_was_put_together(
    shared: Line, segment: int, count: int, last: int, runs: bool
) -> None:
    post = shared.post
    post.runs = runs
    packets = [bytes([number % 251]) * segment for number in range(count)] + [b"z" * min(last, segment)]
    shared.send(b"".join(packets), segment)
    taken: list[bytes] = []
    while len(taken) < len(packets):  # without GRO they come one by one
        for offset, _, length, found, tos in post.receive(shared.middle.fileno()):
            if found and length > found:
                remainder = length - (-(-length // found) - 1) * found
                sent = post.send_headed(shared.headed, offset, length, found, (found, remainder), tos)
            else:
                post.memory[offset - HEADER : offset] = length.to_bytes(HEADER, "big")
                sent = post.send(shared.headed, offset - HEADER, length + HEADER, tos)
            taken += shared.take(sent)
    assert taken == [len(packet).to_bytes(HEADER, "big") + packet for packet in packets]
