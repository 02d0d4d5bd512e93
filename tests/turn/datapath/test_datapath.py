"""Sockets and their owners: who gets what, what is forgotten when, and how it lives beside asyncio."""

import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.turn.datapath.loopback import FAR, HOSTS, WITHIN, Line, headed
from turn.datapath import flow_table, forward
from turn.datapath.datagram import Way
from turn.datapath.datapath import MAX_FLOWS


@pytest.fixture
def line() -> Iterator[Line]:
    with ExitStack() as stack:
        yield Line(HOSTS[0], stack)


def test_flows_are_forgotten_at_once(line: Line) -> None:
    line.as_relay().send(b"on")
    assert line.receive(1) == [headed(b"on")]
    line.path.forget_flows()
    line.send(b"off")
    assert line.nothing_comes()
    assert [data for data, _ in line.taken] == [b"off"]


def test_a_leg_that_is_closed_leaves_nothing(line: Line) -> None:
    line.as_relay().send(b"on")
    assert line.receive(1)
    line.path.close(line.middle, line.leg)
    line.send(b"off")
    assert line.nothing_comes()
    leg = line.path.open(line.middle, line._take)
    assert leg == line.leg
    assert line.counts == [0] * 6
    assert list(line.path.bucket(leg, 0)) == [0.0] * 4
    assert line.nothing_comes()
    assert [data for data, _ in line.taken] == [b"off"]


def test_a_leg_that_could_not_be_opened_gives_nobody_anothers_number(line: Line) -> None:
    line.as_relay()
    with ExitStack() as stack:
        one, other, third = (stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(3))
        first, second = line.path.open(one, line._take), line.path.open(other, line._take)
        line.path.close(one, first)
        with pytest.raises(FileExistsError):
            line.path.open(line.middle, line._take)
        assert line.path.open(third, line._take) not in (line.leg, second)


def test_counts_are_taken_once(line: Line) -> None:
    line.as_relay().send(b"four")
    assert line.receive(1)
    assert line.counts[:2] == [1, 4]
    assert line.counts[:2] == [0, 0]


def test_a_flow_may_lead_somewhere_else_from_now_on(line: Line) -> None:
    line.as_relay().send(b"first")
    assert line.receive(1) == [headed(b"first")]
    line.path.to_client(line.middle, line.source, line.way, line.leg, 0x4FFF, FAR)
    line.send(b"second")
    assert line.receive(1) == [headed(b"second", 0x4FFF)]


def test_nothing_is_compiled_once_there_is_traffic(line: Line) -> None:
    """That takes a second or more, in which sockets overflow."""
    dispatchers = [flow_table.slot_of, forward.serve]  # all that Python calls
    before = [list(each.signatures) for each in dispatchers]
    assert all(before)
    line.as_relay()
    for number in range(2 * flow_table.FIRST_ROWS):
        leg = line.path._keys.setdefault(number, set())
        assert len(leg) < MAX_FLOWS
        line.path.to_peer(line.middle, (number, 0, 0), line.way, number, 0x4001, FAR)
    assert len(line.path._flows.rows) > flow_table.FIRST_ROWS
    line.send(b"through")
    assert line.receive(1) == [headed(b"through")]
    assert [list(each.signatures) for each in dispatchers] == before


def test_only_so_many_flows_of_a_leg_are_remembered(line: Line) -> None:
    line.as_relay()
    for port in range(MAX_FLOWS + 5):
        line.path.to_client(line.middle, (port, 0, 0), line.way, line.leg, 0x4001, FAR)
    assert len(line.path._flows) <= MAX_FLOWS


def test_an_owner_that_fails_ends_nothing(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    def fail(received: object, now: float) -> bool:
        raise RuntimeError("broken")

    line.path.open(line.middle, fail)
    line.send(b"1")
    with caplog.at_level(logging.ERROR):
        line.serve()
    assert "broken" in caplog.text


def test_an_owner_may_close_another_socket(line: Line) -> None:
    others = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    taken: list[int] = []
    legs: dict[int, int] = {}

    def owner(number: int):  # type: ignore[no-untyped-def]
        def take(received: object, now: float) -> bool:
            taken.append(number)
            line.path.close(others[1 - number], legs[1 - number])
            return False

        return take

    for number, other in enumerate(others):
        other.bind((HOSTS[0], 0))
        legs[number] = line.path.open(other, owner(number))
    for other in others:
        line.sender.sendto(b"x", other.getsockname())
    line.serve()
    line.serve()
    assert len(taken) == 1
    for other in others:
        other.close()


def test_it_comes_back_for_what_asyncio_watches(line: Line) -> None:
    one, other = socket.socketpair()
    with one, other:
        line.path.watch(one.fileno())
        assert not line.path.wait(0.0)
        other.send(b"x")
        assert line.path.wait(-1.0)
        line.as_relay().send(b"between")
        assert line.path.wait(0.0)
    assert line.receive(1) == [headed(b"between")]


def test_a_socket_that_is_never_empty_keeps_nobody_waiting(line: Line) -> None:
    """Neither known flows nor asyncio, whatever strangers send to a listener."""
    one, other = socket.socketpair()
    with one, other, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as full:
        full.bind((HOSTS[0], 0))

        def fill(*_: object) -> bool:
            full.sendto(b"strange", full.getsockname())
            return False

        line.path.listen(full, fill)
        line.as_relay()
        line.path.watch(one.fileno())
        fill()
        for round_ in range(3):
            line.send(payload := b"%d" % round_)
            other.send(b"x")
            assert line.path.wait(WITHIN)
            assert one.recv(100)
            assert line.receive(1) == [headed(payload)]
        line.path.close(full)


def test_a_wait_ends_in_time_under_a_flood(line: Line) -> None:
    """The middle sends to itself: there is always something to forward."""
    own = line.middle.getsockname()
    line.as_relay(flow=False)
    from turn.datapath.datagram import source_at

    line.path.to_client(line.middle, source_at(own), Way(line.middle, own), line.leg, 0x4001, FAR)
    line.middle.sendto(b"", own)
    assert not line.path.wait(0.05)
    assert line.counts[0] > 10
