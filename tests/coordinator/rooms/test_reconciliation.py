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
from tests.coordinator.simulation import Floor


@pytest.fixture
def floor():
    return Floor()


@pytest.fixture
def worker(floor):
    return floor.worker()


@pytest.fixture
def room(floor, worker):
    floor.started = floor.play(1)
    floor.enter(2, floor.started.room)
    return floor.started.room


def come_back(floor, worker, room, viewers=("v1", "v2"), **options):
    """The worker's link broke, and is there again."""
    floor.lose(worker)
    again = floor.worker(holding=1)
    floor.bring(again, room, viewers, **options)
    return again


class TestAfterALostLink:
    def test_play_never_stopped(self, floor, worker, room):
        again = come_back(floor, worker, room)

        assert floor.commands(again) == [
            SeatViewer(room=room, viewer="v1", seat=0),
            SeatViewer(room=room, viewer="v2", seat=1),
        ]
        assert floor.to(1) == floor.to(2) == []
        assert floor.room(room).worker is again
        assert floor.rooms.next_deadline() is None
        assert again.free == again.capacity - 1

    def test_a_connection_that_ended_meanwhile_is_made_again(self, floor, worker, room):
        come_back(floor, worker, room, viewers=("v1",))

        assert floor.to(1) == []
        assert floor.code(2) == ("Reconnect", "connection_lost")

    def test_seats_that_changed_meanwhile_are_told(self, floor, worker, room):
        floor.lose(worker)
        floor.say(2, TakeSeat(seat=3))
        again = floor.worker(holding=1)

        floor.bring(again, room, ("v1", "v2"))

        assert SeatViewer(room=room, viewer="v2", seat=3) in floor.commands(again)

    def test_who_left_or_came_anew_meanwhile_is_told(self, floor, worker, room):
        floor.lose(worker)
        floor.say(2, Leave())
        floor.say(3, Join(room=room, offer="v=3"))
        again = floor.worker(holding=1)

        floor.bring(again, room, ("v1", "v2"))

        assert floor.commands(again) == [
            SeatViewer(room=room, viewer="v1", seat=0),
            Dismiss(room=room, viewer="v2"),
            Admit(room=room, viewer="v3", seat=1, offer="v=3"),
        ]

    def test_an_order_that_got_lost_is_given_again(self, floor, worker, room):
        floor.say(3, Join(room=room, offer="v=3"))

        again = come_back(floor, worker, room)

        assert floor.commands(again)[-1] == Admit(room=room, viewer="v3", seat=2, offer="v=3")

    def test_an_answer_that_got_lost_is_asked_for_again(self, floor, worker, room):
        floor.say(2, Join(room=room, offer="v=3"))

        again = come_back(floor, worker, room, viewers=("v1", "v3"))

        assert Dismiss(room=room, viewer="v3") in floor.commands(again)
        assert floor.code(2) == ("Reconnect", "connection_lost")

    def test_a_newcomer_whose_answer_got_lost_is_refused(self, floor, worker, room):
        floor.say(3, Join(room=room, offer="v=3"))

        come_back(floor, worker, room, viewers=("v1", "v2", "v3"))

        assert floor.code(3) == ("Refused", "worker_lost")
        assert floor.seats(1) == {"m1": 0, "m2": 1}

    def test_a_room_that_waited_for_a_place_is_taken_from_who_has_it(self, floor, worker, room):
        floor.lose(worker)
        floor.wait(RETURN_SECONDS)
        assert floor.code(1) == ("Reconnect", "no_place")
        again = floor.worker(holding=4)

        floor.bring(again, room, ("v1", "v2"))

        assert OpenRoom not in map(type, floor.commands(again))
        assert floor.room(room).epoch == 1
        assert floor.to(1)[-1].ready

    def test_a_worker_that_still_tells_what_it_has_is_given_nothing(self, floor, worker, room):
        floor.lose(worker)
        floor.wait(RETURN_SECONDS)

        again = floor.worker(capacity=9, holding=1)
        assert floor.told == []
        floor.bring(again, room, ("v1", "v2"))

        assert OpenRoom not in map(type, floor.commands(again))
        assert floor.room(room).worker is again

    def test_the_link_before_may_be_noticed_to_be_gone_only_later(self, floor, worker, room):
        again = floor.worker(holding=1)

        floor.bring(again, room, ("v1", "v2"))

        assert floor.commands(worker) == [CloseRoom(room=room, superseded=True)], "which it never reads"
        assert worker.free == worker.capacity
        assert floor.lose(worker) == []
        assert floor.room(room).phase is Phase.OPEN


class TestTwoCopies:
    def test_the_one_that_was_opened_later_is_the_room(self, floor, worker, room):
        old = floor.records[room]
        other = floor.worker()
        floor.lose(worker)
        floor.wait(RETURN_SECONDS)
        assert floor.room(room).worker is other

        again = floor.worker(holding=1)
        floor.bring(again, room, ("v1", "v2"), record=old)

        assert floor.told == [(again.id, CloseRoom(room=room, superseded=True))]
        assert floor.room(room).worker is other
        assert again.free == again.capacity

    def test_of_which_a_new_coordinator_meets_the_older_first(self, floor, worker, room):
        old = floor.records[room]
        floor.worker()
        floor.lose(worker)
        floor.wait(RETURN_SECONDS)
        new = floor.records[room]
        after = Floor()
        first, second = after.worker(holding=1), after.worker(holding=1)

        after.bring(first, room, ("v1", "v2"), record=old)
        after.bring(second, room, (), record=new)

        assert after.commands(first) == [CloseRoom(room=room, superseded=True)]
        assert after.room(room).worker is second
        assert after.room(room).epoch == 2

    def test_whose_members_are_those_of_the_later_one(self, floor, worker, room):
        old, host = floor.records[room], floor.started
        floor.worker()
        floor.lose(worker)
        floor.wait(RETURN_SECONDS)
        late = floor.enter(3, room)
        after = Floor()
        first, second = after.worker(holding=1), after.worker(holding=1)
        after.bring(first, room, ("v1",), record=old)
        after.say(7, Back(room=room, token=host.token))

        after.bring(second, room, (), record=floor.records[room])

        assert after.code(7) == ("Reconnect", "connection_lost")
        assert after.enter(8, room, token=late.token).member == late.member
        assert after.enter(7, room, token=host.token).member == host.member

    def test_of_which_none_was_opened_later_one_is_closed_all_the_same(self, floor, worker, room):
        old = floor.records[room]
        floor.worker()
        floor.lose(worker)
        floor.wait(RETURN_SECONDS)
        after = Floor()
        first, third = after.worker(holding=1), after.worker()
        after.bring(first, room, (), record=old)
        after.lose(first)
        after.wait(RETURN_SECONDS)
        assert after.room(room).worker is third
        second = after.worker(holding=1)

        after.bring(second, room, (), record=floor.records[room])

        assert after.commands(third) == [CloseRoom(room=room, superseded=True)]
        assert after.room(room).worker is second
        assert third.free == third.capacity

    def test_a_room_that_is_over_does_not_come_back(self, floor, worker, room):
        record = floor.records[room]
        floor.lose(worker)
        floor.say(1, Leave())
        floor.say(2, Leave())
        again = floor.worker(holding=1)

        floor.bring(again, room, ("v1",), record=record)

        assert floor.told == [(again.id, CloseRoom(room=room))]
        assert again.free == again.capacity

    def test_a_copy_of_a_room_that_is_only_starting_is_closed(self, floor, worker):
        floor.say(1, Start(game="d", offer="v=0"))
        other = floor.worker(holding=1)

        floor.bring(other, "id2", ())

        assert floor.told == [(other.id, CloseRoom(room="id2", superseded=True))]


class TestANewCoordinator:
    def test_knows_members_seats_and_tokens_from_the_workers(self, floor, room):
        after = Floor()
        worker = after.worker(holding=1)
        after.bring(worker, room, ("v1", "v2"), record=floor.records[room])

        again = after.enter(7, room, token=floor.started.token)

        assert (again.member, again.seat) == ("m1", 0)
        assert after.seats(7) == {"m1": 0, "m2": 1}
        assert after.states[7].host == "m1"
        assert after.room(room).codec == "H264"

    def test_gives_ids_that_nobody_has(self, floor, room):
        after = Floor()
        after.bring(after.worker(holding=1), room, ("v1", "v2"), record=floor.records[room])

        after.say(7, Join(room=room, offer="v=1"))

        [(_, admission)] = after.told
        assert (admission.viewer, admission.seat) == ("v3", 2)

    def test_lets_the_time_run_for_those_without_media(self, floor, room):
        after = Floor()
        worker = after.worker(holding=1)
        after.bring(worker, room, ("v1",), record=floor.records[room])

        after.wait(120)
        assert after.commands(worker) == []
        assert list(after.room(room).company.members) == ["m1"]

    def test_has_no_place_that_is_not_told_of_yet(self):
        after = Floor()
        worker = after.worker(capacity=2, holding=2)

        after.say(1, Start(game="d", offer="v=0"))

        assert after.code(1) == ("Refused", "no_seats")
        assert worker.free == 0

    @pytest.mark.parametrize("record", ["", "{}", "[1]", "nonsense"])
    def test_closes_a_room_whose_record_it_can_not_read(self, record):
        after = Floor()
        worker = after.worker(holding=1)

        after.bring(worker, "r1", (), record=record or " ")

        assert after.told == [(worker.id, CloseRoom(room="r1"))]
        assert worker.free == worker.capacity

    def test_takes_an_answer_for_what_was_asked_before_for_nothing(self, floor, room):
        after = Floor()
        worker = after.worker(holding=1)
        after.bring(worker, room, ("v1",), record=floor.records[room])

        assert after.answer(worker, Admitted(room=room, viewer="v9", answer="a=1")) == []
