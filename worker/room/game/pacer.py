"""When each frame is due: exact rational periods from one origin, so that nothing drifts. No clock, no sleep.

The phase of the frames is one number, the origin; locking it to a viewer's screen would move it here.
"""

from fractions import Fraction
from typing import Final

NANOSECONDS: Final = 1_000_000_000
VIDEO_CLOCK: Final = 90_000
"""The RTP clock of every video codec, Hz."""

MAX_BEHIND: Final = 6
"""Frames that may be made up at full speed after a stall; a longer stall is skipped, or the game would run in fast
motion for as long as the machine was away."""


class Pacer:
    """Deadlines in nanoseconds of the caller's monotonic clock."""

    def __init__(self, fps: Fraction, now: int) -> None:
        self._start = now
        self.set_rate(fps, now)

    def set_rate(self, fps: Fraction, now: int) -> None:
        """The core changed its frame rate: count from ``now`` on with the new one."""
        self.fps = fps
        # Whole numbers: a Fraction is exact too, but costs tens of Python calls each frame.
        self._numerator = NANOSECONDS * fps.denominator
        self._denominator = fps.numerator
        self._origin = now
        self._frame = 0

    def resume(self, now: int) -> None:
        """Go on after a rest: the next frame is due now, and none is late. The timestamps keep to the clock."""
        self.set_rate(self.fps, max(now, self.deadline))  # the last frame may have run early

    @property
    def deadline(self) -> int:
        """When the next frame is due."""
        return self._origin + self._frame * self._numerator // self._denominator

    @property
    def earliest(self) -> int:
        """When the next frame may run for the sake of an input that just came: half a period before it is due.

        The frame after it keeps its deadline, so nothing runs fast; the picture comes sooner by what the input would
        have waited. More than half a period would show as a jerk where the picture scrolls.
        """
        return self.deadline - self._numerator // (2 * self._denominator)

    @property
    def timestamp(self) -> int:
        """The next frame's RTP timestamp (90 kHz, not wrapped)."""
        elapsed = (self._origin - self._start) * self._denominator + self._frame * self._numerator
        return elapsed * VIDEO_CLOCK // (NANOSECONDS * self._denominator)

    def begin(self, now: int) -> bool:
        """The frame begins at ``now``: whether it is late, by more than half a period. Skips what is lost for good."""
        behind = (now - self.deadline) * self._denominator
        if behind > MAX_BEHIND * self._numerator:
            self._frame += behind // self._numerator
        return 2 * behind > self._numerator

    def advance(self) -> None:
        """The frame is done: the next deadline is the following frame's."""
        self._frame += 1
