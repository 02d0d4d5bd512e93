"""Exact deadlines, lateness, and stalls that are made up or skipped."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from worker.room.game.pacer import MAX_BEHIND, NANOSECONDS, Pacer

NES = Fraction(39375000, 655171)
"""The NES's frame rate, 60.0988 Hz."""


def test_an_hour_of_frames_does_not_drift() -> None:
    pacer = Pacer(NES, now=5)
    frames = int(3600 * NES)
    for _ in range(frames):
        pacer.begin(pacer.deadline)
        pacer.advance()
    assert pacer.deadline == 5 + int(frames * NANOSECONDS / NES)
    assert pacer.timestamp == int(frames * 90_000 / NES)


def test_late_is_more_than_half_a_frame() -> None:
    pacer = Pacer(Fraction(50), now=0)
    assert not pacer.begin(pacer.deadline + 10_000_000)
    assert pacer.begin(pacer.deadline + 10_000_001)


def test_an_early_frame_moves_no_other() -> None:
    pacer = Pacer(Fraction(50), now=0)
    pacer.advance()
    assert pacer.earliest == 10_000_000
    assert not pacer.begin(pacer.earliest)
    assert pacer.timestamp == 1800
    pacer.advance()
    assert pacer.deadline == 40_000_000


def test_a_short_stall_is_made_up() -> None:
    pacer = Pacer(Fraction(50), now=0)
    pacer.begin(MAX_BEHIND * 20_000_000)
    pacer.advance()
    assert pacer.deadline == 20_000_000


def test_a_long_stall_is_skipped_and_the_rtp_clock_goes_on() -> None:
    pacer = Pacer(Fraction(50), now=0)
    assert pacer.begin(10 * NANOSECONDS)
    assert pacer.timestamp == 10 * 90_000
    pacer.advance()
    assert pacer.deadline == 10 * NANOSECONDS + 20_000_000


def test_a_new_rate_counts_from_now_and_keeps_the_rtp_clock() -> None:
    pacer = Pacer(Fraction(60), now=0)
    pacer.advance()
    pacer.set_rate(Fraction(50), now=NANOSECONDS)
    assert pacer.deadline == NANOSECONDS
    assert pacer.timestamp == 90_000
    pacer.advance()
    assert pacer.timestamp == 90_000 + 1_800


@given(st.fractions(min_value=1, max_value=1000, max_denominator=10**6), st.lists(st.integers(0, 10**11), max_size=50))
def test_timestamps_and_deadlines_only_grow(fps: Fraction, times: list[int]) -> None:
    pacer = Pacer(fps, now=0)
    last = (-1, -1)
    for now in sorted(times):
        pacer.begin(now)
        assert (pacer.deadline, pacer.timestamp) >= last
        last = (pacer.deadline, pacer.timestamp)
        pacer.advance()
        assert pacer.deadline > last[0]
