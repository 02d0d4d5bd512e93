"""Workers that come back with rooms."""

import pytest

from coordinator.messages import (
    Admit,
    Admitted,
    Back,
    CloseRoom,
    Dismiss,
    Join,
    Leave,
    OpenRoom,
    SeatViewer,
    Start,
    TakeSeat,
)
from coordinator.rooms.phases import Phase
from coordinator.rooms.recovery import RETURN_SECONDS
from tests.coordinator.simulation import Simulation


@pytest.fixture
def room(simulation, worker):
    simulation.started = simulation.play(1)
    simulation.enter(2, simulation.started.room)
    return simulation.started.room


def come_back(simulation, worker, room, viewers=("v1", "v2"), **options):
    """Break the worker's link and connect it again."""
    simulation.disconnect_worker(worker)
    again = simulation.add_worker(holding=1)
    simulation.hold(again, room, viewers, **options)
    return again


class TestAfterALostLink:
    def test_play_never_stopped(self, simulation, worker, room):
        again = come_back(simulation, worker, room)

        assert simulation.commands_to(again) == [
            SeatViewer(room=room, viewer="v1", seat=0),
            SeatViewer(room=room, viewer="v2", seat=1),
        ]
        assert simulation.sent_to(1) == simulation.sent_to(2) == []
        assert simulation.room(room).worker is again
        assert simulation.rooms.next_deadline() is None
        assert again.free == again.capacity - 1

    def test_a_connection_that_ended_meanwhile_is_made_again(self, simulation, worker, room):
        come_back(simulation, worker, room, viewers=("v1",))

        assert simulation.sent_to(1) == []
        assert simulation.outcome(2) == ("Reconnect", "connection_lost")

    def test_seats_that_changed_meanwhile_are_told(self, simulation, worker, room):
        simulation.disconnect_worker(worker)
        simulation.send(2, TakeSeat(seat=3))
        again = simulation.add_worker(holding=1)

        simulation.hold(again, room, ("v1", "v2"))

        assert SeatViewer(room=room, viewer="v2", seat=3) in simulation.commands_to(again)

    def test_who_left_or_came_anew_meanwhile_is_told(self, simulation, worker, room):
        simulation.disconnect_worker(worker)
        simulation.send(2, Leave())
        simulation.send(3, Join(room=room, offer="v=3"))
        again = simulation.add_worker(holding=1)

        simulation.hold(again, room, ("v1", "v2"))

        assert simulation.commands_to(again) == [
            SeatViewer(room=room, viewer="v1", seat=0),
            Dismiss(room=room, viewer="v2"),
            Admit(room=room, viewer="v3", seat=1, offer="v=3"),
        ]

    def test_an_order_that_got_lost_is_given_again(self, simulation, worker, room):
        simulation.send(3, Join(room=room, offer="v=3"))

        again = come_back(simulation, worker, room)

        assert simulation.commands_to(again)[-1] == Admit(room=room, viewer="v3", seat=2, offer="v=3")

    def test_an_answer_that_got_lost_is_asked_for_again(self, simulation, worker, room):
        simulation.send(2, Join(room=room, offer="v=3"))

        again = come_back(simulation, worker, room, viewers=("v1", "v3"))

        assert Dismiss(room=room, viewer="v3") in simulation.commands_to(again)
        assert simulation.outcome(2) == ("Reconnect", "connection_lost")

    def test_a_newcomer_whose_answer_got_lost_is_refused(self, simulation, worker, room):
        simulation.send(3, Join(room=room, offer="v=3"))

        come_back(simulation, worker, room, viewers=("v1", "v2", "v3"))

        assert simulation.outcome(3) == ("Refused", "worker_lost")
        assert simulation.seats(1) == {"m1": 0, "m2": 1}

    def test_a_room_that_waited_for_a_place_is_taken_from_who_has_it(self, simulation, worker, room):
        simulation.disconnect_worker(worker)
        simulation.advance(RETURN_SECONDS)
        assert simulation.outcome(1) == ("Reconnect", "no_place")
        again = simulation.add_worker(holding=4)

        simulation.hold(again, room, ("v1", "v2"))

        assert OpenRoom not in map(type, simulation.commands_to(again))
        assert simulation.room(room).epoch == 1
        assert simulation.sent_to(1)[-1].ready

    def test_a_worker_that_still_tells_what_it_has_is_given_nothing(self, simulation, worker, room):
        simulation.disconnect_worker(worker)
        simulation.advance(RETURN_SECONDS)

        again = simulation.add_worker(capacity=9, holding=1)
        assert simulation.decided == []
        simulation.hold(again, room, ("v1", "v2"))

        assert OpenRoom not in map(type, simulation.commands_to(again))
        assert simulation.room(room).worker is again

    def test_the_link_before_may_be_noticed_to_be_gone_only_later(self, simulation, worker, room):
        again = simulation.add_worker(holding=1)

        simulation.hold(again, room, ("v1", "v2"))

        assert simulation.commands_to(worker) == [CloseRoom(room=room, superseded=True)], "which it never reads"
        assert worker.free == worker.capacity
        assert simulation.disconnect_worker(worker) == []
        assert simulation.room(room).phase is Phase.OPEN


class TestTwoCopies:
    def test_the_one_that_was_opened_later_is_the_room(self, simulation, worker, room):
        old = simulation.records[room]
        other = simulation.add_worker()
        simulation.disconnect_worker(worker)
        simulation.advance(RETURN_SECONDS)
        assert simulation.room(room).worker is other

        again = simulation.add_worker(holding=1)
        simulation.hold(again, room, ("v1", "v2"), record=old)

        assert simulation.decided == [(again.id, CloseRoom(room=room, superseded=True))]
        assert simulation.room(room).worker is other
        assert again.free == again.capacity

    def test_of_which_a_new_coordinator_meets_the_older_first(self, simulation, worker, room):
        old = simulation.records[room]
        simulation.add_worker()
        simulation.disconnect_worker(worker)
        simulation.advance(RETURN_SECONDS)
        new = simulation.records[room]
        after = Simulation()
        first, second = after.add_worker(holding=1), after.add_worker(holding=1)

        after.hold(first, room, ("v1", "v2"), record=old)
        after.hold(second, room, (), record=new)

        assert after.commands_to(first) == [CloseRoom(room=room, superseded=True)]
        assert after.room(room).worker is second
        assert after.room(room).epoch == 2

    def test_whose_members_are_those_of_the_later_one(self, simulation, worker, room):
        old, host = simulation.records[room], simulation.started
        simulation.add_worker()
        simulation.disconnect_worker(worker)
        simulation.advance(RETURN_SECONDS)
        late = simulation.enter(3, room)
        after = Simulation()
        first, second = after.add_worker(holding=1), after.add_worker(holding=1)
        after.hold(first, room, ("v1",), record=old)
        after.send(7, Back(room=room, token=host.token))

        after.hold(second, room, (), record=simulation.records[room])

        assert after.outcome(7) == ("Reconnect", "connection_lost")
        assert after.enter(8, room, token=late.token).member == late.member
        assert after.enter(7, room, token=host.token).member == host.member

    def test_of_which_none_was_opened_later_one_is_closed_all_the_same(self, simulation, worker, room):
        old = simulation.records[room]
        simulation.add_worker()
        simulation.disconnect_worker(worker)
        simulation.advance(RETURN_SECONDS)
        after = Simulation()
        first, third = after.add_worker(holding=1), after.add_worker()
        after.hold(first, room, (), record=old)
        after.disconnect_worker(first)
        after.advance(RETURN_SECONDS)
        assert after.room(room).worker is third
        second = after.add_worker(holding=1)

        after.hold(second, room, (), record=simulation.records[room])

        assert after.commands_to(third) == [CloseRoom(room=room, superseded=True)]
        assert after.room(room).worker is second
        assert third.free == third.capacity

    def test_a_room_that_is_over_does_not_come_back(self, simulation, worker, room):
        record = simulation.records[room]
        simulation.disconnect_worker(worker)
        simulation.send(1, Leave())
        simulation.send(2, Leave())
        again = simulation.add_worker(holding=1)

        simulation.hold(again, room, ("v1",), record=record)

        assert simulation.decided == [(again.id, CloseRoom(room=room))]
        assert again.free == again.capacity

    def test_a_copy_of_a_room_that_is_only_starting_is_closed(self, simulation, worker):
        simulation.send(1, Start(game="d", offer="v=0"))
        other = simulation.add_worker(holding=1)

        simulation.hold(other, "id2", ())

        assert simulation.decided == [(other.id, CloseRoom(room="id2", superseded=True))]


class TestANewCoordinator:
    def test_knows_members_seats_and_tokens_from_the_workers(self, simulation, room):
        after = Simulation()
        worker = after.add_worker(holding=1)
        after.hold(worker, room, ("v1", "v2"), record=simulation.records[room])

        again = after.enter(7, room, token=simulation.started.token)

        assert (again.member, again.seat) == ("m1", 0)
        assert after.seats(7) == {"m1": 0, "m2": 1}
        assert after.states[7].host == "m1"
        assert after.room(room).codec == "H264"

    def test_gives_ids_that_nobody_has(self, simulation, room):
        after = Simulation()
        after.hold(after.add_worker(holding=1), room, ("v1", "v2"), record=simulation.records[room])

        after.send(7, Join(room=room, offer="v=1"))

        [(_, admission)] = after.decided
        assert (admission.viewer, admission.seat) == ("v3", 2)

    def test_lets_the_time_run_for_those_without_media(self, simulation, room):
        after = Simulation()
        worker = after.add_worker(holding=1)
        after.hold(worker, room, ("v1",), record=simulation.records[room])

        after.advance(120)
        assert after.commands_to(worker) == []
        assert list(after.room(room).roster.members) == ["m1"]

    def test_has_no_place_that_is_not_told_of_yet(self):
        after = Simulation()
        worker = after.add_worker(capacity=2, holding=2)

        after.send(1, Start(game="d", offer="v=0"))

        assert after.outcome(1) == ("Refused", "no_seats")
        assert worker.free == 0

    @pytest.mark.parametrize("record", ["", "{}", "[1]", "nonsense"])
    def test_closes_a_room_whose_record_it_can_not_read(self, record):
        after = Simulation()
        worker = after.add_worker(holding=1)

        after.hold(worker, "r1", (), record=record or " ")

        assert after.decided == [(worker.id, CloseRoom(room="r1"))]
        assert worker.free == worker.capacity

    def test_takes_an_answer_for_what_was_asked_before_for_nothing(self, simulation, room):
        after = Simulation()
        worker = after.add_worker(holding=1)
        after.hold(worker, room, ("v1",), record=simulation.records[room])

        assert after.reply(worker, Admitted(room=room, viewer="v9", answer="a=1")) == []
