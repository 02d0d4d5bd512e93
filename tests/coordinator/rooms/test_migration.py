"""Rooms that are moved."""

import pytest

from coordinator.errors import DeniedError
from coordinator.messages import (
    Admitted,
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
)
from coordinator.rooms.decisions import Recovered, ToPage
from coordinator.rooms.migration import ARRIVE_SECONDS, FREEZE_SECONDS, MOVE_AGAIN_SECONDS, PREPARE_SECONDS
from coordinator.rooms.phases import Phase
from tests.coordinator.simulation import AIRSTRIKER


@pytest.fixture
def room(simulation, worker):
    return simulation.play(1).room


def move(simulation, room):
    simulation.carry_out(simulation.rooms.move(simulation.room(room), simulation.now))
    return simulation.prepare()


def kinds(simulation, worker):
    return [type(command) for command in simulation.commands_to(worker)]


class TestMove:
    def test_stays_in_its_region_and_else_goes_where_its_players_are_close(self, simulation):
        before = simulation.add_worker(region="east")
        room = simulation.play(1, delays={"east": 5, "north": 90, "west": 30}).room
        simulation.add_worker(region="north")
        west = simulation.add_worker(region="west")
        last = simulation.add_worker(capacity=1, region="east")

        move(simulation, room)
        assert simulation.room(room).target is last
        simulation.reply(before, Frozen(room=room))
        move(simulation, room)
        assert simulation.room(room).target is before
        simulation.reply(before, Thawed(room=room, code="x", message="X."))
        before.draining = True

        simulation.reply(last, Thawed(room=room, code="x", message="X."))
        move(simulation, room)

        assert simulation.room(room).target is west

    def test_freezes_the_room_and_opens_it_on_another_worker(self, simulation, worker, room):
        other = simulation.add_worker()

        assert move(simulation, room) == [(worker.id, Freeze(room=room))]
        simulation.now = 0.25
        simulation.reply(worker, Frozen(room=room))

        assert simulation.commands_to(other) == [OpenRoom(room=room, game="d", resume=True, epoch=2, codec="H264")]
        assert simulation.outcome(1) == ("Reconnect", "moved")
        assert worker.free == worker.capacity
        simulation.send(1, Join(room=room, offer="v=1"))
        simulation.admit()
        assert Recovered("moved", 0.0) in simulation.decided

    def test_stops_the_game_when_a_process_is_ready_for_it_elsewhere_or_after_a_while(self, simulation, worker, room):
        other = simulation.add_worker()
        third = simulation.add_worker(games=(AIRSTRIKER,))

        assert simulation.carry_out(simulation.rooms.move(simulation.room(room), simulation.now)) == [
            (other.id, Prepare(room=room))
        ]
        assert simulation.reply(third, Prepared(room=room)) == []
        assert simulation.advance(PREPARE_SECONDS) == [(worker.id, Freeze(room=room))]
        assert simulation.reply(other, Prepared(room=room)) == []

    def test_that_loses_its_end_before_it_began_stops_nothing(self, simulation, worker, room):
        other = simulation.add_worker()
        simulation.carry_out(simulation.rooms.move(simulation.room(room), simulation.now))

        simulation.disconnect_worker(other)

        assert simulation.advance(PREPARE_SECONDS) == []
        assert simulation.room(room).phase is Phase.OPEN

    def test_lets_joins_wait_for_the_new_place(self, simulation, worker, room):
        other = simulation.add_worker()
        move(simulation, room)
        assert simulation.send(2, Join(room=room, offer="v=1")) == []

        simulation.reply(worker, Frozen(room=room))

        assert [type(command).__name__ for command in simulation.commands_to(other)] == ["OpenRoom", "Admit"]

    def test_holds_a_place_at_its_end(self, simulation, worker, room):
        other = simulation.add_worker(capacity=1)
        move(simulation, room)

        assert other.free == 0
        simulation.reply(worker, Frozen(room=room))
        assert other.free == 0
        assert kinds(simulation, other) == [OpenRoom]

    def test_is_denied_without_another_place(self, simulation, worker, room):
        simulation.add_worker(games=(AIRSTRIKER,))

        with pytest.raises(DeniedError, match="no_place"):
            move(simulation, room)
        assert simulation.room(room).phase is Phase.OPEN

    def test_is_denied_while_it_goes_on_already(self, simulation, worker, room):
        simulation.add_worker()
        move(simulation, room)

        with pytest.raises(DeniedError, match="not_open"):
            move(simulation, room)

    def test_that_fails_leaves_the_room_where_it_is(self, simulation, worker, room):
        other = simulation.add_worker()
        move(simulation, room)
        simulation.send(2, Join(room=room, offer="v=1"))

        simulation.reply(worker, Thawed(room=room, code="store_failed", message="The store can't be reached."))

        assert [type(command).__name__ for command in simulation.commands_to(worker)] == ["Admit"]
        assert simulation.sent_to(1) == []
        assert other.free == other.capacity
        assert simulation.room(room).phase is Phase.OPEN

    def test_that_is_not_answered_goes_on_from_the_snapshot_before(self, simulation, worker, room):
        other = simulation.add_worker()
        move(simulation, room)

        simulation.advance(FREEZE_SECONDS)

        assert simulation.commands_to(worker)[0] == CloseRoom(room=room, superseded=True)
        assert OpenRoom in kinds(simulation, worker) + kinds(simulation, other)
        assert simulation.outcome(1) == ("Reconnect", "room_silent")

    def test_of_a_room_that_dies_meanwhile_goes_on_from_the_snapshot_before(self, simulation, worker, room):
        simulation.add_worker()
        move(simulation, room)

        simulation.reply(worker, RoomClosed(room=room, code="core_crashed", message="It crashed."))

        assert simulation.outcome(1) == ("Reconnect", "core_crashed")

    def test_to_a_worker_that_is_lost_meanwhile_finds_another(self, simulation, worker, room):
        other = simulation.add_worker()
        move(simulation, room)
        assert simulation.disconnect_worker(other) == []
        third = simulation.add_worker()

        simulation.reply(worker, Frozen(room=room))

        assert kinds(simulation, third) == [OpenRoom]

    def test_with_no_place_left_goes_back(self, simulation, worker, room):
        other = simulation.add_worker()
        move(simulation, room)
        simulation.disconnect_worker(other)

        simulation.reply(worker, Frozen(room=room))

        assert kinds(simulation, worker) == [OpenRoom]


def test_a_room_that_is_on_another_worker_is_not_frozen_by_this_one(simulation, worker, room):
    other = simulation.add_worker()

    assert simulation.reply(other, Frozen(room=room)) == []
    assert simulation.room(room).worker is worker


class TestDrain:
    def test_an_operator_starts_it_too(self, simulation, worker, room):
        simulation.add_worker()

        simulation.rooms.drain(worker.id)
        simulation.carry_out(())

        assert simulation.prepare() == [(worker.id, Freeze(room=room))]

    def test_moves_all_rooms_and_lets_none_in(self, simulation, worker, room):
        other = simulation.add_worker(capacity=9)

        simulation.reply(worker, Draining())
        simulation.prepare()

        assert simulation.commands_to(worker) == [Freeze(room=room)]
        simulation.reply(worker, Frozen(room=room))
        assert kinds(simulation, other) == [OpenRoom]
        assert worker.free == 0
        simulation.send(2, Start(game="d", offer="v=0"))
        assert kinds(simulation, other) == [OpenRoom]

    @pytest.mark.parametrize(("capacity", "rooms_at_a_time"), [(1, 1), (8, 1), (9, 2), (64, 8)])
    def test_moves_an_eighth_of_what_the_worker_takes_at_a_time(self, simulation, capacity, rooms_at_a_time):
        worker = simulation.add_worker(capacity=capacity)
        for page in range(capacity):
            simulation.play(page)
        simulation.add_worker(capacity=capacity)

        simulation.reply(worker, Draining())
        simulation.prepare()

        assert kinds(simulation, worker) == [Freeze] * rooms_at_a_time

    def test_moves_the_next_room_when_the_one_before_is_played_again(self, simulation):
        worker = simulation.add_worker(capacity=8)
        for page in (1, 2):
            simulation.play(page)
        other = simulation.add_worker(capacity=8)
        simulation.reply(worker, Draining())
        simulation.prepare()
        [freeze] = simulation.commands_to(worker)

        simulation.reply(worker, Frozen(room=freeze.room))
        assert kinds(simulation, worker) == []
        page = next(d.page for d in simulation.decided if isinstance(d, ToPage))
        simulation.send(page, Join(room=freeze.room, offer="v=1"))
        simulation.reply(other, Admitted(room=freeze.room, viewer="v2", answer="a=1"))

        simulation.prepare()
        assert kinds(simulation, worker) == [Freeze]

    def test_moves_the_next_room_also_when_nobody_comes_to_the_one_before(self, simulation):
        worker = simulation.add_worker(capacity=8)
        for page in (1, 2):
            simulation.play(page)
        simulation.add_worker(capacity=8)
        simulation.reply(worker, Draining())
        simulation.prepare()
        simulation.reply(worker, Frozen(room=simulation.commands_to(worker)[0].room))

        simulation.advance(ARRIVE_SECONDS)

        simulation.prepare()
        assert kinds(simulation, worker) == [Freeze]

    def test_moves_the_next_room_also_when_the_one_before_is_over(self, simulation):
        worker = simulation.add_worker(capacity=8)
        for page in (1, 2):
            simulation.play(page)
        simulation.add_worker(capacity=8)
        simulation.reply(worker, Draining())
        simulation.prepare()
        simulation.reply(worker, Frozen(room=simulation.commands_to(worker)[0].room))

        simulation.send(next(d.page for d in simulation.decided if isinstance(d, ToPage)), Leave())

        simulation.prepare()
        assert kinds(simulation, worker) == [Freeze]

    def test_without_another_place_waits_for_one(self, simulation, worker, room):
        simulation.reply(worker, Draining())
        simulation.prepare()
        assert simulation.decided == []

        simulation.add_worker()

        simulation.prepare()
        assert simulation.commands_to(worker) == [Freeze(room=room)]

    def test_waits_for_a_room_that_is_starting(self, simulation, worker):
        simulation.send(1, Start(game="d", offer="v=0"))
        simulation.add_worker()
        simulation.reply(worker, Draining())
        simulation.prepare()
        assert simulation.decided == []

        simulation.reply(worker, Admitted(room="id2", viewer="v1", answer="a=1"))

        simulation.prepare()
        assert simulation.commands_to(worker) == [Freeze(room="id2")]

    def test_of_a_worker_that_gives_up_a_room_itself_lets_it_wait(self, simulation, worker, room):
        simulation.reply(worker, Draining())
        simulation.prepare()

        simulation.reply(worker, Frozen(room=room))

        assert simulation.outcome(1) == ("Reconnect", "no_place")
        assert simulation.room(room).phase is Phase.HOMELESS

    def test_of_a_worker_that_gives_up_a_start_refuses_it(self, simulation, worker):
        simulation.send(1, Start(game="d", offer="v=0"))

        simulation.reply(worker, Frozen(room="id2"))

        assert simulation.outcome(1) == ("Refused", "worker_stopped")

    def test_tries_again_after_a_while_what_could_not_be_frozen(self, simulation, worker, room):
        simulation.add_worker()
        simulation.reply(worker, Draining())
        simulation.prepare()
        simulation.reply(worker, Thawed(room=room, code="store_failed", message="The store can't be reached."))
        assert simulation.commands_to(worker) == []

        simulation.advance(MOVE_AGAIN_SECONDS)

        simulation.prepare()
        assert simulation.commands_to(worker) == [Freeze(room=room)]
