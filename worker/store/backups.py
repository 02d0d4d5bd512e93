"""One room's snapshots on their way to the store: the newest of them counts, and a room that was lost goes on from it.

The last one also stays in this worker's memory (``memory.py``) for a while.
"""

import asyncio
import logging
from collections.abc import Callable

from worker.formats.envelope import DamagedError
from worker.messages.storing import Frozen, Snapshot
from worker.runtime.tasks import log_failure
from worker.store.context import Owner, Shared
from worker.store.errors import NO_ANSWER, StoreError
from worker.store.naming import records
from worker.store.naming.keys import Mark
from worker.store.naming.records import Backup
from worker.store.naming.versions import Base
from worker.store.write_queue import Job, Lane

logger = logging.getLogger(__name__)


class Backups:
    """The snapshots of one room's process."""

    def __init__(self, shared: Shared, owner: Owner, changed: Callable[[StoreError | None], None]) -> None:
        self._snapshots = shared.snapshots
        self._memory = shared.memory
        self._room = owner.room
        self._game = owner.game
        self._pace = shared.pace
        self._now = shared.now
        self.lane = Lane(shared.pace, changed, newest_only=True, skip=True)
        self._next = Mark(owner.epoch, int(shared.now() * 1000))
        self._stored: Mark | None = None
        """The newest that the store has acknowledged."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def resume(self) -> Backup | None:
        """What to go on from; None if there is none. Raises StoreError if the store can't tell."""
        remembered = self._memory.get(self._room, self._game)
        limit = self._pace.resume_from_memory if remembered else self._pace.resume
        try:
            async with asyncio.timeout(limit):
                stored = await self._read(tries_on=remembered is None)
        except (StoreError, TimeoutError) as error:
            if remembered is None:
                raise error if isinstance(error, StoreError) else StoreError(NO_ANSWER, "slow") from None
            stored = None
        newest = max((found for found in (remembered, stored) if found), default=None, key=lambda found: found[0])
        if newest is None:
            return None
        mark, backup = newest
        self._next = self._next.after(mark)
        if stored and stored[0] < self._next:  # or it is from a later opening, and not ours to replace
            self._stored = stored[0]
        return backup

    async def _read(self, *, tries_on: bool) -> tuple[Mark, Backup] | None:
        while True:
            try:
                return await self._snapshots.newest(self._room, self._game)
            except StoreError:
                if not tries_on:
                    raise
                await asyncio.sleep(self._pace.first_retry)

    def add(self, message: Snapshot | Frozen, base: Base) -> None:
        """Store this one, of a room with this base of its battery memory. What still waits is older, and not stored any
        more."""
        backup = Backup(message.data, base)
        try:
            record = records.snapshot(backup, self._game, message.frame, int(self._now()))
        except DamagedError as error:
            logger.warning("! a snapshot was not stored: %s", error)
            return
        mark, self._next = self._next, self._next.next
        self._memory.put(self._room, mark, self._game, backup)

        async def write() -> None:
            await self._snapshots.add(self._room, mark, record)
            before, self._stored = self._stored, mark
            if before is not None:
                self._drop_later(before)

        self.lane.add(Job(len(record), write, stored=lambda: None, troubled=lambda error: None))

    async def settle(self) -> bool:
        """Wait until the newest is stored. False if that takes too long."""
        try:
            async with asyncio.timeout(self._pace.freeze):
                await self.lane.empty()
        except TimeoutError:
            return False
        return True

    def moved(self) -> None:
        """The room goes on at another worker: what it stores there is newer than what is remembered here."""
        self._memory.forget(self._room)

    async def over(self) -> None:
        """The room has ended for good: delete its snapshots. Those of a later process of the same room stay."""
        self._memory.forget(self._room)
        await self.lane.wind_up()
        try:
            await self._snapshots.drop_until(self._room, self._next)
        except StoreError as error:
            logger.info("! snapshots were left to expire: %s (%s)", error, error.detail)

    def _drop_later(self, mark: Mark) -> None:
        task = asyncio.create_task(self._drop(mark), name="deletion of a snapshot")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(log_failure)

    async def _drop(self, mark: Mark) -> None:
        try:
            await self._snapshots.drop(self._room, mark)
        except StoreError as error:
            logger.debug("! a snapshot was left to expire: %s (%s)", error, error.detail)
