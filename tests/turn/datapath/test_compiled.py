"""Sockets and their owners: who gets what, what is forgotten when, and how it lives beside asyncio."""

import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.turn.datapath.loopback import FAR, HOSTS, WITHIN, Loopback, headed
from turn.datapath import flow_table, forward
from turn.datapath.compiled import MAX_FLOWS
from turn.datapath.datagram import Destination, source_at
from turn.datapath.interface import Direction, RelayedId


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with ExitStack() as stack:
        yield Loopback(HOSTS[0], stack)


def test_flows_are_forgotten_at_once(loopback: Loopback) -> None:
    loopback.as_relayed().send(b"on")
    assert loopback.receive(1) == [headed(b"on")]
    loopback.path.forget_flows()
    loopback.send(b"off")
    assert loopback.receives_nothing()
    assert [data for data, _ in loopback.handed_over] == [b"off"]


def test_a_relayed_address_that_is_closed_leaves_nothing(loopback: Loopback) -> None:
    loopback.as_relayed().send(b"on")
    assert loopback.receive(1)
    loopback.path.close(loopback.middle, loopback.relayed)
    loopback.send(b"off")
    assert loopback.receives_nothing()
    relayed = loopback.path.open(loopback.middle, loopback._on_received)
    assert relayed == loopback.relayed
    assert loopback.counts == [0] * 6
    assert list(loopback.path.bucket(relayed, Direction.TO_CLIENT)) == [0.0] * 4
    assert loopback.receives_nothing()
    assert [data for data, _ in loopback.handed_over] == [b"off"]


def test_a_relayed_address_that_could_not_be_opened_gives_nobody_anothers_number(loopback: Loopback) -> None:
    loopback.as_relayed()
    with ExitStack() as stack:
        one, other, third = (stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(3))
        first, second = loopback.path.open(one, loopback._on_received), loopback.path.open(other, loopback._on_received)
        loopback.path.close(one, first)
        with pytest.raises(FileExistsError):
            loopback.path.open(loopback.middle, loopback._on_received)
        assert loopback.path.open(third, loopback._on_received) not in (loopback.relayed, second)


def test_counts_are_taken_once(loopback: Loopback) -> None:
    loopback.as_relayed().send(b"four")
    assert loopback.receive(1)
    assert loopback.counts[:2] == [1, 4]
    assert loopback.counts[:2] == [0, 0]


def test_a_flow_may_lead_somewhere_else_from_now_on(loopback: Loopback) -> None:
    loopback.as_relayed().send(b"first")
    assert loopback.receive(1) == [headed(b"first")]
    loopback.forward_to_client(loopback.source, channel=0x4FFF)
    loopback.send(b"second")
    assert loopback.receive(1) == [headed(b"second", 0x4FFF)]


def test_nothing_is_compiled_once_there_is_traffic(loopback: Loopback) -> None:
    """That takes a second or more, in which sockets overflow."""
    dispatchers = [flow_table.row_of, forward.serve]  # all that Python calls
    before = [list(each.signatures) for each in dispatchers]
    assert all(before)
    loopback.as_relayed()
    for number in range(2 * flow_table.FIRST_ROWS):
        keys = loopback.path._keys.setdefault(number, set())
        assert len(keys) < MAX_FLOWS
        loopback.path.forward_to_peer(loopback.middle, (number, 0, 0), loopback.destination, number, 0x4001, FAR)
    assert len(loopback.path._flows.rows) > flow_table.FIRST_ROWS
    loopback.send(b"through")
    assert loopback.receive(1) == [headed(b"through")]
    assert [list(each.signatures) for each in dispatchers] == before


def test_only_so_many_flows_of_a_relayed_address_are_remembered(loopback: Loopback) -> None:
    loopback.as_relayed()
    for port in range(MAX_FLOWS + 5):
        loopback.forward_to_client((port, 0, 0))
    assert len(loopback.path._flows) <= MAX_FLOWS


def test_an_owner_that_fails_ends_nothing(loopback: Loopback, caplog: pytest.LogCaptureFixture) -> None:
    def fail(received: object, now: float) -> bool:
        raise RuntimeError("broken")

    loopback.path.open(loopback.middle, fail)
    loopback.send(b"1")
    with caplog.at_level(logging.ERROR):
        loopback.serve()
    assert "broken" in caplog.text


def test_an_owner_may_close_another_socket(loopback: Loopback) -> None:
    others = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    called: list[int] = []
    numbers: dict[int, RelayedId] = {}

    def owner(number: int):  # type: ignore[no-untyped-def]
        def on_received(received: object, now: float) -> bool:
            called.append(number)
            loopback.path.close(others[1 - number], numbers[1 - number])
            return False

        return on_received

    for number, other in enumerate(others):
        other.bind((HOSTS[0], 0))
        numbers[number] = loopback.path.open(other, owner(number))
    for other in others:
        loopback.sender.sendto(b"x", other.getsockname())
    loopback.serve()
    loopback.serve()
    assert len(called) == 1
    for other in others:
        other.close()


def test_it_comes_back_for_what_asyncio_watches(loopback: Loopback) -> None:
    one, other = socket.socketpair()
    with one, other:
        loopback.path.watch(one.fileno())
        assert not loopback.path.wait(0.0)
        other.send(b"x")
        assert loopback.path.wait(-1.0)
        loopback.as_relayed().send(b"between")
        assert loopback.path.wait(0.0)
    assert loopback.receive(1) == [headed(b"between")]


def test_a_socket_that_is_never_empty_keeps_nobody_waiting(loopback: Loopback) -> None:
    """Neither known flows nor asyncio, whatever strangers send to a listener."""
    one, other = socket.socketpair()
    with one, other, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as full:
        full.bind((HOSTS[0], 0))

        def fill(*_: object) -> bool:
            full.sendto(b"strange", full.getsockname())
            return False

        loopback.path.listen(full, fill)
        loopback.as_relayed()
        loopback.path.watch(one.fileno())
        fill()
        for round_ in range(3):
            loopback.send(payload := b"%d" % round_)
            other.send(b"x")
            assert loopback.path.wait(WITHIN)
            assert one.recv(100)
            assert loopback.receive(1) == [headed(payload)]
        loopback.path.close(full)


def test_a_wait_ends_in_time_under_a_flood(loopback: Loopback) -> None:
    """The middle sends to itself: there is always something to forward."""
    own = loopback.middle.getsockname()
    loopback.as_relayed(flow=False)
    loopback.forward_to_client(source_at(own), destination=Destination(loopback.middle, own))
    loopback.middle.sendto(b"", own)
    assert not loopback.path.wait(0.05)
    assert loopback.counts[0] > 10
