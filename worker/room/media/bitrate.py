"""How many bits the room's stream may take, from what its viewers report. No clock, no encoder.

REMB follows the traffic: a still picture earns a low estimate that says nothing of the path. So an estimate counts only
where it is below what was really sent; otherwise the limit creeps back up.
"""

from typing import Final

FLOOR_KBPS: Final = 250
"""Below this the picture of a game is not worth sending; a path that can't carry it can't carry a game."""
LOSSY: Final = 0.10
"""Loss from which a path counts as full; below it, repairs cost less than a worse picture."""
CALM_SECONDS: Final = 8.0
"""Time without a sign of a full path before the limit rises again. Each change costs a key frame."""
CUT_SECONDS: Final = 1.0
"""Time for a cut to show in the reports before the next."""
PATIENCE: Final = 2
"""Low estimates in a row that mean something: the first seconds' estimates are still finding their level."""
NEAR: Final = 0.6
"""The share of the limit from which the picture feels it."""
STEP_DOWN: Final = 0.8
STEP_UP: Final = 1.4


class BitrateControl:
    """One for each room: the slowest viewer decides, for there is one stream."""

    def __init__(self, max_kbps: int) -> None:
        self._max = max_kbps
        self.kbps = max_kbps
        self._squeezed = 0
        self._last_cut = float("-inf")
        self._last_crowded = float("-inf")
        self._last_rise = float("-inf")

    def report(self, *, sent_kbps: float, estimate_kbps: float | None, loss: float, now: float) -> bool:
        """Take a viewer's figures of the last second; True if ``kbps`` changed. ``now`` in seconds."""
        squeezed = estimate_kbps is not None and estimate_kbps < 0.9 * sent_kbps and sent_kbps > FLOOR_KBPS
        self._squeezed = self._squeezed + 1 if squeezed else 0
        crowded = loss >= LOSSY or self._squeezed >= PATIENCE
        if crowded:
            self._last_crowded = now
            if now - self._last_cut < CUT_SECONDS:
                return False
            self._last_cut = now
            return self._change(min(self.kbps * STEP_DOWN, max(sent_kbps, self.kbps / 2)))
        # Where the picture needs less than the limit anyway, a higher one would cost a key frame for nothing.
        wanted = self.kbps < self._max and sent_kbps > NEAR * self.kbps
        if wanted and now - max(self._last_crowded, self._last_rise) >= CALM_SECONDS:
            self._last_rise = now
            return self._change(self.kbps * STEP_UP)
        return False

    def _change(self, kbps: float) -> bool:
        before, self.kbps = self.kbps, int(max(FLOOR_KBPS, min(self._max, kbps)))
        return self.kbps != before
