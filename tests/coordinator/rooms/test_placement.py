"""Places for rooms that have lost theirs."""

import pytest

from coordinator.messages import Admit, Join, Leave, OpenRoom, RoomClosed, Start
from coordinator.rooms.phases import Phase
from coordinator.rooms.placement import RETRY_SECONDS
from coordinator.rooms.recovery import RETURN_SECONDS
from tests.coordinator.simulation import AIR, DUEL, Floor


@pytest.fixture
def floor():
    return Floor(place_seconds=60.0)


@pytest.fixture
def homeless(floor):
    """A room with page 1, whose only worker is gone."""
    worker = floor.worker(capacity=1)
    floor.started = floor.play(1)
    floor.lose(worker)
    floor.wait(RETURN_SECONDS)
    return floor.started.room


def test_without_a_worker_everybody_is_told_to_wait(floor, homeless):
    assert floor.code(1) == ("Reconnect", "no_place")
    assert not floor.to(1)[0].ready
    assert floor.room(homeless).phase is Phase.HOMELESS


def test_the_first_worker_that_comes_takes_it(floor, homeless):
    worker = floor.worker()
    # the floor's own ``worker`` has carried out what followed
    assert floor.commands(worker) == [OpenRoom(room=homeless, game="d", resume=True, epoch=2, codec="H264")]
    assert floor.code(1) == ("Reconnect", "worker_lost")
    assert floor.to(1)[0].ready
    assert floor.room(homeless).phase is Phase.OPEN


def test_a_worker_without_the_game_does_not(floor, homeless):
    worker = floor.worker(games=(AIR,))
    assert floor.commands(worker) == []

    floor.registry.update(worker.id, (AIR, DUEL))
    floor.rooms.worker_came()
    floor.decide(())

    assert isinstance(floor.commands(worker)[0], OpenRoom)


def test_a_place_that_comes_free_does(floor):
    worker, full = floor.worker(capacity=1, games=(DUEL,)), floor.worker(capacity=1, games=(AIR,))
    floor.play(1, "d")
    floor.play(2, "a")
    floor.registry.update(full.id, (DUEL, AIR))
    floor.lose(worker)
    floor.wait(RETURN_SECONDS)
    assert floor.code(1) == ("Reconnect", "no_place")

    floor.say(2, Leave())

    assert [type(command).__name__ for command in floor.commands(full)] == ["CloseRoom", "OpenRoom"]


def test_who_comes_meanwhile_waits(floor, homeless):
    floor.say(2, Join(room=homeless, offer="v=2"))
    assert floor.told == []
    floor.gone(1)
    floor.say(3, Join(room=homeless, offer="v=3", token=floor.started.token))
    assert floor.code(3) == ("Reconnect", "no_place")

    worker = floor.worker()

    assert [type(command) for command in floor.commands(worker)] == [OpenRoom, Admit]
    assert floor.code(3) == ("Reconnect", "worker_lost")


def test_a_member_that_was_connecting_drops_what_it_has(floor):
    worker = floor.worker()
    floor.play(1)
    floor.say(1, Join(room="id2", offer="v=1"))
    floor.lose(worker)

    floor.wait(RETURN_SECONDS)

    assert floor.code(1) == ("Reconnect", "no_place")
    worker = floor.worker()
    assert [type(command) for command in floor.commands(worker)] == [OpenRoom]


def test_it_ends_when_none_comes(floor, homeless):
    floor.say(2, Join(room=homeless, offer="v=2"))

    floor.wait(60)

    assert floor.code(1) == ("Ended", "no_place")
    assert floor.code(2) == ("Refused", "no_place")
    assert floor.rooms.next_deadline() is None


def test_after_a_crash_the_own_worker_is_taken_again_even_if_another_has_more_places(floor):
    worker = floor.worker(capacity=1)
    room = floor.play(1).room
    floor.worker(capacity=9)

    floor.answer(worker, RoomClosed(room=room, code="core_crashed", message="It crashed."))

    assert isinstance(floor.commands(worker)[0], OpenRoom)


class TestLater:
    """A worker that can't open a room yet."""

    @pytest.fixture
    def worker(self, floor):
        return floor.worker()

    @pytest.fixture
    def room(self, floor, worker):
        room = floor.play(1).room
        floor.answer(worker, RoomClosed(room=room, code="core_crashed", message="It crashed."))
        return room

    def fail(self, floor, worker, room):
        floor.answer(worker, RoomClosed(room=room, code="store_failed", message="The store can't be reached."))

    def test_is_asked_again_after_a_while(self, floor, worker, room):
        self.fail(floor, worker, room)
        assert floor.code(1) == ("Reconnect", "no_place")
        floor.worker()
        assert floor.told == []

        floor.wait(RETRY_SECONDS)

        assert floor.code(1)[0] == "Reconnect"
        assert floor.to(1)[0].ready
        assert any(isinstance(d.message, OpenRoom) for d in floor.told)

    def test_is_not_asked_for_ever(self, floor, worker, room):
        for _ in range(40):
            self.fail(floor, worker, room)
            if floor.room(room) is None:
                break
            floor.wait(RETRY_SECONDS)

        assert floor.code(1) == ("Ended", "store_failed")
        assert floor.now == 60.0
        assert floor.rooms.next_deadline() is None


def test_a_room_that_waits_takes_no_place_from_a_start(floor, homeless):
    worker = floor.worker(capacity=2)

    floor.say(2, Start(game="d", offer="v=0"))

    assert isinstance(floor.commands(worker)[0], OpenRoom)
    assert worker.free == 0
