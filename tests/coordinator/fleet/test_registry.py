"""Workers, their places, and the library and the gateways merged over them."""

import pytest

from coordinator.fleet.regions import UNNAMED
from coordinator.fleet.registry import Registry
from coordinator.fleet.selection import PlaceRequest
from coordinator.fleet.worker import Announcement
from coordinator.messages import Game, Region, Register
from coordinator.messages.fields import MAX_REGIONS
from tests.coordinator.simulation import DUEL

AIRSTRIKER = Game(id="a", title="airstriker", system="Mega Drive")
SNAKE = Game(id="s", title="Snake", system="Game Boy")


@pytest.fixture
def registry():
    return Registry()


SECRET = "sixteen or more.."


def register(registry, *games, capacity=2, name="box", **more):
    return registry.register(Register(name=name, capacity=capacity, games=games, **more))


def test_every_registration_gets_an_id_of_its_own(registry):
    first, second = register(registry), register(registry)

    assert first.id != second.id
    assert registry.get(second.id) is second
    assert len(registry) == 2


def test_a_worker_is_found_by_its_id_until_it_is_removed(registry):
    worker = register(registry)
    assert registry.get(worker.id) is worker

    registry.remove(worker.id)

    with pytest.raises(KeyError):
        registry.get(worker.id)


def test_the_library_holds_each_game_once_by_title(registry):
    register(registry, SNAKE, DUEL)
    register(registry, AIRSTRIKER, DUEL)

    assert registry.library == (AIRSTRIKER, DUEL, SNAKE)


def test_the_older_workers_title_counts(registry):
    older = register(registry, DUEL)
    register(registry, Game(id="d", title="Duel (World)", system="NES"))
    assert registry.library == (DUEL,)

    registry.remove(older.id)

    assert registry.library == (Game(id="d", title="Duel (World)", system="NES"),)


def test_the_library_is_a_new_object_only_when_it_is_a_new_library(registry):
    register(registry, DUEL)
    before = registry.library
    second = register(registry, DUEL)
    assert registry.library is before

    registry.update(second.id, (AIRSTRIKER,))
    assert registry.library == (AIRSTRIKER, DUEL)

    registry.remove(second.id)
    assert registry.library == (DUEL,)


def test_a_game_twice_in_one_registration_counts_once(registry):
    register(registry, DUEL, DUEL)

    assert registry.library == (DUEL,)


def test_pages_are_told_of_so_many_games_and_it_is_said(registry, monkeypatch, caplog):
    monkeypatch.setattr("coordinator.fleet.registry.MAX_GAMES", 2)

    register(registry, SNAKE, DUEL)
    register(registry, AIRSTRIKER)

    assert registry.library == (AIRSTRIKER, DUEL)
    assert "3 games" in caplog.text


def test_a_long_library_comes_in_parts_and_takes_the_old_ones_place_when_it_is_whole(registry):
    worker = register(registry, SNAKE, more=2)
    assert registry.library == (SNAKE,)  # what is there can be played
    assert not registry.update(worker.id, [DUEL], more=1)
    assert registry.library == (SNAKE,)
    assert registry.update(worker.id, [AIRSTRIKER])
    assert registry.library == (AIRSTRIKER, DUEL, SNAKE)

    assert not registry.update(worker.id, [SNAKE], more=1)
    assert registry.library == (AIRSTRIKER, DUEL, SNAKE)
    assert registry.update(worker.id, [DUEL])
    assert registry.library == (DUEL, SNAKE)


def test_a_library_without_end_fills_no_memory(registry, monkeypatch):
    monkeypatch.setattr("coordinator.fleet.registry.MAX_GAMES", 3)
    worker = register(registry, more=100)
    for number in range(5):
        registry.update(worker.id, [Game(id=str(number), title="x", system="NES")] * 2, more=100)
    assert len(worker.coming) == 3


def test_each_gateway_is_there_once_the_oldest_workers_first(registry):
    first = register(registry, gateways=("turn:b", "turn:a"))
    second = register(registry, gateways=("turn:c",), turn_secret=SECRET)
    register(registry, gateways=("turn:b", "turn:a"))
    register(registry)
    assert registry.gateways == (Announcement(("turn:b", "turn:a")), Announcement(("turn:c",), SECRET))

    registry.remove(first.id)
    assert registry.gateways == (Announcement(("turn:c",), SECRET), Announcement(("turn:b", "turn:a")))

    registry.remove(second.id)
    assert registry.gateways == (Announcement(("turn:b", "turn:a")),)


def test_a_worker_may_announce_another_gateway_later(registry):
    worker = register(registry)
    assert registry.gateways == ()

    registry.announce(worker.id, Announcement(("turn:b",), SECRET))
    assert registry.gateways == (worker.gateway,) == (Announcement(("turn:b",), SECRET),)

    registry.announce(worker.id, Announcement())
    assert registry.gateways == ()


def test_the_strategy_that_selects_workers_can_be_another_one():
    class OldestFirst:
        def choose(self, able, request):
            return able[0]

    registry = Registry(OldestFirst())
    oldest = register(registry, DUEL, capacity=1)
    register(registry, DUEL, capacity=9)

    assert registry.select_worker(PlaceRequest("d")) is oldest


def test_a_gateways_secret_is_not_shown(registry):
    assert SECRET not in repr(register(registry, gateways=("turn:b",), turn_secret=SECRET))


# ----- regions


def test_workers_of_one_region_leave_nothing_to_choose(registry):
    register(registry, region="east", gateways=("stun:e",))
    register(registry, region="east")

    assert registry.regions == ()


def test_regions_are_told_by_name_with_the_gateways_of_all_their_workers(registry):
    register(registry, region="west", gateways=("stun:w",))
    register(registry, region="East", gateways=("stun:e", "turn:e"))
    register(registry, region="East", gateways=("turn:e", "turn:f"))

    assert registry.regions == (
        Region(name="East", gateways=("stun:e", "turn:e", "turn:f"), full=False),
        Region(name="west", gateways=("stun:w",), full=False),
    )


def test_workers_that_do_not_say_where_they_are_have_a_region_too(registry):
    worker = register(registry)
    register(registry, region="west")

    assert worker.region == UNNAMED
    assert [region.name for region in registry.regions] == [UNNAMED, "west"]


def test_a_region_is_full_when_no_worker_of_it_has_a_free_place(registry):
    one, other = register(registry, region="east", capacity=1), register(registry, region="east", capacity=1)
    register(registry, region="west")
    one.rooms.add("r1")
    assert [region.full for region in registry.regions] == [False, False]

    other.draining = True

    assert [region.full for region in registry.regions] == [True, False]


def test_a_region_goes_with_its_last_worker(registry):
    register(registry, region="east")
    last = register(registry, region="west")
    registry.remove(last.id)

    assert registry.regions == ()


def test_pages_are_told_of_so_many_regions_and_no_more(registry):
    for number in range(MAX_REGIONS + 5):
        register(registry, region=f"r{number}")

    assert len(registry.regions) == MAX_REGIONS
