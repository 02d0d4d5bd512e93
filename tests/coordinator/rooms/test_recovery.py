"""Rooms whose process or worker is gone."""

import pytest

from coordinator.messages import Admit, CloseRoom, Join, Measured, OpenRoom, RoomClosed, Start
from coordinator.rooms.decisions import Recovered
from coordinator.rooms.endings import EARLY_DEATH
from coordinator.rooms.phases import Phase
from coordinator.rooms.recovery import RETURN_SECONDS


@pytest.fixture
def room(simulation, worker):
    """Open a room with pages 1 and 2, and let it run for a while."""
    room = simulation.play(1, scale=2).room
    simulation.enter(2, room)
    simulation.now = 1000.0
    return room


def crash(simulation, worker, room, code="core_crashed"):
    sentence = "The game's core crashed (segmentation fault). Start the game again."
    return simulation.reply(worker, RoomClosed(room=room, code=code, message=sentence))


class TestACrash:
    def test_opens_the_room_at_once_from_its_snapshot_and_calls_everybody_back(self, simulation, worker, room):
        crash(simulation, worker, room)

        assert simulation.commands_to(worker) == [
            OpenRoom(room=room, game="d", scale=2, resume=True, epoch=2, codec="H264"),
        ]
        assert simulation.outcome(1) == simulation.outcome(2) == ("Reconnect", "core_crashed")
        [call_to_reconnect] = simulation.sent_to(1)
        assert call_to_reconnect.ready
        assert call_to_reconnect.message == (
            "The game's core crashed (segmentation fault). It goes on from where it was saved last."
        )
        assert simulation.seats(1) == {"m1": 0, "m2": 1}

    def test_is_over_with_the_first_answer_and_measured(self, simulation, worker, room):
        token = simulation.enter(3, room).token
        crash(simulation, worker, room)
        simulation.now += 0.5

        simulation.send(3, Join(room=room, offer="v=3", token=token))
        assert simulation.admit()[0].seat == 2

        assert Recovered("core_crashed", 0.5) in simulation.decided
        simulation.send(1, Join(room=room, offer="v=3"))
        simulation.admit()
        assert not any(isinstance(decision, Recovered) for decision in simulation.decided)

    def test_of_a_start_refuses_it(self, simulation, worker):
        simulation.send(1, Start(game="d", offer="v=0"))

        crash(simulation, worker, "id2")

        assert simulation.outcome(1) == ("Refused", "core_crashed")
        assert worker.free == worker.capacity

    def test_in_the_middle_of_a_join_does_not_cost_it(self, simulation, worker, room):
        simulation.send(3, Join(room=room, offer="v=3"))

        crash(simulation, worker, room)

        opening, admission = simulation.commands_to(worker)
        assert isinstance(opening, OpenRoom)
        assert admission == Admit(room=room, viewer="v3", seat=2, offer="v=3")
        assert simulation.sent_to(3) == []

    def test_that_is_reported_late_does_not_end_the_next_opening(self, simulation, worker, room):
        crash(simulation, worker, room)

        late = RoomClosed(room=room, code="core_crashed", message="It crashed.", epoch=1)

        assert simulation.reply(worker, late) == []

    def test_while_nobody_is_there_opens_the_room_all_the_same(self, simulation, worker, room):
        simulation.disconnect(1)
        simulation.disconnect(2)

        crash(simulation, worker, room)

        assert isinstance(simulation.commands_to(worker)[0], OpenRoom)
        simulation.advance(120)
        assert simulation.commands_to(worker) == [CloseRoom(room=room)]


class TestALoopOfCrashes:
    def test_ends_after_three_early_deaths(self, simulation, worker, room):
        crash(simulation, worker, room)  # after long play
        for _ in range(2):
            simulation.now += EARLY_DEATH - 1
            crash(simulation, worker, room)
            assert simulation.outcome(1)[0] == "Reconnect"
        simulation.now += EARLY_DEATH - 1

        crash(simulation, worker, room)

        assert simulation.outcome(1) == simulation.outcome(2) == ("Ended", "core_crashed")
        assert "3 times in a row" in simulation.sent_to(1)[0].message
        assert worker.free == worker.capacity
        assert simulation.rooms.next_deadline() is None

    def test_is_none_if_the_game_was_played_in_between(self, simulation, worker, room):
        for _ in range(10):
            crash(simulation, worker, room)
            assert simulation.outcome(1)[0] == "Reconnect"
            simulation.now += EARLY_DEATH


@pytest.mark.parametrize("code", ["closed", "game_over", "core_missing", "unknown_game", "of_a_newer_worker"])
def test_what_is_over_is_over(simulation, worker, room, code):
    crash(simulation, worker, room, code)

    assert simulation.outcome(1) == simulation.outcome(2) == ("Ended", code)
    assert simulation.room(room) is None


def test_a_worker_that_is_told_to_end_gets_no_room_back(simulation, worker, room):
    other = simulation.add_worker(capacity=1)

    crash(simulation, worker, room, "worker_stopped")

    assert isinstance(simulation.commands_to(other)[0], OpenRoom)


class TestALostWorker:
    def test_is_given_a_moment_to_return(self, simulation, worker, room):
        simulation.add_worker()
        assert simulation.disconnect_worker(worker) == []

        assert simulation.advance(RETURN_SECONDS - 0.01) == []
        assert simulation.room(room).phase is Phase.ASTRAY

    def test_then_its_rooms_go_on_elsewhere(self, simulation, worker, room):
        other = simulation.add_worker()
        simulation.disconnect_worker(worker)

        simulation.advance(RETURN_SECONDS)

        assert isinstance(simulation.commands_to(other)[0], OpenRoom)
        assert simulation.outcome(1) == simulation.outcome(2) == ("Reconnect", "worker_lost")

    def test_counts_as_down_from_its_loss(self, simulation, worker, room):
        simulation.add_worker()
        simulation.disconnect_worker(worker)
        simulation.advance(RETURN_SECONDS)
        simulation.now += 1.0

        simulation.send(1, Join(room=room, offer="v=3"))
        simulation.admit()

        assert Recovered("worker_lost", RETURN_SECONDS + 1.0) in simulation.decided

    def test_lets_joins_wait(self, simulation, worker, room):
        other = simulation.add_worker()
        simulation.disconnect_worker(worker)
        assert simulation.send(3, Join(room=room, offer="v=3")) == []

        simulation.advance(RETURN_SECONDS)

        assert [type(command) for command in simulation.commands_to(other)] == [OpenRoom, Admit]
        assert simulation.admit()[0].seat == 2

    def test_refuses_what_it_was_starting(self, simulation, worker):
        simulation.send(1, Start(game="d", offer="v=0"))

        simulation.disconnect_worker(worker)

        assert simulation.outcome(1) == ("Refused", "worker_lost")
        assert simulation.rooms.next_deadline() is None

    def test_leaves_the_other_workers_rooms_alone(self, simulation, worker, room):
        other = simulation.add_worker()

        assert simulation.disconnect_worker(other) == []
        assert simulation.room(room).phase is Phase.OPEN


class TestItsNextRegion:
    def lost(self, simulation, room):
        """Its worker dies; where it goes on."""
        simulation.disconnect_worker(simulation.room(room).worker)
        simulation.advance(RETURN_SECONDS)
        return simulation.room(room).region

    def test_is_the_one_that_it_was_in(self, simulation):
        simulation.add_worker(region="east")
        room = simulation.play(1, delays={"east": 80, "west": 5}).room
        simulation.add_worker(region="west", capacity=9)
        simulation.add_worker(region="east", capacity=1)

        assert self.lost(simulation, room) == "east"

    def test_is_the_closest_to_the_player_who_is_the_farthest_away(self, simulation):
        simulation.add_worker(region="east")
        room = simulation.play(1, delays={"east": 5, "north": 20, "west": 90}).room
        simulation.enter(2, room, delays={"east": 90, "north": 95, "west": 70})
        simulation.enter(3, room, delays={"north": 1, "west": 500}, watch=True)
        simulation.add_worker(region="north")
        simulation.add_worker(region="west")

        assert self.lost(simulation, room) == "west"

    def test_is_known_from_what_a_page_measured_last(self, simulation):
        simulation.add_worker(region="east")
        room, token = (started := simulation.play(1, delays={"north": 20, "west": 90})).room, started.token
        simulation.send(1, Join(room=room, offer="v=1", token=token, delays={"north": 90, "west": 20}))
        simulation.send(1, Join(room=room, offer="v=1", token=token))
        simulation.admit()
        simulation.add_worker(region="north")
        simulation.add_worker(region="west")

        assert self.lost(simulation, room) == "west"

    def test_is_known_from_what_a_page_measured_in_mid_game(self, simulation):
        simulation.add_worker(region="east")
        room = simulation.play(1).room
        assert simulation.send(1, Measured(delays={"north": 90, "west": 20})) == []
        simulation.send(2, Measured(delays={"north": 1}))
        simulation.add_worker(region="north")
        simulation.add_worker(region="west")

        assert self.lost(simulation, room) == "west"

    def test_may_be_any_if_nothing_is_known(self, simulation):
        simulation.add_worker(region="east")
        room = simulation.play(1).room
        simulation.add_worker(region="west")

        assert self.lost(simulation, room) == "west"
