"""One room's seats."""

import pytest

from coordinator.messages import Game, Register
from coordinator.registry import Registry
from coordinator.seats import MAX_SPECTATORS, SEATS, Room, Viewer


@pytest.fixture
def room():
    duel = Game(id="d", title="Duel", system="NES")
    worker = Registry().register(Register(name="box", capacity=1, games=(duel,)))
    return Room("kXv3-unguessable", duel, worker)


def enter(room):
    number = len(room.viewers)
    viewer = Viewer(f"v{number}", number, room, room.free_seat, asked_at=0.0, opens_room=False)
    room.viewers[viewer.id] = viewer
    return viewer


def test_the_first_four_sit_and_the_others_watch(room):
    viewers = [enter(room) for _ in range(SEATS + 2)]

    assert [viewer.seat for viewer in viewers] == [0, 1, 2, 3, None, None]


def test_a_seat_that_comes_free_is_the_next_ones(room):
    viewers = [enter(room) for _ in range(SEATS)]
    del room.viewers[viewers[2].id]

    assert room.seats_taken == {0, 1, 3}
    assert room.free_seat == 2


def test_the_room_is_full_when_the_last_spectator_is_in(room):
    for _ in range(SEATS + MAX_SPECTATORS):
        assert not room.is_full
        enter(room)

    assert room.is_full


def test_the_label_does_not_open_the_room(room):
    assert room.id.startswith(room.label)
    assert len(room.label) < len(room.id)
