"""Members' actions in their room."""

import pytest

from coordinator.messages import (
    Back,
    Dismiss,
    GiveSeat,
    Join,
    Leave,
    MakeHost,
    Measured,
    Remove,
    Rename,
    SeatViewer,
    SetRoom,
    TakeSeat,
)

PROFILE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


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


def test_what_a_page_measures_counts_for_its_member(simulation, room):
    assert simulation.send(2, Measured(delays={"east": 5.0})) == []

    assert simulation.room(room).region_preference.delays == {"east": 5.0}


def test_what_a_page_in_no_room_measures_is_no_mistake(simulation):
    assert simulation.send(1, Measured(delays={"east": 5.0})) == []
