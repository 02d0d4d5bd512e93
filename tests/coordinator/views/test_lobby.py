"""The lobby's list, and how often pages are told of it."""

import pytest

from coordinator.rooms.phases import Event
from coordinator.rooms.room import Room
from coordinator.views.lobby import MAX_LISTED, PAUSE_SECONDS, PublishedList, lobby
from tests.coordinator.simulation import DUEL


def open_room(name, members=1, listed=True):
    room = Room(name, DUEL, None, opened_at=0.0, listed=listed)
    room.apply(Event.ANSWERED)
    for _ in range(members):
        room.roster.add("hash")
    return room


@pytest.fixture
def rooms():
    return []


@pytest.fixture
def published(rooms):
    return PublishedList(lambda: lobby(rooms))


def show(published, now):
    published.schedule(now)
    return published.changed(now)


def test_pages_are_told_of_a_listed_room_at_once(published, rooms):
    rooms += [open_room("r1"), open_room("r2", listed=False)]

    assert [room.room for room in show(published, 5.0)] == ["r1"]
    assert published.shown[0].room == "r1"


def test_what_does_not_concern_the_lobby_tells_nobody(published, rooms):
    rooms.append(open_room("r1", listed=False))

    assert show(published, 5.0) is None
    assert published.next_deadline() is None


def test_changes_in_quick_succession_are_told_together(published, rooms):
    rooms.append(open_room("r1"))
    show(published, 5.0)
    rooms[0].roster.add("hash")
    published.schedule(5.1)
    assert published.changed(5.1) is None
    assert published.next_deadline() == 5.0 + PAUSE_SECONDS

    rooms[0].roster.add("hash")
    published.schedule(5.2)

    assert published.changed(5.0 + PAUSE_SECONDS)[0].players == 3
    assert published.next_deadline() is None


def test_however_much_happens_the_rooms_are_looked_at_once_a_second(rooms):
    looks = []
    published = PublishedList(lambda: looks.append(1) or lobby(rooms))
    for tenth in range(30):
        published.schedule(tenth / 10)
        published.changed(tenth / 10)

    assert len(looks) == 3


def test_a_change_that_is_undone_tells_nobody(published, rooms):
    rooms.append(open_room("r1"))
    show(published, 5.0)
    rooms[0].listed = False
    published.schedule(5.1)
    rooms[0].listed = True

    assert published.changed(9.0) is None
    assert published.next_deadline() is None


def test_rooms_with_a_free_seat_come_first_and_not_too_many_are_shown(published, rooms):
    rooms += [open_room("full", members=4), *(open_room(f"r{number}") for number in range(MAX_LISTED + 5))]

    shown = show(published, 0.0)

    assert len(shown) == MAX_LISTED
    assert shown[0].room == "r0"
    assert "full" not in {room.room for room in shown}
