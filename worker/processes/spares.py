"""One warm spare: a room process with its imports done, so that a click waits for the game alone.

What a process is used for, and tending it, is the supervisor's business.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from worker.processes.process import Child
from worker.runtime.backoff import backoff

logger = logging.getLogger(__name__)

SETTLE_SECONDS = 10.0
"""A new spare's imports must not take the processor from the room that has just been opened: wait until that one runs,
but no longer than this."""

FIRST_DELAY = 1.0
MAX_DELAY = 60.0
"""Seconds before the next try when spares end by themselves: twice as long each time. A spare that can't even import
its modules would otherwise take a whole processor by starting again and again."""


class Spares:
    """Keeps one process in stock. ``start`` starts one; whoever tends it calls ``gone`` when it has ended."""

    def __init__(self, start: Callable[[], Awaitable[Child]]) -> None:
        self._start = start
        self._child: Child | None = None
        self._left = asyncio.Event()
        self._came = asyncio.Event()
        self._failures = 0

    @property
    def ready(self) -> bool:
        """Whether there is a spare with its imports done."""
        return self._child is not None and self._child.ready.is_set()

    async def there(self) -> None:
        """Wait until there is one with its imports done; for ever, if none can be started."""
        while not self.ready:
            self._came.clear()
            await (self._child.ready if self._child else self._came).wait()

    def take(self) -> Child | None:
        """The spare, if there is one; it may still be at its imports, and is ahead of a new process even so."""
        child, self._child = self._child, None
        if child:
            self._failures = 0
            self._left.set()
        return child

    def gone(self, child: Child) -> None:
        """A process that nobody took has ended."""
        if child is self._child:
            self._child = None
            self._failures += 1
            self._left.set()

    async def run(self) -> None:
        """Start a spare whenever there is none, until cancelled."""
        while True:
            await asyncio.sleep(self._delay())
            self._left.clear()
            try:
                child = self._child = await self._start()
                self._came.set()
            except OSError as error:
                self._failures += 1
                logger.error("No room process can be started (%s); trying again in %.0f s.", error, self._delay())
                continue
            await self._left.wait()
            if self._failures:
                logger.error(
                    "A spare room process ended by itself; what it said last is above. Trying again in %.0f s.",
                    self._delay(),
                )
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(child.settled.wait(), SETTLE_SECONDS)

    def _delay(self) -> float:
        return backoff(self._failures, FIRST_DELAY, MAX_DELAY)
