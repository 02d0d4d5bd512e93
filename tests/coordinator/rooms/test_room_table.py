"""The small steps that keep rooms, pages, places and deadlines together."""

import pytest

from coordinator.fleet.registry import Registry
from coordinator.messages import Ended, Figures, Keep, Refused, Register, RoomFigures, RoomState
from coordinator.rooms.phases import Event
from coordinator.rooms.room import Room
from coordinator.rooms.room_table import MAX_REMEMBERED, RoomTable, digest, unguessable_id
from tests.coordinator.simulation import DUEL


@pytest.fixture
def table():
    return RoomTable(Registry(), room_grace=120.0)


@pytest.fixture
def worker(table):
    return table.registry.register(Register(name="box", capacity=3, games=(DUEL,)))


@pytest.fixture
def room(table, worker):
    room = Room("r1", DUEL, worker, opened_at=0.0)
    table.add_room(room)
    return room


def enter(table, room, page, known=True):
    member = room.roster.add(digest(f"token{page}"))
    member.known = known
    table.attach_page(room, member, page)
    return member


def test_room_ids_are_long_and_never_the_same():
    ids = {unguessable_id() for _ in range(100)}

    assert len(ids) == 100
    assert min(map(len, ids)) >= 22


def test_the_digest_of_nothing_is_nothing():
    assert digest("") == ""
    assert digest("a") != digest("b")


def test_news_go_once_to_those_who_know_that_they_are_in(table, room):
    enter(table, room, 1)
    enter(table, room, 2, known=False)

    told = table.announce_changes()

    assert [(type(d.message), d[0]) for d in told] == [(RoomState, 1), (Keep, room.worker.id)]
    assert table.announce_changes() == []


def test_news_of_a_room_without_a_worker_go_to_its_members_alone(table, room):
    enter(table, room, 1)
    table.release_places(room)

    assert [type(decision.message) for decision in table.announce_changes()] == [RoomState]


def test_a_member_who_is_away_has_deadlines_that_end_when_it_is_back(table, room):
    member = enter(table, room, 1)
    table.detach_page(room, member)
    table.start_absence(room, member, 5.0)
    assert table.deadlines.next() == 65.0

    table.attach_page(room, member, 2)

    assert table.deadlines.next() is None


def test_a_member_with_media_is_not_away(table, room):
    member = enter(table, room, 1)
    table.add_viewer(room, member, "v=0", "token", 0.0)
    table.detach_page(room, member)

    table.start_absence(room, member, 5.0)

    assert table.deadlines.next() is None


def test_the_end_of_a_room_is_said_by_what_each_page_knows_and_leaves_nothing(table, room, worker):
    enter(table, room, 1)
    newcomer = enter(table, room, 2, known=False)
    viewer = table.add_viewer(room, newcomer, "v=0", "token", 0.0)
    table.send_viewer(room, viewer, 0.0)

    told = table.close(room, "game_over", "It is over.")

    assert [(d.page, type(d.message)) for d in told] == [(1, Ended), (2, Refused)]
    assert (table.rooms, table.pages, worker.rooms) == ({}, {}, set())
    assert table.deadlines.next() is None
    assert table.places_changed


def test_it_remembers_so_many_ends(table, worker):
    for number in range(MAX_REMEMBERED + 1):
        room = Room(f"r{number}", DUEL, worker, opened_at=0.0)
        table.rooms[room.id] = room
        table.remove_room(room)

    assert "r0" not in table.ended
    assert len(table.ended) == MAX_REMEMBERED


def test_a_viewer_waits_until_it_can_be_let_in(table, room):
    room.apply(Event.ANSWERED)
    room.apply(Event.FREEZE_SENT)
    viewer = table.add_viewer(room, enter(table, room, 1), "v=0", "token", 0.0)
    assert table.send_viewer(room, viewer, 0.0) == []

    room.apply(Event.THAWED)

    assert len(table.send_viewer(room, viewer, 0.0)) == 1
    assert table.send_viewer(room, viewer, 0.0) == []


def test_figures_are_kept_of_the_workers_own_rooms_alone(table, room, worker):
    report = Figures(rooms=(RoomFigures(room=room.id, fps=60.0), RoomFigures(room="nowhere", fps=1.0)))

    assert table.handle_figures("another", report, 0.0) == []
    assert room.figures is None
    table.handle_figures(worker.id, report, 0.0)

    assert room.figures.fps == 60.0
