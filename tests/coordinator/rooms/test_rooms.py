"""The door to the rooms: what members may do in theirs, and how they leave it."""

import pytest

from coordinator.messages import (
    Admit,
    Back,
    CloseRoom,
    Dismiss,
    Draining,
    Figures,
    GiveSeat,
    Join,
    Leave,
    MakeHost,
    Remove,
    Rename,
    RoomFigures,
    SeatViewer,
    SetRoom,
    Start,
    TakeSeat,
    ViewerLeft,
)
from coordinator.rooms.seats import MAX_MEMBERS
from tests.coordinator.simulation import Floor

PROFILE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.fixture
def floor():
    return Floor()


@pytest.fixture
def worker(floor):
    return floor.worker()


@pytest.fixture
def room(floor, worker):
    """A room with page 1 in its first seat, and page 2 in its second."""
    room = floor.play(1).room
    floor.enter(2, room)
    return room


class TestSeats:
    def test_everybody_is_told_who_sits_where(self, floor, room):
        assert floor.seats(1) == floor.seats(2) == {"m1": 0, "m2": 1}
        assert floor.states[2].you == "m2"
        assert [person.name for person in floor.states[1].members] == ["Player 1", "Player 2"]

    def test_a_member_sits_elsewhere_without_a_new_connection(self, floor, worker, room):
        floor.say(2, TakeSeat(seat=3))

        assert floor.told == [(worker.id, SeatViewer(room=room, viewer="v2", seat=3))]
        assert floor.seats(1) == {"m1": 0, "m2": 3}

    def test_a_spectator_takes_a_seat(self, floor, worker, room):
        spectator = floor.enter(3, room, watch=True)
        assert spectator.seat is None

        floor.say(3, TakeSeat(seat=2))

        assert floor.commands(worker) == [SeatViewer(room=room, viewer="v3", seat=2)]

    def test_a_seat_that_is_taken_stays_so_and_the_game_goes_on(self, floor, room):
        floor.say(2, TakeSeat(seat=0))

        assert floor.code(2) == ("Refused", "seat_taken")
        assert floor.seats(1) == {"m1": 0, "m2": 1}

    def test_a_swap_tells_the_worker_of_both(self, floor, worker, room):
        floor.say(1, GiveSeat(member="m2"))
        assert floor.told == []
        assert floor.states[2].offers == (("m1", "m2"),)

        floor.say(2, GiveSeat(member="m1"))

        assert floor.commands(worker) == [
            SeatViewer(room=room, viewer="v2", seat=0),
            SeatViewer(room=room, viewer="v1", seat=1),
        ]
        assert floor.states[1].offers == ()

    def test_without_a_room_there_is_no_seat(self, floor):
        floor.say(1, TakeSeat(seat=0))

        assert floor.code(1) == ("Refused", "no_room")


class TestHost:
    def test_locks_the_room_for_those_who_are_not_in_it(self, floor, room):
        floor.say(1, SetRoom(locked=True))
        assert floor.states[2].locked

        floor.say(3, Join(room=room, offer="v=1"))

        assert floor.code(3) == ("Refused", "room_locked")

    def test_of_a_locked_room_members_come_back(self, floor, room):
        token = floor.enter(3, room).token
        floor.say(1, SetRoom(locked=True))
        floor.gone(3)

        assert floor.enter(4, room, token=token).member == "m3"

    @pytest.mark.parametrize(
        "message", [SetRoom(locked=True), SetRoom(listed=True), Remove(member="m1"), MakeHost(member="m2")]
    )
    def test_nobody_else_may_do_what_the_host_may(self, floor, room, message):
        floor.say(2, message)

        assert floor.code(2) == ("Refused", "not_host")

    def test_removes_a_member_who_can_not_come_back(self, floor, worker, room):
        floor.enter(3, room, profile=PROFILE)

        floor.say(1, Remove(member="m3"))

        assert floor.commands(worker) == [Dismiss(room=room, viewer="v3")]
        assert floor.code(3) == ("Ended", "removed")
        assert floor.seats(1) == {"m1": 0, "m2": 1}
        floor.say(4, Join(room=room, offer="v=1", profile=PROFILE))
        assert floor.code(4) == ("Refused", "removed")

    def test_removes_a_member_whose_token_opens_nothing_any_more(self, floor, room):
        token = floor.enter(3, room).token
        floor.say(1, Remove(member="m3"))
        floor.say(1, SetRoom(locked=True))

        for message in (Join(room=room, offer="v=1", token=token), Back(room=room, token=token)):
            floor.say(3, message)
            assert floor.code(3) in (("Refused", "room_locked"), ("Refused", "forgotten"))

    def test_hands_over_and_has_no_say_any_more(self, floor, room):
        floor.say(1, MakeHost(member="m2"))
        assert floor.states[1].host == "m2"

        floor.say(1, SetRoom(locked=True))

        assert floor.code(1) == ("Refused", "not_host")

    def test_who_leaves_passes_it_on(self, floor, room):
        floor.say(1, Leave())

        assert floor.states[2].host == "m2"


def test_a_name_is_one_line_and_never_empty(floor, room):
    floor.say(2, Rename(name="  Grace\n\x00 H. "))
    assert [person.name for person in floor.states[1].members] == ["Player 1", "Grace H."]

    floor.say(2, Rename(name=""))
    assert floor.states[1].members[1].name == "Player 2"


class TestLeave:
    def test_gives_the_seat_free_and_the_room_goes_on(self, floor, worker, room):
        floor.say(1, Leave())

        assert floor.told == [(worker.id, Dismiss(room=room, viewer="v1"))]
        assert floor.enter(3, room).seat == 0

    def test_of_the_last_member_closes_the_room(self, floor, worker, room):
        floor.say(1, Leave())
        floor.say(2, Leave())

        assert floor.told == [(worker.id, CloseRoom(room=room))]
        assert worker.free == worker.capacity
        assert floor.rooms.next_deadline() is None

    def test_in_mid_start_closes_the_room(self, floor, worker):
        floor.say(1, Start(game="d", offer="v=0"))

        floor.say(1, Leave())

        assert isinstance(floor.commands(worker)[0], CloseRoom)
        assert floor.rooms.next_deadline() is None

    def test_without_a_room_does_nothing(self, floor):
        assert floor.say(1, Leave()) == []

    def test_is_for_good(self, floor, room):
        token = floor.enter(3, room).token
        floor.say(3, Leave())

        assert floor.enter(3, room, token=token).token != token

    def test_another_start_leaves_the_room_before(self, floor, worker, room):
        floor.say(2, Start(game="a", offer="v=0"))

        dismissal, opening = floor.commands(worker)
        assert dismissal == Dismiss(room=room, viewer="v2")
        assert opening.game == "a"


class TestAbsence:
    def test_of_a_page_keeps_seat_and_media(self, floor, room):
        floor.gone(2)

        assert floor.told == []
        assert floor.seats(1) == {"m1": 0, "m2": 1}
        assert not floor.states[1].members[1].here

    def test_costs_the_seat_after_a_while_and_then_the_place(self, floor, worker, room):
        floor.gone(2)
        floor.answer(worker, ViewerLeft(room=room, viewer="v2"))

        floor.wait(59)
        assert floor.seats(1) == {"m1": 0, "m2": 1}
        floor.wait(1)
        assert floor.seats(1) == {"m1": 0, "m2": None}
        floor.wait(60)
        assert floor.seats(1) == {"m1": 0}

    def test_counts_from_the_end_of_the_media(self, floor, worker, room):
        floor.gone(2)
        floor.wait(1000)
        assert floor.seats(1) == {"m1": 0, "m2": 1}

        floor.answer(worker, ViewerLeft(room=room, viewer="v2"))
        floor.wait(60)

        assert floor.seats(1) == {"m1": 0, "m2": None}

    def test_ends_in_the_seat_that_is_free(self, floor, worker, room):
        token = floor.enter(3, room).token
        floor.gone(3)
        floor.answer(worker, ViewerLeft(room=room, viewer="v3"))
        floor.wait(60)
        floor.say(2, TakeSeat(seat=2))

        assert floor.enter(3, room, token=token).seat == 1

    def test_of_all_closes_the_room_after_its_grace(self, floor, worker, room):
        for page, viewer in ((1, "v1"), (2, "v2")):
            floor.gone(page)
            floor.answer(worker, ViewerLeft(room=room, viewer=viewer))

        floor.wait(119)
        assert floor.told == []
        floor.wait(1)

        assert floor.commands(worker) == [CloseRoom(room=room)]
        assert floor.rooms.next_deadline() is None

    def test_before_the_answer_is_for_good(self, floor, worker):
        floor.say(1, Start(game="d", offer="v=0"))

        floor.gone(1)

        assert isinstance(floor.commands(worker)[0], CloseRoom)
        assert worker.free == worker.capacity

    def test_while_it_comes_back_dismisses_the_offer(self, floor, worker, room):
        floor.say(2, Join(room=room, offer="v=2"))

        floor.gone(2)

        assert floor.commands(worker) == [Dismiss(room=room, viewer="v3")]
        assert "m2" in floor.seats(1)


def test_two_hundred_aborted_starts_leave_nothing(floor, worker):
    for _ in range(200):
        floor.say(1, Start(game="d", offer="v=0"))
        floor.gone(1)

    assert worker.free == worker.capacity
    assert floor.rooms.next_deadline() is None
    assert not floor.rooms.members


def test_a_room_takes_so_many_and_not_one_more(floor, worker):
    room = floor.play(1).room
    for page in range(2, MAX_MEMBERS + 1):
        floor.enter(page, room)

    floor.say(100, Join(room=room, offer="v=1"))

    assert floor.code(100) == ("Refused", "room_full")
    assert not any(isinstance(command, Admit) for command in floor.commands(worker))


def test_a_rooms_figures_are_the_last_that_its_own_worker_has_said(floor, worker, room):
    first, last = (RoomFigures(room=room, fps=fps) for fps in (50.0, 60.0))

    assert floor.answer(worker, Figures(rooms=(first,))) == []
    assert floor.answer(worker, Figures(rooms=(last,))) == []
    assert floor.answer(floor.worker(), Figures(rooms=(first,))) == []

    assert floor.room(room).figures is last


def test_a_worker_that_drains_gets_no_room_any_more(floor, worker):
    assert floor.answer(worker, Draining()) == []

    assert worker.free == 0
