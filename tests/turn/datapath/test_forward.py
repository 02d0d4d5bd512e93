"""The compiled path, on real sockets: datagrams are forwarded in both directions, and handed over without a flow."""

import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.turn.datapath.loopback import CHANNEL, HOSTS, Loopback, headed
from turn.datapath.datagram import address_of, sockaddr, source_at
from turn.datapath.forward import source_of
from turn.datapath.interface import Direction
from turn.datapath.jit import compiled
from turn.datapath.linux import SOCKADDR_IN6
from turn.datapath.pointers import record_at
from turn.relay.token_bucket import TokenBucket


@compiled
def source_in(address: int) -> tuple[int, int, int]:
    """Return the source that compiled code reads from a sockaddr at an address."""
    return source_of(record_at(address, SOCKADDR_IN6))


def source_from(name: bytes) -> tuple[int, int, int]:
    """Return the source that compiled code reads from a sockaddr."""
    room = np.frombuffer(name.ljust(SOCKADDR_IN6.itemsize, b"\0"), np.uint8)
    return source_in(room.ctypes.data)


@given(st.ip_addresses(), st.integers(0, 65_535))
def test_compiled_code_and_python_agree_on_sources(host: object, port: int) -> None:
    address = (str(host), port)
    assert source_from(sockaddr(address)) == source_at(address)


@given(st.binary(min_size=32, max_size=32))
def test_any_name_gives_a_source_that_fits_into_words(name: bytes) -> None:
    source = source_from(name)
    assert struct.unpack("=3q", struct.pack("=3q", *source)) == source


def test_flow_information_does_not_tell_sources_apart() -> None:
    name = sockaddr(("2001:db8::1", 5))
    assert source_from(name[:4] + b"\7\7\7\7" + name[8:]) == source_at(("2001:db8::1", 5))


@pytest.fixture(params=HOSTS)
def loopback(request: pytest.FixtureRequest) -> Iterator[Loopback]:
    with ExitStack() as stack:
        yield Loopback(request.param, stack)


def test_a_peers_packet_gets_the_channels_header(loopback: Loopback) -> None:
    loopback.as_relayed()
    for payload in (b"", b"1", b"hello", bytes(1200), bytes(9000)):
        loopback.send(payload)
        assert loopback.receive(1) == [headed(payload)]
    assert loopback.counts == [5, 10_206, 0, 0, 0, 0]
    assert not loopback.handed_over


def test_a_clients_channel_data_loses_its_header(loopback: Loopback) -> None:
    loopback.as_listener()
    for payload in (b"", b"1", b"hello", bytes(1200), bytes(9000)):
        loopback.send(headed(payload))
        assert loopback.receive(1) == [payload]
    assert loopback.counts == [0, 0, 5, 10_206, 0, 0]


def test_padding_behind_channel_data_is_no_payload(loopback: Loopback) -> None:
    loopback.as_listener().send(headed(b"12345") + b"pad")
    assert loopback.receive(1) == [b"12345"]


def test_what_no_flow_is_known_for_is_handed_over(loopback: Loopback) -> None:
    loopback.as_relayed(flow=False).send(b"hello")
    assert loopback.receives_nothing()
    ((data, received),) = loopback.handed_over
    assert (data, received.length, received.segment, received.tos) == (b"hello", 5, 0, 0)
    assert address_of(received.source) == loopback.sender.getsockname()[:2]


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
def test_of_what_clients_send_all_but_known_channel_data_is_handed_over(loopback: Loopback, message: bytes) -> None:
    loopback.as_listener().send(message)
    assert loopback.receives_nothing()
    assert [data for data, _ in loopback.handed_over] == [message]


def test_a_flow_ends_in_time(loopback: Loopback) -> None:
    loopback.as_relayed(until=1.0).send(b"late")
    assert loopback.receives_nothing()
    assert [data for data, _ in loopback.handed_over] == [b"late"]


def test_a_burst_from_a_peer(loopback: Loopback) -> None:
    packets = [bytes([number]) * 100 for number in range(12)] + [b"last"]
    loopback.as_relayed().send(b"".join(packets), segment=100)
    assert loopback.receive(13) == [headed(packet) for packet in packets]
    assert loopback.counts == [13, 1204, 0, 0, 0, 0]


def test_a_burst_of_two_channels_and_of_stun(loopback: Loopback) -> None:
    loopback.as_listener()
    known, other, stun = headed(b"known"), headed(b"other", CHANNEL + 1), b"\0\1\0\0stun!"
    loopback.send(known + known + other + stun + known, segment=9)
    assert loopback.receive(3) == [b"known"] * 3
    assert [data for data, _ in loopback.handed_over] == [other, stun]


def test_packets_of_a_socket_that_come_one_by_one(loopback: Loopback) -> None:
    loopback.as_relayed()
    packets = [bytes([number]) * size for number, size in enumerate((80, 80, 80, 10, 80, 90, 0, 3, 3, 0, 0, 5))]
    for packet in packets:
        loopback.send(packet)
    assert loopback.receive(len(packets)) == [headed(packet) for packet in packets]


def test_over_the_rate_nothing_passes(loopback: Loopback) -> None:
    loopback.as_relayed()
    bucket = TokenBucket(0.001, 1000, 0.0)
    bucket.move_to(loopback.path.bucket(loopback.relayed, Direction.TO_CLIENT))
    loopback.send(bytes(900))
    assert loopback.receive(1) == [headed(bytes(900))]
    loopback.send(bytes(300), segment=100)
    assert loopback.receives_nothing()
    assert loopback.counts == [1, 900, 0, 0, 0, 3]
    assert not bucket.consume(150, time.monotonic())  # compiled code has taken from the same bucket


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Loopback, Loopback]]:
    with ExitStack() as stack:
        yield Loopback("127.0.0.1", stack).as_relayed(), Loopback("127.0.0.1", stack).as_listener()


@settings(max_examples=60, deadline=None)
@given(segment=st.integers(1, 1400), count=st.integers(0, 44), last=st.integers(1, 1400), single=st.booleans())
def test_any_batch_is_taken_apart_as_it_was_put_together(
    both: tuple[Loopback, Loopback], segment: int, count: int, last: int, single: bool
) -> None:
    packets = [bytes([number % 251]) * segment for number in range(count)] + [b"z" * min(last, segment)]
    for loopback, before, after in ((both[0], bytes, headed), (both[1], headed, bytes)):
        sent = [before(packet) for packet in packets]
        for message in sent if single else [b"".join(sent)]:
            loopback.send(message, 0 if single else len(before(bytes(segment))))
        assert loopback.receive(len(packets)) == [after(packet) for packet in packets]


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=2000), segment=st.integers(0, 200))
def test_no_message_of_a_client_does_harm(both: tuple[Loopback, Loopback], data: bytes, segment: int) -> None:
    loopback = both[1]
    loopback.send(data, segment if data and len(data) <= 60 * segment else 0)
    loopback.serve()
    loopback.send(headed(b"still here"))
    assert b"still here" in loopback.receive(1000, last=b"still here")
