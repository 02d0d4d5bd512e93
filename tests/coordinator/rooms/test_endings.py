"""What becomes of a room whose process has ended."""

import pytest

from coordinator.messages import Game
from coordinator.rooms.endings import EARLY_DEATH, VERDICTS, Verdict, dies_too_often, given_up, going_on, verdict_on
from coordinator.rooms.room import Room
from worker.processes import endings
from worker.store.errors import StoreError

DUEL = Game(id="d", title="Duel", system="NES")


@pytest.mark.parametrize(
    "end", [endings.HUNG, endings.GARBLED, endings.NOT_STARTED, *map(endings.from_exit_code, (-11, -9, -6, 7, 0))]
)
def test_whatever_kills_a_process_does_not_end_the_game(end):
    assert verdict_on(end.code) is not Verdict.OVER


def test_a_room_that_was_closed_is_over():
    assert verdict_on(endings.CLOSED.code) is Verdict.OVER


def test_a_worker_that_stops_is_no_place_to_go_on():
    assert verdict_on(endings.WORKER_STOPPED.code) is Verdict.ELSEWHERE


def test_a_worker_that_can_not_read_its_store_is_asked_again_later():
    assert verdict_on(endings.unreadable(StoreError("it is down", "test")).code) is Verdict.LATER


def test_what_is_unknown_is_over():
    assert "brand_new" not in VERDICTS
    assert verdict_on("brand_new") is Verdict.OVER


def test_three_early_deaths_in_a_row_are_too_many():
    room = Room("r1", DUEL, None, opened_at=0.0)
    assert not dies_too_often(room, EARLY_DEATH - 1)
    assert not dies_too_often(room, EARLY_DEATH)
    assert [dies_too_often(room, 1.0) for _ in range(3)] == [False, False, True]


def test_sentences_say_what_happened_and_what_follows():
    assert going_on("The core crashed (bus error). Start again.") == (
        "The core crashed (bus error). It goes on from where it was saved last."
    )
    assert going_on("Lost.") == "Lost. It goes on from where it was saved last."
    assert given_up("It crashed.").startswith("It crashed. It happened 3 times")
