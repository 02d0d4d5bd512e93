"""The worker's store: opens it, keeps one keeper for each room, and looks after what is left when rooms are gone."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from worker.messages.storing import StoreAnswer
from worker.runtime.tasks import log_failure
from worker.store.catalogue import Catalogue
from worker.store.context import Owner, Shared
from worker.store.errors import StoreError
from worker.store.keeper import Keeper
from worker.store.memory import Memory
from worker.store.objects import Objects
from worker.store.snapshots import Snapshots
from worker.store.timeouts import Pace

logger = logging.getLogger(__name__)

MAX_WAITING_BYTES = 256 << 20
"""Of what waits for a store that is down, in all rooms: hundreds of saves of 16-bit games. Then players are told."""

EXPIRY_SECONDS = 3600.0
"""Between two looks for snapshots that nobody came back to."""


class Store:
    """Hands out keepers, and owns those whose rooms are gone until all of theirs is stored."""

    def __init__(
        self, objects: Objects, *, keep: timedelta, pace: Pace | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self._snapshots = Snapshots(objects)
        self._keep = keep
        self._pace = pace or Pace()
        self._now = now
        self._keepers: set[Keeper] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._shared = Shared(
            objects=objects,
            snapshots=self._snapshots,
            catalogue=Catalogue(objects),
            memory=Memory(),
            pace=self._pace,
            now=now,
            full=lambda: self.waiting_bytes >= MAX_WAITING_BYTES,
        )

    @property
    def waiting_bytes(self) -> int:
        """What the store does not have yet."""
        return sum(keeper.size for keeper in self._keepers)

    def keeper(self, owner: Owner, answer: Callable[[StoreAnswer], None]) -> Keeper:
        """The keeper of a new room. ``release`` it when the room is gone."""
        keeper = Keeper(self._shared, owner, answer)
        self._keepers.add(keeper)
        return keeper

    def release(self, keeper: Keeper, *, over: bool) -> None:
        """The room is gone; what it handed in is stored all the same. ``over``: nobody will go on with its game."""
        task = asyncio.create_task(self._settle(keeper, over=over), name="last saves of a room")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(log_failure)

    async def flush(self, seconds: float) -> None:
        """Wait until all of the rooms that are gone is stored, for so long. What is left is given up."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def expire(self) -> None:
        """Delete old snapshots now and then, until cancelled. The first look also says whether the store works."""
        while True:
            try:
                count = await self._snapshots.expire(datetime.fromtimestamp(self._now(), UTC), self._keep)
                if count:
                    logger.info("= deleted %d old snapshots", count)
            except StoreError as error:
                logger.warning("! nothing can be saved at the moment: %s (%s)", error, error.detail)
            await asyncio.sleep(EXPIRY_SECONDS)

    async def _settle(self, keeper: Keeper, *, over: bool) -> None:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.linger):
                    await keeper.settle(over=over)
        finally:
            if keeper.size:
                logger.error("! %d bytes of a room that is gone could not be stored", keeper.size)
            keeper.abandon()
            self._keepers.discard(keeper)
