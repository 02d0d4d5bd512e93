"""The worker's store: opens it, keeps one keeper for each room, and looks after what is left when rooms are gone."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from worker.messages.storing import StoreAnswer
from worker.runtime.tasks import BackgroundTasks
from worker.store.catalogue import Catalogue
from worker.store.context import Owner, StoreContext
from worker.store.errors import StoreError
from worker.store.keeper import Keeper
from worker.store.memory import Memory
from worker.store.objects import Objects
from worker.store.snapshots import Snapshots
from worker.store.timeouts import Timeouts

logger = logging.getLogger(__name__)

MAX_WAITING_BYTES = 256 << 20
"""Of what waits for a store that is down, in all rooms: hundreds of saves of 16-bit games. Then players are told."""

EXPIRY_SECONDS = 3600.0
"""Between two looks for snapshots that nobody came back to."""


class Store:
    """Hands out keepers, and owns those whose rooms are gone until all of theirs is stored."""

    def __init__(
        self,
        objects: Objects,
        *,
        keep: timedelta,
        timeouts: Timeouts | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._snapshots = Snapshots(objects)
        self._keep = keep
        self._timeouts = timeouts or Timeouts()
        self._now = now
        self._keepers: set[Keeper] = set()
        self._tasks = BackgroundTasks(logger)
        self._context = StoreContext(
            objects=objects,
            snapshots=self._snapshots,
            catalogue=Catalogue(objects),
            memory=Memory(),
            timeouts=self._timeouts,
            now=now,
            full=lambda: self.waiting_bytes >= MAX_WAITING_BYTES,
        )

    @property
    def waiting_bytes(self) -> int:
        """What the store does not have yet."""
        return sum(keeper.size for keeper in self._keepers)

    def keeper(self, owner: Owner, answer: Callable[[StoreAnswer], None]) -> Keeper:
        """Make the keeper of a new room. ``release`` it when the room is gone."""
        keeper = Keeper(self._context, owner, answer)
        self._keepers.add(keeper)
        return keeper

    def release(self, keeper: Keeper, *, over: bool) -> None:
        """Store what a room that is gone has handed in, and then drop its keeper.

        ``over``: nobody will go on with its game.
        """
        self._tasks.spawn(self._settle(keeper, over=over), "last saves of a room")

    async def flush(self, seconds: float) -> None:
        """Wait until all of the rooms that are gone is stored, for so long; give up the rest."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        await self._tasks.close()

    async def expire(self) -> None:
        """Delete old snapshots every EXPIRY_SECONDS, until cancelled.

        The first time also shows whether the store works.
        """
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
                async with asyncio.timeout(self._timeouts.linger):
                    await keeper.settle(over=over)
        finally:
            if keeper.size:
                logger.error("! %d bytes of a room that is gone could not be stored", keeper.size)
            keeper.abandon()
            self._keepers.discard(keeper)
