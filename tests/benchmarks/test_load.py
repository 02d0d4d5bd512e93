import pytest

from benchmarks import load
from benchmarks.load import Told, is_harmed
from benchmarks.measure.report import BenchmarkError

SENTENCE = "All seats are taken at the moment. Try again when somebody has finished."


def test_a_refusal_is_clear_if_it_is_a_sentence_with_a_code_that_is_known() -> None:
    assert Told("no_seats", SENTENCE).is_clear
    assert not Told("no_seats", "No.").is_clear
    assert not Told("no_seats", SENTENCE.rstrip(".")).is_clear
    assert not Told("worker_silent", SENTENCE).is_clear
    assert not Told("", "").is_clear


@pytest.mark.parametrize(
    ("frames", "harmed"),
    [
        ([10 + place / 60 for place in range(120)], False),
        ([10.5, 11.4], False),
        ([10.5, 11.6], True),
        ([10.1, 10.2], True),
        ([9.0, 13.0], True),
        ([], True),
    ],
)
def test_a_room_is_harmed_if_its_picture_stands_still(frames: list[float], harmed: bool) -> None:
    assert is_harmed(None, frames, 10, 12) is harmed


def test_a_room_that_ended_is_harmed() -> None:
    assert is_harmed("The game crashed.", [10 + place / 60 for place in range(120)], 10, 12)


def test_the_share_of_clear_refusals() -> None:
    found = load.seats_figures([Told("no_seats", SENTENCE), Told("", "")], [], 0, 1)
    assert (found["refused"], found["refused_clearly"], found["rooms_harmed"]) == (2, 0.5, 0)


def test_the_tables() -> None:
    found = {
        **{"signalling_per_cpu_s": 900, "sessions_per_s": 100, "p50_ms": 1.5, "p99_ms": 7},
        **{"workers": 2, "rooms": 4, "refused": 60, "refused_clearly": 1.0, "rooms_harmed": 0},
    }
    assert "900" in load.show(found)
    assert "rooms harmed" in load.show(found)


async def test_more_players_than_places() -> None:
    """The seats' half, small: real workers, real games, and players who come too late."""
    found = await load._seats(3)
    assert found["refused_clearly"] == 1
    assert found["rooms"] == load.WORKERS * load.PLACES


def test_nobody_to_refuse_is_no_figure() -> None:
    with pytest.raises(BenchmarkError):
        load.seats_figures([], [], 0, 1)
