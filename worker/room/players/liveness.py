"""Whether a viewer is still there, by when it was last heard. No clock.

A page pings five times a second. At 5 % loss five pings in a row are lost once in three million, so a second of silence
is a path that is dead or stalls, and what its player held down is let go of.
"""

from typing import Final

RELEASE_SECONDS: Final = 1.0
"""Of silence, until a seat's buttons are let go of."""
ABSENT_SECONDS: Final = 2.5
"""Of silence, until the game is not played for this viewer any more. A browser slows the timers of a hidden page to one
a second, so less would stop and start the game of somebody who only listens."""
GONE_SECONDS: Final = 5.0
"""Of silence, until the viewer is let go: its page has long begun a new connection, or is no more."""


class Liveness:
    """One viewer's signs of life; ``now`` is any steady clock's seconds. Silence counts from the first sign on."""

    def __init__(self) -> None:
        self._last_sign: float | None = None
        self._released = False

    def mark_heard(self, now: float) -> None:
        """Count anything that came from the viewer as a sign of life."""
        self._last_sign = now
        self._released = False

    def is_absent(self, now: float) -> bool:
        """Return whether to play on without this viewer."""
        return self._silence(now) > ABSENT_SECONDS

    def is_gone(self, now: float) -> bool:
        """Return whether to let the viewer go."""
        return self._silence(now) > GONE_SECONDS

    def must_release(self, now: float) -> bool:
        """Return whether to let go of its buttons; true once for each silence."""
        if self._released or self._silence(now) <= RELEASE_SECONDS:
            return False
        self._released = True
        return True

    def _silence(self, now: float) -> float:
        return 0.0 if self._last_sign is None else now - self._last_sign
