"""The door to the rooms: what members may do in theirs, and how they leave it."""

import pytest

from coordinator.messages import (
    Admit,
    Back,
    CloseRoom,
    Dismiss,
    GiveSeat,
    Join,
    Leave,
    MakeHost,
    Remove,
    Rename,
    SeatViewer,
    SetRoom,
    Start,
    TakeSeat,
    ViewerLeft,
)
from coordinator.rooms.seats import MAX_MEMBERS

PROFILE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.fixture
def room(simulation, worker):
    """A room with page 1 in its first seat, and page 2 in its second."""
    room = simulation.play(1).room
    simulation.enter(2, room)
    return room


class TestSeats:
    def test_everybody_is_told_who_sits_where(self, simulation, room):
        assert simulation.seats(1) == simulation.seats(2) == {"m1": 0, "m2": 1}
        assert simulation.states[2].you == "m2"
        assert [person.name for person in simulation.states[1].members] == ["Player 1", "Player 2"]

    def test_a_member_sits_elsewhere_without_a_new_connection(self, simulation, worker, room):
        simulation.send(2, TakeSeat(seat=3))

        assert simulation.decided == [(worker.id, SeatViewer(room=room, viewer="v2", seat=3))]
        assert simulation.seats(1) == {"m1": 0, "m2": 3}

    def test_a_spectator_takes_a_seat(self, simulation, worker, room):
        spectator = simulation.enter(3, room, watch=True)
        assert spectator.seat is None

        simulation.send(3, TakeSeat(seat=2))

        assert simulation.commands_to(worker) == [SeatViewer(room=room, viewer="v3", seat=2)]

    def test_a_seat_that_is_taken_stays_so_and_the_game_goes_on(self, simulation, room):
        simulation.send(2, TakeSeat(seat=0))

        assert simulation.outcome(2) == ("Refused", "seat_taken")
        assert simulation.seats(1) == {"m1": 0, "m2": 1}

    def test_a_swap_tells_the_worker_of_both(self, simulation, worker, room):
        simulation.send(1, GiveSeat(member="m2"))
        assert simulation.decided == []
        assert simulation.states[2].offers == (("m1", "m2"),)

        simulation.send(2, GiveSeat(member="m1"))

        assert simulation.commands_to(worker) == [
            SeatViewer(room=room, viewer="v2", seat=0),
            SeatViewer(room=room, viewer="v1", seat=1),
        ]
        assert simulation.states[1].offers == ()

    def test_without_a_room_there_is_no_seat(self, simulation):
        simulation.send(1, TakeSeat(seat=0))

        assert simulation.outcome(1) == ("Refused", "no_room")


class TestHost:
    def test_locks_the_room_for_those_who_are_not_in_it(self, simulation, room):
        simulation.send(1, SetRoom(locked=True))
        assert simulation.states[2].locked

        simulation.send(3, Join(room=room, offer="v=1"))

        assert simulation.outcome(3) == ("Refused", "room_locked")

    def test_of_a_locked_room_members_come_back(self, simulation, room):
        token = simulation.enter(3, room).token
        simulation.send(1, SetRoom(locked=True))
        simulation.disconnect(3)

        assert simulation.enter(4, room, token=token).member == "m3"

    @pytest.mark.parametrize(
        "message", [SetRoom(locked=True), SetRoom(listed=True), Remove(member="m1"), MakeHost(member="m2")]
    )
    def test_nobody_else_may_do_what_the_host_may(self, simulation, room, message):
        simulation.send(2, message)

        assert simulation.outcome(2) == ("Refused", "not_host")

    def test_removes_a_member_who_can_not_come_back(self, simulation, worker, room):
        simulation.enter(3, room, profile=PROFILE)

        simulation.send(1, Remove(member="m3"))

        assert simulation.commands_to(worker) == [Dismiss(room=room, viewer="v3")]
        assert simulation.outcome(3) == ("Ended", "removed")
        assert simulation.seats(1) == {"m1": 0, "m2": 1}
        simulation.send(4, Join(room=room, offer="v=1", profile=PROFILE))
        assert simulation.outcome(4) == ("Refused", "removed")

    def test_removes_a_member_whose_token_opens_nothing_any_more(self, simulation, room):
        token = simulation.enter(3, room).token
        simulation.send(1, Remove(member="m3"))
        simulation.send(1, SetRoom(locked=True))

        for message in (Join(room=room, offer="v=1", token=token), Back(room=room, token=token)):
            simulation.send(3, message)
            assert simulation.outcome(3) in (("Refused", "room_locked"), ("Refused", "forgotten"))

    def test_hands_over_and_has_no_say_any_more(self, simulation, room):
        simulation.send(1, MakeHost(member="m2"))
        assert simulation.states[1].host == "m2"

        simulation.send(1, SetRoom(locked=True))

        assert simulation.outcome(1) == ("Refused", "not_host")

    def test_who_leaves_passes_it_on(self, simulation, room):
        simulation.send(1, Leave())

        assert simulation.states[2].host == "m2"


def test_a_name_is_one_line_and_never_empty(simulation, room):
    simulation.send(2, Rename(name="  Grace\n\x00 H. "))
    assert [person.name for person in simulation.states[1].members] == ["Player 1", "Grace H."]

    simulation.send(2, Rename(name=""))
    assert simulation.states[1].members[1].name == "Player 2"


class TestLeave:
    def test_gives_the_seat_free_and_the_room_goes_on(self, simulation, worker, room):
        simulation.send(1, Leave())

        assert simulation.decided == [(worker.id, Dismiss(room=room, viewer="v1"))]
        assert simulation.enter(3, room).seat == 0

    def test_of_the_last_member_closes_the_room(self, simulation, worker, room):
        simulation.send(1, Leave())
        simulation.send(2, Leave())

        assert simulation.decided == [(worker.id, CloseRoom(room=room))]
        assert worker.free == worker.capacity
        assert simulation.rooms.next_deadline() is None

    def test_in_mid_start_closes_the_room(self, simulation, worker):
        simulation.send(1, Start(game="d", offer="v=0"))

        simulation.send(1, Leave())

        assert isinstance(simulation.commands_to(worker)[0], CloseRoom)
        assert simulation.rooms.next_deadline() is None

    def test_without_a_room_does_nothing(self, simulation):
        assert simulation.send(1, Leave()) == []

    def test_is_for_good(self, simulation, room):
        token = simulation.enter(3, room).token
        simulation.send(3, Leave())

        assert simulation.enter(3, room, token=token).token != token

    def test_another_start_leaves_the_room_before(self, simulation, worker, room):
        simulation.send(2, Start(game="a", offer="v=0"))

        dismissal, opening = simulation.commands_to(worker)
        assert dismissal == Dismiss(room=room, viewer="v2")
        assert opening.game == "a"


class TestAbsence:
    def test_of_a_page_keeps_seat_and_media(self, simulation, room):
        simulation.disconnect(2)

        assert simulation.decided == []
        assert simulation.seats(1) == {"m1": 0, "m2": 1}
        assert not simulation.states[1].members[1].here

    def test_costs_the_seat_after_a_while_and_then_the_place(self, simulation, worker, room):
        simulation.disconnect(2)
        simulation.reply(worker, ViewerLeft(room=room, viewer="v2"))

        simulation.advance(59)
        assert simulation.seats(1) == {"m1": 0, "m2": 1}
        simulation.advance(1)
        assert simulation.seats(1) == {"m1": 0, "m2": None}
        simulation.advance(60)
        assert simulation.seats(1) == {"m1": 0}

    def test_counts_from_the_end_of_the_media(self, simulation, worker, room):
        simulation.disconnect(2)
        simulation.advance(1000)
        assert simulation.seats(1) == {"m1": 0, "m2": 1}

        simulation.reply(worker, ViewerLeft(room=room, viewer="v2"))
        simulation.advance(60)

        assert simulation.seats(1) == {"m1": 0, "m2": None}

    def test_ends_in_the_seat_that_is_free(self, simulation, worker, room):
        token = simulation.enter(3, room).token
        simulation.disconnect(3)
        simulation.reply(worker, ViewerLeft(room=room, viewer="v3"))
        simulation.advance(60)
        simulation.send(2, TakeSeat(seat=2))

        assert simulation.enter(3, room, token=token).seat == 1

    def test_of_all_closes_the_room_after_its_grace(self, simulation, worker, room):
        for page, viewer in ((1, "v1"), (2, "v2")):
            simulation.disconnect(page)
            simulation.reply(worker, ViewerLeft(room=room, viewer=viewer))

        simulation.advance(119)
        assert simulation.decided == []
        simulation.advance(1)

        assert simulation.commands_to(worker) == [CloseRoom(room=room)]
        assert simulation.rooms.next_deadline() is None

    def test_before_the_answer_is_for_good(self, simulation, worker):
        simulation.send(1, Start(game="d", offer="v=0"))

        simulation.disconnect(1)

        assert isinstance(simulation.commands_to(worker)[0], CloseRoom)
        assert worker.free == worker.capacity

    def test_while_it_comes_back_dismisses_the_offer(self, simulation, worker, room):
        simulation.send(2, Join(room=room, offer="v=2"))

        simulation.disconnect(2)

        assert simulation.commands_to(worker) == [Dismiss(room=room, viewer="v3")]
        assert "m2" in simulation.seats(1)


def test_two_hundred_aborted_starts_leave_nothing(simulation, worker):
    for _ in range(200):
        simulation.send(1, Start(game="d", offer="v=0"))
        simulation.disconnect(1)

    assert worker.free == worker.capacity
    assert simulation.rooms.next_deadline() is None
    assert not simulation.rooms.members


def test_a_room_takes_so_many_and_not_one_more(simulation, worker):
    room = simulation.play(1).room
    for page in range(2, MAX_MEMBERS + 1):
        simulation.enter(page, room)

    simulation.send(100, Join(room=room, offer="v=1"))

    assert simulation.outcome(100) == ("Refused", "room_full")
    assert not any(isinstance(command, Admit) for command in simulation.commands_to(worker))
