"""Time that can run faster for everything in this process: clocks, and how long an event loop sleeps."""

import asyncio
import selectors
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest


class Time:
    """Clocks that may run faster: the seconds that pass in one, 1 at first."""

    def __init__(self) -> None:
        self.speed = 1.0
        self._real = time.monotonic
        self._turned_at = self._real()
        self._gained = 0.0

    def run_at(self, speed: float) -> None:
        """Let the clocks run at this speed from now on, without a jump."""
        self._gained = self.gained()
        self._turned_at = self._real()
        self.speed = speed

    def gained(self) -> float:
        """Return the seconds by which the clocks are ahead of the real ones."""
        return self._gained + (self._real() - self._turned_at) * (self.speed - 1)

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Make a loop whose seconds are as short. Its clock is ``time.monotonic``, as everywhere."""
        return asyncio.SelectorEventLoop(_Selector(self))


class _Selector(selectors.DefaultSelector):
    """Sleeps for a shorter time than it is asked to."""

    def __init__(self, kept: Time) -> None:
        super().__init__()
        self._time = kept

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / self._time.speed)


@contextmanager
def own_time() -> Iterator[Time]:
    """Have both clocks run by the ``Time`` that the block is given."""
    kept = Time()
    with pytest.MonkeyPatch.context() as patched:
        for name in ("monotonic", "time"):
            patched.setattr(time, name, _ahead(getattr(time, name), kept))
        yield kept


def _ahead(clock: Callable[[], float], kept: Time) -> Callable[[], float]:
    return lambda: clock() + kept.gained()
