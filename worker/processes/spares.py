"""One warm spare: a room process with its imports done, so that a click waits for the game alone.

What a process is used for, and running it, is the supervisor's business.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from worker.processes.process import RoomProcess
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
    """Keeps one process in stock. ``start`` starts one; ``process_ended`` is to be called for one that ends."""

    def __init__(self, start: Callable[[], Awaitable[RoomProcess]]) -> None:
        self._start = start
        self._spare: RoomProcess | None = None
        self._claimed = asyncio.Event()
        self._started = asyncio.Event()
        self._failures = 0

    @property
    def ready(self) -> bool:
        """Whether there is a spare with its imports done."""
        return self._spare is not None and self._spare.ready.is_set()

    async def wait_until_ready(self) -> None:
        """Wait until there is a spare with its imports done; for ever, if none can be started."""
        while not self.ready:
            self._started.clear()
            await (self._spare.ready if self._spare else self._started).wait()

    def claim(self) -> RoomProcess | None:
        """Take the spare out of stock, if there is one. It may still be importing; a new one would take even longer."""
        process, self._spare = self._spare, None
        if process:
            self._failures = 0
            self._claimed.set()
        return process

    def process_ended(self, process: RoomProcess) -> None:
        """Replace the spare, if it is this process that has ended."""
        if process is self._spare:
            self._spare = None
            self._failures += 1
            self._claimed.set()

    async def run(self) -> None:
        """Start a spare whenever there is none, until cancelled."""
        while True:
            await asyncio.sleep(self._delay())
            self._claimed.clear()
            try:
                process = self._spare = await self._start()
                self._started.set()
            except OSError as error:
                self._failures += 1
                logger.error("No room process can be started (%s); trying again in %.0f s.", error, self._delay())
                continue
            await self._claimed.wait()
            if self._failures:
                logger.error(
                    "A spare room process ended by itself; what it said last is above. Trying again in %.0f s.",
                    self._delay(),
                )
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_SECONDS):
                    await process.settled.wait()

    def _delay(self) -> float:
        return backoff(self._failures, FIRST_DELAY, MAX_DELAY)
