"""The rooms as a whole: how members leave them, for good or for a while."""

from coordinator.messages import (
    Admit,
    CloseRoom,
    Dismiss,
    Join,
    Leave,
    Start,
    TakeSeat,
    ViewerLeft,
)
from coordinator.rooms.seats import MAX_MEMBERS


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
