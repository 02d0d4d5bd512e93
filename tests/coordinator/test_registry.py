"""Workers, their places, and the library and the gateways merged over them."""

import pytest

from coordinator.messages import Game, Refused, Register
from coordinator.registry import Announcement, Registry

DUEL = Game(id="d", title="Duel", system="NES")
AIR = Game(id="a", title="airstriker", system="Mega Drive")
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
    assert len(registry) == 2


def test_the_library_holds_each_game_once_by_title(registry):
    register(registry, SNAKE, DUEL)
    register(registry, AIR, DUEL)

    assert registry.library == (AIR, DUEL, SNAKE)


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

    registry.update(second.id, (AIR,))
    assert registry.library == (AIR, DUEL)

    registry.remove(second.id)
    assert registry.library == (DUEL,)


def test_a_game_twice_in_one_registration_counts_once(registry):
    register(registry, DUEL, DUEL)

    assert registry.library == (DUEL,)


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


def test_a_gateways_secret_is_not_shown(registry):
    assert SECRET not in repr(register(registry, gateways=("turn:b",), turn_secret=SECRET))


def test_the_worker_with_the_most_free_places_is_picked(registry):
    small, large = register(registry, DUEL, capacity=1), register(registry, DUEL, capacity=3)
    assert registry.place_for("d") is large

    large.rooms |= {"r1", "r2", "r3"}

    assert registry.place_for("d") is small


def test_a_worker_without_the_game_is_never_picked(registry):
    register(registry, AIR, capacity=100)
    has_it = register(registry, DUEL, capacity=1)

    assert registry.place_for("d") is has_it


def refusal(registry, game):
    place = registry.place_for(game)
    assert isinstance(place, Refused)
    assert place.message.endswith(".")
    return place.code


def test_without_workers_there_is_no_place(registry):
    assert refusal(registry, "d") == "no_workers"


def test_a_game_that_nobody_has_is_unknown(registry):
    register(registry, AIR)

    assert refusal(registry, "d") == "unknown_game"


def test_full_workers_have_no_seats(registry):
    worker = register(registry, DUEL, capacity=1)
    worker.rooms.add("r1")

    assert refusal(registry, "d") == "no_seats"
    assert registry.place_for("d").message.startswith("All seats are taken")
