"""The compiled way, on real sockets: what goes in comes out, in both directions, and what nobody knows is kept."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.turn.datapath.loopback import CHANNEL, HOSTS, Line, headed
from turn.datapath.datagram import address_of
from turn.relay.token_bucket import Bucket


@pytest.fixture(params=HOSTS)
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    with ExitStack() as stack:
        yield Line(request.param, stack)


def test_a_peers_packet_gets_the_channels_header(line: Line) -> None:
    line.as_relay()
    for payload in (b"", b"1", b"hello", bytes(1200), bytes(9000)):
        line.send(payload)
        assert line.receive(1) == [headed(payload)]
    assert line.counts == [5, 10_206, 0, 0, 0, 0]
    assert not line.taken


def test_a_clients_channel_data_loses_its_header(line: Line) -> None:
    line.as_listener()
    for payload in (b"", b"1", b"hello", bytes(1200), bytes(9000)):
        line.send(headed(payload))
        assert line.receive(1) == [payload]
    assert line.counts == [0, 0, 5, 10_206, 0, 0]


def test_padding_behind_channel_data_is_no_payload(line: Line) -> None:
    line.as_listener().send(headed(b"12345") + b"pad")
    assert line.receive(1) == [b"12345"]


def test_what_no_flow_is_known_for_is_handed_over(line: Line) -> None:
    line.as_relay(flow=False).send(b"hello")
    assert line.nothing_comes()
    ((data, received),) = line.taken
    assert (data, received.length, received.segment, received.tos) == (b"hello", 5, 0, 0)
    assert address_of(received.source) == line.sender.getsockname()[:2]


@pytest.mark.parametrize(
    "message",
    [
        b"\0\1\0\0" + bytes(16),
        headed(b"other", CHANNEL + 1),
        b"\x40\x01\0\x09short",
        b"\x40",
        b"\x40\x01\0",
        b"\xff" * 8,
    ],
)
def test_of_what_clients_send_all_but_known_channel_data_is_handed_over(line: Line, message: bytes) -> None:
    line.as_listener().send(message)
    assert line.nothing_comes()
    assert [data for data, _ in line.taken] == [message]


def test_a_flow_ends_in_time(line: Line) -> None:
    line.as_relay(until=1.0).send(b"late")
    assert line.nothing_comes()
    assert [data for data, _ in line.taken] == [b"late"]


def test_a_burst_from_a_peer(line: Line) -> None:
    packets = [bytes([number]) * 100 for number in range(12)] + [b"last"]
    line.as_relay().send(b"".join(packets), segment=100)
    assert line.receive(13) == [headed(packet) for packet in packets]
    assert line.counts == [13, 1204, 0, 0, 0, 0]


def test_a_burst_of_two_channels_and_of_stun(line: Line) -> None:
    line.as_listener()
    known, other, stun = headed(b"known"), headed(b"other", CHANNEL + 1), b"\0\1\0\0stun!"
    line.send(known + known + other + stun + known, segment=9)
    assert line.receive(3) == [b"known"] * 3
    assert [data for data, _ in line.taken] == [other, stun]


def test_packets_of_a_socket_that_come_one_by_one(line: Line) -> None:
    line.as_relay()
    packets = [bytes([number]) * size for number, size in enumerate((80, 80, 80, 10, 80, 90, 0, 3, 3, 0, 0, 5))]
    for packet in packets:
        line.send(packet)
    assert line.receive(len(packets)) == [headed(packet) for packet in packets]


def test_over_the_rate_nothing_passes(line: Line) -> None:
    line.as_relay()
    bucket = Bucket(0.001, 1000, 0.0)
    bucket.move(line.path.bucket(line.leg, 0))
    line.send(bytes(900))
    assert line.receive(1) == [headed(bytes(900))]
    line.send(bytes(300), segment=100)
    assert line.nothing_comes()
    assert line.counts == [1, 900, 0, 0, 0, 3]
    assert not bucket.take(150, time.monotonic())  # compiled code has taken from the same bucket


@pytest.fixture(scope="module")
def ways() -> Iterator[tuple[Line, Line]]:
    with ExitStack() as stack:
        yield Line("127.0.0.1", stack).as_relay(), Line("127.0.0.1", stack).as_listener()


@settings(max_examples=60, deadline=None)
@given(segment=st.integers(1, 1400), count=st.integers(0, 44), last=st.integers(1, 1400), single=st.booleans())
def test_any_run_is_taken_apart_as_it_was_put_together(
    ways: tuple[Line, Line], segment: int, count: int, last: int, single: bool
) -> None:
    packets = [bytes([number % 251]) * segment for number in range(count)] + [b"z" * min(last, segment)]
    for line, before, after in ((ways[0], bytes, headed), (ways[1], headed, bytes)):
        sent = [before(packet) for packet in packets]
        for message in sent if single else [b"".join(sent)]:
            line.send(message, 0 if single else len(before(bytes(segment))))
        assert line.receive(len(packets)) == [after(packet) for packet in packets]


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=2000), segment=st.integers(0, 200))
def test_no_message_of_a_client_does_harm(ways: tuple[Line, Line], data: bytes, segment: int) -> None:
    line = ways[1]
    line.send(data, segment if data and len(data) <= 60 * segment else 0)
    line.serve()
    line.send(headed(b"still here"))
    assert b"still here" in line.receive(1000, last=b"still here")
