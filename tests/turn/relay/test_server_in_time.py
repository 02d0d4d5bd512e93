"""Hours of protocol: renewals come in time, and what is not renewed leaves nothing behind."""

import tracemalloc

import pytest

from tests.turn.simulation import PEER, Caller, code, house
from turn.relay.actions import CloseRelay, OpenRelay, SendToPeer
from turn.relay.server import OPENING_TIME
from turn.wire import attributes as attribute
from turn.wire import stun
from turn.wire.credentials import issue
from turn.wire.farewell import seconds_left


@pytest.fixture
def place():
    return house()


@pytest.fixture
def caller(place):
    caller = Caller(place)
    caller.allocate()
    return caller


def test_an_allocation_ends(caller) -> None:
    caller.house.wait(599)
    assert caller.house.opened
    caller.house.wait(1)
    assert (caller.allocation, caller.house.opened) == (None, {})
    assert caller.house.relay.counters.ended == {"expired": 1}


def test_everything_is_freed(place) -> None:
    callers = [Caller(place, ("203.0.113.9", port)) for port in range(1, 50)]
    for caller in callers:
        caller.allocate((attribute.EVEN_PORT, b"\x80"))
        caller.permit(PEER)
        caller.bind(0x4000)
        caller.send_data(b"x", ("10.1.0.5", 9))
    allocation = callers[0].allocation
    place.wait(601)
    assert (place.opened, place.held) == ({}, {})
    assert (len(place.relay.allocations), place.relay.allocations.reservations) == (0, 0)
    assert place.relay.next_deadline() is None
    assert (allocation.peers, allocation.channels, allocation.permissions) == ({}, {}, {})
    assert all(caller.allocation is None for caller in callers)


def test_hours_of_a_browsers_game(place) -> None:
    """Permissions every 4 minutes, channels every 9, the allocation every 9: data passes all of the time."""
    caller = Caller(place)
    caller.allocate()
    caller.bind(0x4000)

    def insist(ask) -> None:
        answer = ask()
        assert code(ask() if code(answer) == 438 else answer) == 0

    for minute in range(1, 5 * 60):
        place.wait(60)
        assert place.now < caller.allocation.channels[0x4000].open_until
        assert caller.send_data(b"x")
        if minute % 4 == 0:
            insist(lambda: caller.permit(PEER))
        if minute % 9 == 0:
            insist(caller.refresh)
            insist(lambda: caller.bind(0x4000))
    assert place.relay.counters.answers["Refresh", 438] + place.relay.counters.answers["CreatePermission", 438] >= 4
    assert place.relay.counters.allocated == 1


def test_hours_of_aioices_game(place) -> None:
    """Channels every 500 s, the allocation every 500 s, and never a permission."""
    credentials = issue("a secret of the coordinator", "worker", 600, place.now)
    caller = Caller(place, username=credentials.username, password=credentials.password)
    caller.allocate()
    caller.bind(0x4000)
    for _ in range(30):
        for _ in range(10):
            place.wait(50)
            assert place.now < caller.allocation.channels[0x4000].open_until
        if code(caller.refresh(600)) == 438:
            assert code(caller.refresh(600)) == 0
        assert code(caller.bind(0x4000)) == 0


def test_a_late_timer_is_made_up_for(caller) -> None:
    caller.house.now += 600
    assert code(caller.request(stun.BINDING)) == 0
    assert (caller.allocation, caller.house.opened) == (None, {})
    assert code(caller.allocate()) == 0


def test_a_port_that_is_never_opened(place) -> None:
    caller = Caller(place)
    caller.knock()
    request = caller.build(stun.ALLOCATE, (attribute.REQUESTED_TRANSPORT, b"\x11\0\0\0"))
    (wanted,) = place.relay.from_client(request, caller.client, place.now)
    assert isinstance(wanted, OpenRelay)
    assert place.relay.from_client(request, caller.client, place.now) == ()  # it comes again meanwhile
    assert code(caller.refresh()) == 437
    place.wait(OPENING_TIME)
    assert len(place.relay.allocations) == 0
    (late,) = place.relay.relay_opened(wanted.allocation, ("198.51.100.1", 5), place.now)
    assert isinstance(late, CloseRelay)


def test_idle_allocations_are_small() -> None:
    """10,000 of them are to stay under 100 MB, so each of 500 under 10 KB; the gateway's sockets come on top."""

    place = house()
    callers = [Caller(place, ("203.0.113.9", port)) for port in range(1, 501)]
    for caller in callers:
        caller.knock()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for caller in callers:
            caller.allocate()
            caller.bind(0x4000)
        used = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert used / len(callers) < 6000


def test_the_peers_of_a_share_of_the_allocations_are_told() -> None:
    building = house()
    for at in range(3):
        caller = Caller(building, ("203.0.113.9", 1001 + at))
        caller.allocate()
        caller.bind(0x4000, ("10.1.0.5", 5000 + at))

    def told(share: float) -> list[int]:
        actions = building.relay.farewells(share, 12, building.now)
        assert all(isinstance(action, SendToPeer) and seconds_left(action.data) == 12 for action in actions)
        return [action.address[1] for action in actions if isinstance(action, SendToPeer)]

    assert told(0) == []
    assert told(0.5) == [5000, 5001]
    assert told(1) == [5000, 5001, 5002]
    building.wait(601)  # the permissions are over: nobody may be sent anything
    assert told(1) == []
