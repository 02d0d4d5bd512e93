from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.measure.interruptions import Record, clock, detected_at, longest_gap, lost_play, resumed_at

FPS = 60.0


def test_the_first_frame_of_a_new_connection_is_the_new_one_however_soon_it_comes() -> None:
    frames = [9.98, 10.0, 10.017, 10.12, 10.137]
    assert resumed_at(Record(frames, [], [3.0, 10.12]), killed=10.01) == 10.12


def test_what_was_on_its_way_is_not_new() -> None:
    assert resumed_at(Record([9.99, 10.02, 10.04, 11.0], [], [3.0]), killed=10.0) is None
    assert resumed_at(Record([], []), killed=10.0) is None


@given(st.lists(st.floats(0, 20), max_size=30).map(sorted))
def test_the_longest_gap_is_that_of_two_frames_in_a_row(frames: list[float]) -> None:
    assert longest_gap(Record(frames, [])) == max((b - a for a, b in pairwise(frames)), default=0.0)


def test_it_is_known_when_the_page_leaves_the_game() -> None:
    states = [(9.0, "playing"), (10.2, "resuming"), (10.8, "playing")]
    assert detected_at(Record([], states), killed=10.0) == 10.2
    assert detected_at(Record([], states[:1]), killed=10.0) is None


@given(
    st.floats(0, 1000),
    st.lists(st.integers(0, 100_000), min_size=1, max_size=9),
    st.floats(0.0, 0.1),
    st.floats(0, 5),
    st.floats(0.2, 3),
)
def test_lost_play_is_what_was_played_after_the_snapshot(
    began: float, numbers: list[int], late: float, since_snapshot: float, away: float
) -> None:
    """Whatever it takes to write a snapshot, as long as it always takes that."""
    before = clock([(began + number / FPS + late, number) for number in numbers], FPS)
    last = max(numbers)
    killed = began + last / FPS + since_snapshot
    resumed = killed + away
    after = clock([(resumed + frames / FPS + late, last + frames) for frames in (1, 180, 360)], FPS)
    assert abs(lost_play(before, killed, after, resumed) - since_snapshot) < 1e-6
