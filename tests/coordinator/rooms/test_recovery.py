"""Rooms whose process or worker is gone."""

import pytest

from coordinator.messages import Admit, CloseRoom, Join, Measured, OpenRoom, RoomClosed, Start
from coordinator.rooms.decisions import Recovered
from coordinator.rooms.endings import EARLY_DEATH
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
    """A room with pages 1 and 2, for a while already."""
    room = floor.play(1, scale=2).room
    floor.enter(2, room)
    floor.now = 1000.0
    return room


def crash(floor, worker, room, code="core_crashed"):
    sentence = "The game's core crashed (segmentation fault). Start the game again."
    return floor.answer(worker, RoomClosed(room=room, code=code, message=sentence))


class TestACrash:
    def test_opens_the_room_at_once_from_its_snapshot_and_calls_everybody_back(self, floor, worker, room):
        crash(floor, worker, room)

        assert floor.commands(worker) == [
            OpenRoom(room=room, game="d", scale=2, resume=True, epoch=2, codec="H264"),
        ]
        assert floor.code(1) == floor.code(2) == ("Reconnect", "core_crashed")
        [summons] = floor.to(1)
        assert summons.ready
        assert summons.message == (
            "The game's core crashed (segmentation fault). It goes on from where it was saved last."
        )
        assert floor.seats(1) == {"m1": 0, "m2": 1}

    def test_is_over_with_the_first_answer_and_measured(self, floor, worker, room):
        token = floor.enter(3, room).token
        crash(floor, worker, room)
        floor.now += 0.5

        floor.say(3, Join(room=room, offer="v=3", token=token))
        assert floor.admit()[0].seat == 2

        assert Recovered("core_crashed", 0.5) in floor.told
        floor.say(1, Join(room=room, offer="v=3"))
        floor.admit()
        assert not any(isinstance(decision, Recovered) for decision in floor.told)

    def test_of_a_start_refuses_it(self, floor, worker):
        floor.say(1, Start(game="d", offer="v=0"))

        crash(floor, worker, "id2")

        assert floor.code(1) == ("Refused", "core_crashed")
        assert worker.free == worker.capacity

    def test_in_the_middle_of_a_join_does_not_cost_it(self, floor, worker, room):
        floor.say(3, Join(room=room, offer="v=3"))

        crash(floor, worker, room)

        opening, admission = floor.commands(worker)
        assert isinstance(opening, OpenRoom)
        assert admission == Admit(room=room, viewer="v3", seat=2, offer="v=3")
        assert floor.to(3) == []

    def test_that_is_reported_late_does_not_end_the_next_opening(self, floor, worker, room):
        crash(floor, worker, room)

        late = RoomClosed(room=room, code="core_crashed", message="It crashed.", epoch=1)

        assert floor.answer(worker, late) == []

    def test_while_nobody_is_there_opens_the_room_all_the_same(self, floor, worker, room):
        floor.gone(1)
        floor.gone(2)

        crash(floor, worker, room)

        assert isinstance(floor.commands(worker)[0], OpenRoom)
        floor.wait(120)
        assert floor.commands(worker) == [CloseRoom(room=room)]


class TestALoopOfCrashes:
    def test_ends_after_three_early_deaths(self, floor, worker, room):
        crash(floor, worker, room)  # after long play
        for _ in range(2):
            floor.now += EARLY_DEATH - 1
            crash(floor, worker, room)
            assert floor.code(1)[0] == "Reconnect"
        floor.now += EARLY_DEATH - 1

        crash(floor, worker, room)

        assert floor.code(1) == floor.code(2) == ("Ended", "core_crashed")
        assert "3 times in a row" in floor.to(1)[0].message
        assert worker.free == worker.capacity
        assert floor.rooms.next_deadline() is None

    def test_is_none_if_the_game_was_played_in_between(self, floor, worker, room):
        for _ in range(10):
            crash(floor, worker, room)
            assert floor.code(1)[0] == "Reconnect"
            floor.now += EARLY_DEATH


@pytest.mark.parametrize("code", ["closed", "game_over", "core_missing", "unknown_game", "of_a_newer_worker"])
def test_what_is_over_is_over(floor, worker, room, code):
    crash(floor, worker, room, code)

    assert floor.code(1) == floor.code(2) == ("Ended", code)
    assert floor.room(room) is None


def test_a_worker_that_is_told_to_end_gets_no_room_back(floor, worker, room):
    other = floor.worker(capacity=1)

    crash(floor, worker, room, "worker_stopped")

    assert isinstance(floor.commands(other)[0], OpenRoom)


class TestALostWorker:
    def test_is_given_a_moment_to_return(self, floor, worker, room):
        floor.worker()
        assert floor.lose(worker) == []

        assert floor.wait(RETURN_SECONDS - 0.01) == []
        assert floor.room(room).phase is Phase.ASTRAY

    def test_then_its_rooms_go_on_elsewhere(self, floor, worker, room):
        other = floor.worker()
        floor.lose(worker)

        floor.wait(RETURN_SECONDS)

        assert isinstance(floor.commands(other)[0], OpenRoom)
        assert floor.code(1) == floor.code(2) == ("Reconnect", "worker_lost")

    def test_counts_as_down_from_its_loss(self, floor, worker, room):
        floor.worker()
        floor.lose(worker)
        floor.wait(RETURN_SECONDS)
        floor.now += 1.0

        floor.say(1, Join(room=room, offer="v=3"))
        floor.admit()

        assert Recovered("worker_lost", RETURN_SECONDS + 1.0) in floor.told

    def test_lets_joins_wait(self, floor, worker, room):
        other = floor.worker()
        floor.lose(worker)
        assert floor.say(3, Join(room=room, offer="v=3")) == []

        floor.wait(RETURN_SECONDS)

        assert [type(command) for command in floor.commands(other)] == [OpenRoom, Admit]
        assert floor.admit()[0].seat == 2

    def test_refuses_what_it_was_starting(self, floor, worker):
        floor.say(1, Start(game="d", offer="v=0"))

        floor.lose(worker)

        assert floor.code(1) == ("Refused", "worker_lost")
        assert floor.rooms.next_deadline() is None

    def test_leaves_the_other_workers_rooms_alone(self, floor, worker, room):
        other = floor.worker()

        assert floor.lose(other) == []
        assert floor.room(room).phase is Phase.OPEN


class TestItsNextRegion:
    def lost(self, floor, room):
        """Its worker dies; where it goes on."""
        floor.lose(floor.room(room).worker)
        floor.wait(RETURN_SECONDS)
        return floor.room(room).region

    def test_is_the_one_that_it_was_in(self, floor):
        floor.worker(region="east")
        room = floor.play(1, delays={"east": 80, "west": 5}).room
        floor.worker(region="west", capacity=9)
        floor.worker(region="east", capacity=1)

        assert self.lost(floor, room) == "east"

    def test_is_the_closest_to_the_player_who_is_the_farthest_away(self, floor):
        floor.worker(region="east")
        room = floor.play(1, delays={"east": 5, "north": 20, "west": 90}).room
        floor.enter(2, room, delays={"east": 90, "north": 95, "west": 70})
        floor.enter(3, room, delays={"north": 1, "west": 500}, watch=True)
        floor.worker(region="north")
        floor.worker(region="west")

        assert self.lost(floor, room) == "west"

    def test_is_known_from_what_a_page_measured_last(self, floor):
        floor.worker(region="east")
        room, token = (started := floor.play(1, delays={"north": 20, "west": 90})).room, started.token
        floor.say(1, Join(room=room, offer="v=1", token=token, delays={"north": 90, "west": 20}))
        floor.say(1, Join(room=room, offer="v=1", token=token))
        floor.admit()
        floor.worker(region="north")
        floor.worker(region="west")

        assert self.lost(floor, room) == "west"

    def test_is_known_from_what_a_page_measured_in_mid_game(self, floor):
        floor.worker(region="east")
        room = floor.play(1).room
        assert floor.say(1, Measured(delays={"north": 90, "west": 20})) == []
        floor.say(2, Measured(delays={"north": 1}))
        floor.worker(region="north")
        floor.worker(region="west")

        assert self.lost(floor, room) == "west"

    def test_may_be_any_if_nothing_is_known(self, floor):
        floor.worker(region="east")
        room = floor.play(1).room
        floor.worker(region="west")

        assert self.lost(floor, room) == "west"
