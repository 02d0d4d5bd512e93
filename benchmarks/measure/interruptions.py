"""What frames, states and snapshots tell of an interruption: pure arithmetic, no clock and no I/O. Times in seconds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median


@dataclass(frozen=True)
class Record:
    """What a page noted: when it showed each frame, when it entered each state, and when it showed the first frame of
    each connection."""

    frames: Sequence[float]
    states: Sequence[tuple[float, str]]
    firsts: Sequence[float] = ()


@dataclass(frozen=True)
class Trial:
    """One interruption; each from the moment of the kill."""

    detected: float | None
    """Until the page knew of it; None if it need not."""
    shown: float
    """Until the first new frame."""
    lost: float
    """Seconds of play that were not there afterwards."""


def resumed_at(record: Record, killed: float) -> float | None:
    """When the first frame of a new connection was shown, however short the picture stood; None if not yet."""
    return next((first for first in record.firsts if first >= killed), None)


def detected_at(record: Record, killed: float) -> float | None:
    """When the page left the state of playing; None if it has not."""
    return next((at for at, state in record.states if at >= killed and state != "playing"), None)


def longest_gap(record: Record) -> float:
    """Find the longest time between two frames; 0 for less than two."""
    return max((later - earlier for earlier, later in pairwise(record.frames)), default=0.0)


def clock(snapshots: Iterable[tuple[float, int]], fps: float) -> float:
    """How far the game's time, its frames by its rate, is ahead of the machine's, by (written at, frame) of snapshots.

    The median, for one may have waited to be written. Between two clocks the time that writing takes cancels out.
    """
    return median(frame / fps - at for at, frame in snapshots)


def lost_play(before: float, killed: float, after: float, resumed: float) -> float:
    """Seconds of the game's time between the kill and where it went on, by the clocks before and after."""
    return (killed + before) - (resumed + after)
