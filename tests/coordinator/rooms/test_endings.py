"""The restart policies of rooms whose process has ended."""

import pytest

from coordinator.rooms.endings import (
    EARLY_DEATH,
    RESTART_POLICIES,
    RestartPolicy,
    count_death,
    given_up_sentence,
    restart_policy,
    resumed_sentence,
)
from coordinator.rooms.room import Room
from tests.coordinator.simulation import DUEL
from worker.processes import endings
from worker.store.errors import StoreError


@pytest.mark.parametrize(
    "end", [endings.HUNG, endings.GARBLED, endings.NOT_STARTED, *map(endings.from_exit_code, (-11, -9, -6, 7, 0))]
)
def test_whatever_kills_a_process_does_not_end_the_game(end):
    assert restart_policy(end.code) is not RestartPolicy.OVER


def test_a_room_that_was_closed_is_over():
    assert restart_policy(endings.CLOSED.code) is RestartPolicy.OVER


def test_a_worker_that_stops_is_no_place_to_go_on():
    assert restart_policy(endings.WORKER_STOPPED.code) is RestartPolicy.ELSEWHERE


def test_a_worker_that_can_not_read_its_store_is_asked_again_later():
    assert restart_policy(endings.unreadable(StoreError("it is down", "test")).code) is RestartPolicy.LATER


def test_what_is_unknown_is_over():
    assert "brand_new" not in RESTART_POLICIES
    assert restart_policy("brand_new") is RestartPolicy.OVER


def test_three_early_deaths_in_a_row_are_too_many():
    room = Room("r1", DUEL, None, opened_at=0.0)
    assert not count_death(room, EARLY_DEATH - 1)
    assert not count_death(room, EARLY_DEATH)
    assert [count_death(room, 1.0) for _ in range(3)] == [False, False, True]


def test_sentences_say_what_happened_and_what_follows():
    assert resumed_sentence("The core crashed (bus error). Start again.") == (
        "The core crashed (bus error). It goes on from where it was saved last."
    )
    assert resumed_sentence("Lost.") == "Lost. It goes on from where it was saved last."
    assert given_up_sentence("It crashed.").startswith("It crashed. It happened 3 times")
