"""The small steps that keep rooms, pages, places and deadlines together."""

import pytest

from coordinator.fleet.registry import Registry
from coordinator.messages import Ended, Game, Keep, Refused, Register, RoomState
from coordinator.rooms.phases import Event
from coordinator.rooms.room import Room
from coordinator.rooms.room_table import MAX_REMEMBERED, House, digest, unguessable_id

DUEL = Game(id="d", title="Duel", system="NES")


@pytest.fixture
def house():
    return House(Registry(), room_grace=120.0)


@pytest.fixture
def worker(house):
    return house.registry.register(Register(name="box", capacity=3, games=(DUEL,)))


@pytest.fixture
def room(house, worker):
    room = Room("r1", DUEL, worker, opened_at=0.0)
    house.rooms[room.id] = room
    worker.rooms.add(room.id)
    return room


def enter(house, room, page, known=True):
    member = room.company.enter(digest(f"token{page}"))
    member.known = known
    house.attach(room, member, page)
    return member


def test_room_ids_are_long_and_never_the_same():
    ids = {unguessable_id() for _ in range(100)}

    assert len(ids) == 100
    assert min(map(len, ids)) >= 22


def test_the_digest_of_nothing_is_nothing():
    assert digest("") == ""
    assert digest("a") != digest("b")


def test_news_go_once_to_those_who_know_that_they_are_in(house, room):
    enter(house, room, 1)
    enter(house, room, 2, known=False)

    told = house.news()

    assert [(type(d.message), d[0]) for d in told] == [(RoomState, 1), (Keep, room.worker.id)]
    assert house.news() == []


def test_news_of_a_room_without_a_worker_go_to_its_members_alone(house, room):
    enter(house, room, 1)
    house.give_places_free(room)

    assert [type(decision.message) for decision in house.news()] == [RoomState]


def test_a_member_who_is_away_has_deadlines_that_end_when_it_is_back(house, room):
    member = enter(house, room, 1)
    house.detach(room, member)
    house.note_absence(room, member, 5.0)
    assert house.alarms.next() == 65.0

    house.attach(room, member, 2)

    assert house.alarms.next() is None


def test_a_member_with_media_is_not_away(house, room):
    member = enter(house, room, 1)
    house.add_viewer(room, member, "v=0", "token", 0.0)
    house.detach(room, member)

    house.note_absence(room, member, 5.0)

    assert house.alarms.next() is None


def test_the_end_of_a_room_is_said_by_what_each_page_knows_and_leaves_nothing(house, room, worker):
    enter(house, room, 1)
    newcomer = enter(house, room, 2, known=False)
    viewer = house.add_viewer(room, newcomer, "v=0", "token", 0.0)
    house.send_viewer(room, viewer, 0.0)

    told = house.close(room, "game_over", "It is over.")

    assert [(d.page, type(d.message)) for d in told] == [(1, Ended), (2, Refused)]
    assert (house.rooms, house.pages, worker.rooms) == ({}, {}, set())
    assert house.alarms.next() is None
    assert house.places_changed


def test_it_remembers_so_many_ends(house, worker):
    for number in range(MAX_REMEMBERED + 1):
        room = Room(f"r{number}", DUEL, worker, opened_at=0.0)
        house.rooms[room.id] = room
        house.forget(room)

    assert "r0" not in house.ended
    assert len(house.ended) == MAX_REMEMBERED


def test_a_viewer_waits_until_it_can_be_let_in(house, room):
    room.step(Event.ANSWERED)
    room.step(Event.FREEZE_SENT)
    viewer = house.add_viewer(room, enter(house, room, 1), "v=0", "token", 0.0)
    assert house.send_viewer(room, viewer, 0.0) == []

    room.step(Event.THAWED)

    assert len(house.send_viewer(room, viewer, 0.0)) == 1
    assert house.send_viewer(room, viewer, 0.0) == []
