"""Time that runs faster for everything in this process: clocks, and how long an event loop sleeps."""

import asyncio
import selectors
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

SPEED = 50
"""Seconds in one. Retransmissions wait for some milliseconds then, which is still long on loopback."""


class FastSelector(selectors.DefaultSelector):
    """Sleeps for a shorter time than it is asked to."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / SPEED)


def new_event_loop() -> asyncio.AbstractEventLoop:
    """A loop whose seconds are short. Its clock is ``time.monotonic``, as everybody's."""
    return asyncio.SelectorEventLoop(FastSelector())


@contextmanager
def fast_time() -> Iterator[None]:
    """Within the block both clocks run faster."""
    with pytest.MonkeyPatch.context() as patched:
        for name in ("monotonic", "time"):
            patched.setattr(time, name, _faster(getattr(time, name)))
        yield


def _faster(clock: Callable[[], float]) -> Callable[[], float]:
    began = clock()
    return lambda: began + (clock() - began) * SPEED
