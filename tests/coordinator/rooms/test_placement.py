"""Places for rooms that have lost theirs."""

import pytest

from coordinator.messages import Admit, Join, Leave, OpenRoom, RoomClosed, Start
from coordinator.rooms.phases import Phase
from coordinator.rooms.placement import RETRY_SECONDS
from coordinator.rooms.recovery import RETURN_SECONDS
from tests.coordinator.simulation import AIRSTRIKER, DUEL, Simulation


@pytest.fixture
def simulation():
    return Simulation(place_seconds=60.0)


@pytest.fixture
def homeless(simulation):
    """Open a room with page 1, and lose its only worker."""
    worker = simulation.add_worker(capacity=1)
    simulation.started = simulation.play(1)
    simulation.disconnect_worker(worker)
    simulation.advance(RETURN_SECONDS)
    return simulation.started.room


def test_without_a_worker_everybody_is_told_to_wait(simulation, homeless):
    assert simulation.outcome(1) == ("Reconnect", "no_place")
    assert not simulation.sent_to(1)[0].ready
    assert simulation.room(homeless).phase is Phase.HOMELESS


def test_the_first_worker_that_comes_takes_it(simulation, homeless):
    worker = simulation.add_worker()
    # the simulation's own ``worker`` has carried out what followed
    assert simulation.commands_to(worker) == [OpenRoom(room=homeless, game="d", resume=True, epoch=2, codec="H264")]
    assert simulation.outcome(1) == ("Reconnect", "worker_lost")
    assert simulation.sent_to(1)[0].ready
    assert simulation.room(homeless).phase is Phase.OPEN


def test_a_worker_without_the_game_does_not(simulation, homeless):
    worker = simulation.add_worker(games=(AIRSTRIKER,))
    assert simulation.commands_to(worker) == []

    simulation.registry.update(worker.id, (AIRSTRIKER, DUEL))
    simulation.rooms.note_new_places()
    simulation.carry_out(())

    assert isinstance(simulation.commands_to(worker)[0], OpenRoom)


def test_a_place_that_comes_free_does(simulation):
    worker, full = (
        simulation.add_worker(capacity=1, games=(DUEL,)),
        simulation.add_worker(capacity=1, games=(AIRSTRIKER,)),
    )
    simulation.play(1, "d")
    simulation.play(2, "a")
    simulation.registry.update(full.id, (DUEL, AIRSTRIKER))
    simulation.disconnect_worker(worker)
    simulation.advance(RETURN_SECONDS)
    assert simulation.outcome(1) == ("Reconnect", "no_place")

    simulation.send(2, Leave())

    assert [type(command).__name__ for command in simulation.commands_to(full)] == ["CloseRoom", "OpenRoom"]


def test_who_comes_meanwhile_waits(simulation, homeless):
    simulation.send(2, Join(room=homeless, offer="v=2"))
    assert simulation.decided == []
    simulation.disconnect(1)
    simulation.send(3, Join(room=homeless, offer="v=3", token=simulation.started.token))
    assert simulation.outcome(3) == ("Reconnect", "no_place")

    worker = simulation.add_worker()

    assert [type(command) for command in simulation.commands_to(worker)] == [OpenRoom, Admit]
    assert simulation.outcome(3) == ("Reconnect", "worker_lost")


def test_a_member_that_was_connecting_drops_what_it_has(simulation):
    worker = simulation.add_worker()
    simulation.play(1)
    simulation.send(1, Join(room="id2", offer="v=1"))
    simulation.disconnect_worker(worker)

    simulation.advance(RETURN_SECONDS)

    assert simulation.outcome(1) == ("Reconnect", "no_place")
    worker = simulation.add_worker()
    assert [type(command) for command in simulation.commands_to(worker)] == [OpenRoom]


def test_it_ends_when_none_comes(simulation, homeless):
    simulation.send(2, Join(room=homeless, offer="v=2"))

    simulation.advance(60)

    assert simulation.outcome(1) == ("Ended", "no_place")
    assert simulation.outcome(2) == ("Refused", "no_place")
    assert simulation.rooms.next_deadline() is None


def test_after_a_crash_the_own_worker_is_taken_again_even_if_another_has_more_places(simulation):
    worker = simulation.add_worker(capacity=1)
    room = simulation.play(1).room
    simulation.add_worker(capacity=9)

    simulation.reply(worker, RoomClosed(room=room, code="core_crashed", message="It crashed."))

    assert isinstance(simulation.commands_to(worker)[0], OpenRoom)


class TestLater:
    """A worker that can't open a room yet."""

    @pytest.fixture
    def worker(self, simulation):
        return simulation.add_worker()

    @pytest.fixture
    def room(self, simulation, worker):
        room = simulation.play(1).room
        simulation.reply(worker, RoomClosed(room=room, code="core_crashed", message="It crashed."))
        return room

    def fail(self, simulation, worker, room):
        simulation.reply(worker, RoomClosed(room=room, code="store_failed", message="The store can't be reached."))

    def test_is_asked_again_after_a_while(self, simulation, worker, room):
        self.fail(simulation, worker, room)
        assert simulation.outcome(1) == ("Reconnect", "no_place")
        simulation.add_worker()
        assert simulation.decided == []

        simulation.advance(RETRY_SECONDS)

        assert simulation.outcome(1)[0] == "Reconnect"
        assert simulation.sent_to(1)[0].ready
        assert any(isinstance(d.message, OpenRoom) for d in simulation.decided)

    def test_is_not_asked_for_ever(self, simulation, worker, room):
        for _ in range(40):
            self.fail(simulation, worker, room)
            if simulation.room(room) is None:
                break
            simulation.advance(RETRY_SECONDS)

        assert simulation.outcome(1) == ("Ended", "store_failed")
        assert simulation.now == 60.0
        assert simulation.rooms.next_deadline() is None


def test_a_room_that_waits_takes_no_place_from_a_start(simulation, homeless):
    worker = simulation.add_worker(capacity=2)

    simulation.send(2, Start(game="d", offer="v=0"))

    assert isinstance(simulation.commands_to(worker)[0], OpenRoom)
    assert worker.free == 0
