"""What pages are told of again and again: the lobby, and how often."""

import pytest

from coordinator.messages import Game
from coordinator.rooms.phases import Event
from coordinator.rooms.room import Room
from coordinator.views.lobby import MAX_LISTED, PAUSE_SECONDS, AnnouncedList, lobby

DUEL = Game(id="d", title="Duel", system="NES")


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
def announced(rooms):
    return AnnouncedList(lambda: lobby(rooms))


def show(announced, now):
    announced.schedule(now)
    return announced.changed(now)


def test_pages_are_told_of_a_listed_room_at_once(announced, rooms):
    rooms += [open_room("r1"), open_room("r2", listed=False)]

    assert [room.room for room in show(announced, 5.0)] == ["r1"]
    assert announced.shown[0].room == "r1"


def test_what_does_not_concern_the_lobby_tells_nobody(announced, rooms):
    rooms.append(open_room("r1", listed=False))

    assert show(announced, 5.0) is None
    assert announced.next_deadline() is None


def test_changes_in_quick_succession_are_told_together(announced, rooms):
    rooms.append(open_room("r1"))
    show(announced, 5.0)
    rooms[0].roster.add("hash")
    announced.schedule(5.1)
    assert announced.changed(5.1) is None
    assert announced.next_deadline() == 5.0 + PAUSE_SECONDS

    rooms[0].roster.add("hash")
    announced.schedule(5.2)

    assert announced.changed(5.0 + PAUSE_SECONDS)[0].players == 3
    assert announced.next_deadline() is None


def test_however_much_happens_the_rooms_are_looked_at_once_a_second(rooms):
    looks = []
    announced = AnnouncedList(lambda: looks.append(1) or lobby(rooms))
    for tenth in range(30):
        announced.schedule(tenth / 10)
        announced.changed(tenth / 10)

    assert len(looks) == 3


def test_a_change_that_is_undone_tells_nobody(announced, rooms):
    rooms.append(open_room("r1"))
    show(announced, 5.0)
    rooms[0].listed = False
    announced.schedule(5.1)
    rooms[0].listed = True

    assert announced.changed(9.0) is None
    assert announced.next_deadline() is None


def test_rooms_with_a_free_seat_come_first_and_not_too_many_are_shown(announced, rooms):
    rooms += [open_room("full", members=4), *(open_room(f"r{number}") for number in range(MAX_LISTED + 5))]

    shown = show(announced, 0.0)

    assert len(shown) == MAX_LISTED
    assert shown[0].room == "r0"
    assert "full" not in {room.room for room in shown}
