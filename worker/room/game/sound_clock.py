"""Keeps sound and picture together: the core's true frame rate, found from its sound, and the sound's lead. No clock.

A core tells its frame rate once, and some tell another than they run at: PC Engine cores say 59.82, and give sound for
60.05 frames a second in the console's usual mode. The sound's rate is that of its samples, so the number of samples in
a frame says how long the frame is.
"""

from typing import Final

LEAST_FRAMES: Final = 60
"""Frames between two looks at the count, and before the first: fewer say nothing."""
MOST_FRAMES: Final = 600
"""Frames after which the count begins anew: what a game did before says nothing of the mode that it is in now."""
MAX_DEVIATION: Final = 0.02
"""The largest part of the told rate by which the true one may differ. More is a game whose sound comes by fits and
starts, not a frame rate."""
CERTAINTY: Final = 2
"""How many times larger than its possible error a deviation has to be."""

LEAD_FRAMES: Final = 60
"""Frames over which the sound's lead is watched."""
MAX_LEAD_SECONDS: Final = 0.02
"""How far sound may be ahead of its picture, or behind it, through all of these frames."""


class SoundClock:
    """Counts the samples of each frame and says how many frames there really are in a second."""

    def __init__(self, fps: float, sample_rate: float) -> None:
        self.fps = fps
        """Frames a second: as told at first, then as found."""
        self._told = fps
        self._rate = sample_rate
        self._samples = 0
        """Of the frame under way."""
        self._begin_count()

    def _begin_count(self) -> None:
        self._frames = self._total = self._most = 0
        self._least: int | None = None

    def add(self, samples: int) -> None:
        """Count samples of the frame under way."""
        self._samples += samples

    def discard(self) -> None:
        """Forget the samples of the frame under way, which was no ordinary one."""
        self._samples = 0

    def end_frame(self) -> bool:
        """End the frame; return whether ``fps`` has changed."""
        samples, self._samples = self._samples, 0
        self._frames += 1
        self._total += samples
        self._most = max(self._most, samples)
        self._least = samples if self._least is None else min(self._least, samples)
        if self._frames % LEAST_FRAMES:
            return False
        changed = self._measure()
        if self._frames >= MOST_FRAMES:
            self._begin_count()
        return changed

    def _measure(self) -> bool:
        if not self._total or self._least is None:
            return False  # a silent core has no clock but the told one
        measured = self._rate * self._frames / self._total
        # The count may begin and end anywhere between two lumps of sound, so it errs by a lump at the most.
        error = (self._most - self._least + 1) / self._total
        deviation = abs(measured / self.fps - 1)
        if deviation <= CERTAINTY * error or abs(measured / self._told - 1) > MAX_DEVIATION:
            return False
        self.fps = measured
        return True


class SoundLead:
    """Tells when the sound has run ahead of its picture, or fallen behind, for good and not for a moment."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin anew, as after a silence."""
        self._frames = 0
        self._least = float("inf")
        self._most = float("-inf")

    def observe(self, seconds: float) -> float:
        """Note by how much the sound is ahead after a frame, and return by how much it is to be set back.

        That is 0 nearly always, and negative if the sound is to be set forward.
        """
        self._frames += 1
        self._least = min(self._least, seconds)
        self._most = max(self._most, seconds)
        if self._frames < LEAD_FRAMES:
            return 0.0
        least, most = self._least, self._most
        self.restart()
        if least > MAX_LEAD_SECONDS:
            return least
        return most if most < -MAX_LEAD_SECONDS else 0.0
