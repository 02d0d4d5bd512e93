"""The choice of the worker that opens a room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.errors import NoPlaceError
from coordinator.fleet.regions import RegionPreference
from coordinator.fleet.registry import Registry
from coordinator.fleet.selection import PlaceRequest
from coordinator.messages import Game, Register
from tests.coordinator.simulation import DUEL

AIRSTRIKER = Game(id="a", title="airstriker", system="Mega Drive")


@pytest.fixture
def registry():
    return Registry()


def register(registry, *games, capacity=2, **more):
    """Register a worker with these games."""
    return registry.register(Register(name="box", capacity=capacity, games=games, **more))


def select(registry, game="d", **request):
    """Select a worker for a room with this game."""
    return registry.select_worker(PlaceRequest(game, **request))


def test_the_worker_with_the_most_free_places_is_picked(registry):
    small, large = register(registry, DUEL, capacity=1), register(registry, DUEL, capacity=3)
    assert select(registry) is large

    large.rooms |= {"r1", "r2", "r3"}

    assert select(registry) is small


def test_a_worker_without_the_game_is_never_picked(registry):
    register(registry, AIRSTRIKER, capacity=100)
    has_it = register(registry, DUEL, capacity=1)

    assert select(registry) is has_it


def refusal(registry, game):
    """Ask for a place that there is not, and return the code of why."""
    with pytest.raises(NoPlaceError) as caught:
        select(registry, game)
    assert caught.value.sentence.endswith(".")
    return caught.value.code


def test_without_workers_there_is_no_place(registry):
    assert refusal(registry, "d") == "no_workers"


def test_a_game_that_nobody_has_is_unknown(registry):
    register(registry, AIRSTRIKER)

    assert refusal(registry, "d") == "unknown_game"


def test_full_workers_have_no_seats(registry):
    worker = register(registry, DUEL, capacity=1)
    worker.rooms.add("r1")

    assert refusal(registry, "d") == "no_seats"


def test_a_preferred_worker_comes_before_every_preference_and_one_to_avoid_after(registry):
    near, far = register(registry, DUEL, region="near"), register(registry, DUEL, region="far")
    preference = RegionPreference("near", {"near": 1.0})

    assert select(registry, preference=preference) is near
    assert select(registry, preference=preference, prefer=far) is far
    assert select(registry, preference=preference, avoid=near) is far
    far.draining = True
    assert select(registry, preference=preference, avoid=near) is near


NAMES = ("a", "b", "c", "d")
WORKERS = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, 3), st.integers(0, 3)), min_size=1, max_size=8)
PREFERENCES = st.builds(
    RegionPreference,
    st.sampled_from(("", *NAMES, "gone")),
    st.dictionaries(st.sampled_from((*NAMES, "gone")), st.floats(0, 500)),
)


@given(WORKERS, PREFERENCES)
def test_a_room_gets_a_place_in_the_best_region_that_has_one(workers, preference):
    registry = Registry()
    for region, capacity, taken in workers:
        worker = register(registry, DUEL, capacity=capacity, region=region)
        worker.rooms |= {f"r{number}" for number in range(min(taken, capacity))}
    free = [worker for worker in registry.workers if worker.free]

    if not free:
        assert refusal(registry, "d") == "no_seats"
        return
    place = select(registry, preference=preference)
    open_regions = {worker.region for worker in free}
    assert place in free
    assert place.free == max(worker.free for worker in free if worker.region == place.region)
    if preference.region in open_regions:
        assert place.region == preference.region
    elif measured := open_regions & preference.delays.keys():
        assert preference.delays[place.region] == min(preference.delays[region] for region in measured)
    else:
        assert place.free == max(worker.free for worker in free)
