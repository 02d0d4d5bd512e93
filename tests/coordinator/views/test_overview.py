"""The operator's overview."""

import pytest

from coordinator.messages import Figures, Register, RoomFigures
from coordinator.views.overview import overview, room_shown
from tests.coordinator.simulation import DUEL


def figures(room, **values):
    return RoomFigures(
        room=room, **{"fps": 60.0, "late": 0.01, "encode_ms": 1.5, "rtt_ms": 20.0, "loss": 0.0, **values}
    )


def worker_in(simulation, region, capacity=4):
    return simulation.registry.register(Register(name="box", capacity=capacity, games=(DUEL,), region=region))


def shown(simulation):
    return overview(simulation.registry.workers, simulation.rooms.rooms)


def report(simulation, worker, *rooms):
    return simulation.reply(worker, Figures(rooms=rooms))


def test_nothing_is_there_at_first(simulation):
    assert shown(simulation) == {"regions": [], "workers": [], "rooms": []}


def test_a_room_has_no_figures_before_its_worker_has_said_some(simulation):
    simulation.add_worker()
    room = simulation.play(1).room

    assert shown(simulation)["rooms"][0]["fps"] is None
    assert shown(simulation)["workers"][0]["players"] == 1
    assert shown(simulation)["rooms"][0]["id"] == room


def test_a_room_shows_the_last_figures_of_its_worker_and_nobody_is_told_of_them(simulation):
    worker = simulation.add_worker()
    room = simulation.play(1).room

    assert report(simulation, worker, figures(room), figures("nowhere")) == []
    report(simulation, worker, figures(room, fps=50.0, rtt_ms=None))

    [found] = shown(simulation)["rooms"]
    assert (found["fps"], found["late"], found["encode_ms"], found["rtt_ms"], found["loss"]) == (
        50.0,
        0.01,
        1.5,
        None,
        0,
    )


def test_another_worker_has_no_say(simulation):
    simulation.add_worker()
    room = simulation.play(1).room
    other = simulation.add_worker()

    report(simulation, other, figures(room))

    assert room_shown(simulation.room(room))["fps"] is None


def test_the_figures_end_with_the_place(simulation):
    worker = simulation.add_worker()
    room = simulation.play(1).room
    report(simulation, worker, figures(room))

    simulation.disconnect_worker(worker)

    assert room_shown(simulation.room(room))["fps"] is None
    assert room_shown(simulation.room(room))["worker"] is None


def test_regions_are_sums_over_their_workers_by_name(simulation):
    near, far = worker_in(simulation, "near"), worker_in(simulation, "far", capacity=1)
    simulation.rooms.note_new_places()
    rooms = [simulation.play(page).room for page in (1, 2)]
    assert len(near.rooms) == 2
    report(simulation, near, figures(rooms[0], fps=58.0, rtt_ms=None), figures(rooms[1], late=0.5, encode_ms=3.0))

    first, second = shown(simulation)["regions"]

    assert (first["name"], first["capacity"], first["free"], first["rooms"], first["fps"]) == ("far", 1, 1, 0, None)
    assert (second["name"], second["workers"], second["players"], second["free"]) == ("near", 1, 2, 2)
    assert (second["fps"], second["late"], second["encode_ms"], second["rtt_ms"]) == (59.0, 0.5, 3.0, 20.0)
    assert far.free == 1


@pytest.mark.parametrize(("second", "mean"), [(0.0, 58.0), (50.0, 54.0)])
def test_a_room_that_stands_still_makes_no_worker_look_slow(simulation, second, mean):
    worker = simulation.add_worker()
    rooms = [simulation.play(page).room for page in (1, 2)]
    report(simulation, worker, figures(rooms[0], fps=58.0), figures(rooms[1], fps=second))

    assert shown(simulation)["workers"][0]["fps"] == mean
