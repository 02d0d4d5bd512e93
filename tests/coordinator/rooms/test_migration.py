"""Rooms that are moved."""

import pytest

from coordinator.messages import (
    Admitted,
    Candidate,
    CloseRoom,
    Draining,
    Freeze,
    Frozen,
    Join,
    Leave,
    OpenRoom,
    Prepare,
    Prepared,
    RoomClosed,
    Start,
    Thawed,
    Trickle,
)
from coordinator.rooms.decisions import Recovered, ToPage
from coordinator.rooms.migration import ARRIVE_SECONDS, FREEZE_SECONDS, MOVE_AGAIN_SECONDS, PREPARE_SECONDS
from coordinator.rooms.phases import Phase
from coordinator.rooms.seats import DeniedError
from tests.coordinator.simulation import AIR, Floor

CANDIDATE = Candidate(candidate="candidate:1 1 udp 2 192.0.2.1 9 typ host", sdpMid="0")


@pytest.fixture
def floor():
    return Floor()


@pytest.fixture
def worker(floor):
    return floor.worker()


@pytest.fixture
def room(floor, worker):
    return floor.play(1).room


def move(floor, room):
    floor.decide(floor.rooms.move(floor.room(room), floor.now))
    return floor.prepare()


def kinds(floor, worker):
    return [type(command) for command in floor.commands(worker)]


class TestMove:
    def test_stays_in_its_region_and_else_goes_where_its_players_are_close(self, floor):
        before = floor.worker(region="east")
        room = floor.play(1, delays={"east": 5, "north": 90, "west": 30}).room
        floor.worker(region="north")
        west = floor.worker(region="west")
        last = floor.worker(capacity=1, region="east")

        move(floor, room)
        assert floor.room(room).target is last
        floor.answer(before, Frozen(room=room))
        move(floor, room)
        assert floor.room(room).target is before
        floor.answer(before, Thawed(room=room, code="x", message="X."))
        before.draining = True

        floor.answer(last, Thawed(room=room, code="x", message="X."))
        move(floor, room)

        assert floor.room(room).target is west

    def test_freezes_the_room_and_opens_it_on_another_worker(self, floor, worker, room):
        other = floor.worker()

        assert move(floor, room) == [(worker.id, Freeze(room=room))]
        floor.now = 0.25
        floor.answer(worker, Frozen(room=room))

        assert floor.commands(other) == [OpenRoom(room=room, game="d", resume=True, epoch=2, codec="H264")]
        assert floor.code(1) == ("Reconnect", "moved")
        assert worker.free == worker.capacity
        floor.say(1, Join(room=room, offer="v=1"))
        floor.admit()
        assert Recovered("moved", 0.0) in floor.told

    def test_stops_the_game_when_a_process_is_ready_for_it_elsewhere_or_after_a_while(self, floor, worker, room):
        other = floor.worker()
        third = floor.worker(games=(AIR,))

        assert floor.decide(floor.rooms.move(floor.room(room), floor.now)) == [(other.id, Prepare(room=room))]
        assert floor.answer(third, Prepared(room=room)) == []
        assert floor.wait(PREPARE_SECONDS) == [(worker.id, Freeze(room=room))]
        assert floor.answer(other, Prepared(room=room)) == []

    def test_that_loses_its_end_before_it_began_stops_nothing(self, floor, worker, room):
        other = floor.worker()
        floor.decide(floor.rooms.move(floor.room(room), floor.now))

        floor.lose(other)

        assert floor.wait(PREPARE_SECONDS) == []
        assert floor.room(room).phase is Phase.OPEN

    def test_lets_joins_wait_for_the_new_place(self, floor, worker, room):
        other = floor.worker()
        move(floor, room)
        assert floor.say(2, Join(room=room, offer="v=1")) == []
        assert floor.say(2, Trickle(candidate=CANDIDATE)) == []

        floor.answer(worker, Frozen(room=room))

        assert [type(command).__name__ for command in floor.commands(other)] == ["OpenRoom", "Admit", "ViewerCandidate"]

    def test_holds_a_place_at_its_end(self, floor, worker, room):
        other = floor.worker(capacity=1)
        move(floor, room)

        assert other.free == 0
        floor.answer(worker, Frozen(room=room))
        assert other.free == 0
        assert kinds(floor, other) == [OpenRoom]

    def test_is_denied_without_another_place(self, floor, worker, room):
        floor.worker(games=(AIR,))

        with pytest.raises(DeniedError, match="no_place"):
            move(floor, room)
        assert floor.room(room).phase is Phase.OPEN

    def test_is_denied_while_it_goes_on_already(self, floor, worker, room):
        floor.worker()
        move(floor, room)

        with pytest.raises(DeniedError, match="not_open"):
            move(floor, room)

    def test_that_fails_leaves_the_room_where_it_is(self, floor, worker, room):
        other = floor.worker()
        move(floor, room)
        floor.say(2, Join(room=room, offer="v=1"))

        floor.answer(worker, Thawed(room=room, code="store_failed", message="The store can't be reached."))

        assert [type(command).__name__ for command in floor.commands(worker)] == ["Admit"]
        assert floor.to(1) == []
        assert other.free == other.capacity
        assert floor.room(room).phase is Phase.OPEN

    def test_that_is_not_answered_goes_on_from_the_snapshot_before(self, floor, worker, room):
        other = floor.worker()
        move(floor, room)

        floor.wait(FREEZE_SECONDS)

        assert floor.commands(worker)[0] == CloseRoom(room=room, superseded=True)
        assert OpenRoom in kinds(floor, worker) + kinds(floor, other)
        assert floor.code(1) == ("Reconnect", "room_silent")

    def test_of_a_room_that_dies_meanwhile_goes_on_from_the_snapshot_before(self, floor, worker, room):
        floor.worker()
        move(floor, room)

        floor.answer(worker, RoomClosed(room=room, code="core_crashed", message="It crashed."))

        assert floor.code(1) == ("Reconnect", "core_crashed")

    def test_to_a_worker_that_is_lost_meanwhile_finds_another(self, floor, worker, room):
        other = floor.worker()
        move(floor, room)
        assert floor.lose(other) == []
        third = floor.worker()

        floor.answer(worker, Frozen(room=room))

        assert kinds(floor, third) == [OpenRoom]

    def test_is_said_in_vain_by_a_worker_that_has_not_got_the_room(self, floor, worker, room):
        other = floor.worker()
        move(floor, room)

        assert floor.answer(other, Frozen(room=room)) == []
        assert floor.room(room).worker is worker

    def test_with_no_place_left_goes_back(self, floor, worker, room):
        other = floor.worker()
        move(floor, room)
        floor.lose(other)

        floor.answer(worker, Frozen(room=room))

        assert kinds(floor, worker) == [OpenRoom]


class TestDrain:
    def test_moves_all_rooms_and_lets_none_in(self, floor, worker, room):
        other = floor.worker(capacity=9)

        floor.answer(worker, Draining())
        floor.prepare()

        assert floor.commands(worker) == [Freeze(room=room)]
        floor.answer(worker, Frozen(room=room))
        assert kinds(floor, other) == [OpenRoom]
        assert worker.free == 0
        floor.say(2, Start(game="d", offer="v=0"))
        assert kinds(floor, other) == [OpenRoom]

    @pytest.mark.parametrize(("capacity", "at_a_time"), [(1, 1), (8, 1), (9, 2), (64, 8)])
    def test_moves_an_eighth_of_what_the_worker_takes_at_a_time(self, floor, capacity, at_a_time):
        worker = floor.worker(capacity=capacity)
        for page in range(capacity):
            floor.play(page)
        floor.worker(capacity=capacity)

        floor.answer(worker, Draining())
        floor.prepare()

        assert kinds(floor, worker) == [Freeze] * at_a_time

    def test_moves_the_next_room_when_the_one_before_is_played_again(self, floor):
        worker = floor.worker(capacity=8)
        for page in (1, 2):
            floor.play(page)
        other = floor.worker(capacity=8)
        floor.answer(worker, Draining())
        floor.prepare()
        [freeze] = floor.commands(worker)

        floor.answer(worker, Frozen(room=freeze.room))
        assert kinds(floor, worker) == []
        page = next(d.page for d in floor.told if isinstance(d, ToPage))
        floor.say(page, Join(room=freeze.room, offer="v=1"))
        floor.answer(other, Admitted(room=freeze.room, viewer="v2", answer="a=1"))

        floor.prepare()
        assert kinds(floor, worker) == [Freeze]

    def test_moves_the_next_room_also_when_nobody_comes_to_the_one_before(self, floor):
        worker = floor.worker(capacity=8)
        for page in (1, 2):
            floor.play(page)
        floor.worker(capacity=8)
        floor.answer(worker, Draining())
        floor.prepare()
        floor.answer(worker, Frozen(room=floor.commands(worker)[0].room))

        floor.wait(ARRIVE_SECONDS)

        floor.prepare()
        assert kinds(floor, worker) == [Freeze]

    def test_moves_the_next_room_also_when_the_one_before_is_over(self, floor):
        worker = floor.worker(capacity=8)
        for page in (1, 2):
            floor.play(page)
        floor.worker(capacity=8)
        floor.answer(worker, Draining())
        floor.prepare()
        floor.answer(worker, Frozen(room=floor.commands(worker)[0].room))

        floor.say(next(d.page for d in floor.told if isinstance(d, ToPage)), Leave())

        floor.prepare()
        assert kinds(floor, worker) == [Freeze]

    def test_without_another_place_waits_for_one(self, floor, worker, room):
        floor.answer(worker, Draining())
        floor.prepare()
        assert floor.told == []

        floor.worker()

        floor.prepare()
        assert floor.commands(worker) == [Freeze(room=room)]

    def test_waits_for_a_room_that_is_starting(self, floor, worker):
        floor.say(1, Start(game="d", offer="v=0"))
        floor.worker()
        floor.answer(worker, Draining())
        floor.prepare()
        assert floor.told == []

        floor.answer(worker, Admitted(room="id2", viewer="v1", answer="a=1"))

        floor.prepare()
        assert floor.commands(worker) == [Freeze(room="id2")]

    def test_of_a_worker_that_gives_up_a_room_itself_lets_it_wait(self, floor, worker, room):
        floor.answer(worker, Draining())
        floor.prepare()

        floor.answer(worker, Frozen(room=room))

        assert floor.code(1) == ("Reconnect", "no_place")
        assert floor.room(room).phase is Phase.HOMELESS

    def test_of_a_worker_that_gives_up_a_start_refuses_it(self, floor, worker):
        floor.say(1, Start(game="d", offer="v=0"))

        floor.answer(worker, Frozen(room="id2"))

        assert floor.code(1) == ("Refused", "worker_stopped")

    def test_tries_again_after_a_while_what_could_not_be_frozen(self, floor, worker, room):
        floor.worker()
        floor.answer(worker, Draining())
        floor.prepare()
        floor.answer(worker, Thawed(room=room, code="store_failed", message="The store can't be reached."))
        assert floor.commands(worker) == []

        floor.wait(MOVE_AGAIN_SECONDS)

        floor.prepare()
        assert floor.commands(worker) == [Freeze(room=room)]
