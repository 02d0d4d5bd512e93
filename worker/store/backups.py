"""One room's snapshots on their way to the store: the newest of them counts, and a room that was lost goes on from it.

The last one also stays in this worker's memory (``memory.py``) for a while.
"""

import asyncio
import logging
from collections.abc import Callable

from worker.formats.envelope import DamagedError
from worker.messages.storing import FinalSnapshot, Snapshot
from worker.runtime.tasks import BackgroundTasks
from worker.store.context import Owner, StoreContext
from worker.store.errors import NO_ANSWER, StoreError
from worker.store.naming import records
from worker.store.naming.keys import SnapshotId
from worker.store.naming.records import Backup
from worker.store.naming.versions import Base
from worker.store.write_queue import Job, WriteQueue

logger = logging.getLogger(__name__)


class Backups:
    """Writes the snapshots of one room's process, and reads the one to go on from."""

    def __init__(self, context: StoreContext, owner: Owner, changed: Callable[[StoreError | None], None]) -> None:
        self._snapshots = context.snapshots
        self._memory = context.memory
        self._room = owner.room
        self._game = owner.game
        self._timeouts = context.timeouts
        self._now = context.now
        self.queue = WriteQueue(context.timeouts, changed, newest_only=True, skip=True)
        self._next = SnapshotId(owner.epoch, int(context.now() * 1000))
        self._stored: SnapshotId | None = None
        """The newest that the store has acknowledged."""
        self._tasks = BackgroundTasks(logger)

    async def resume(self) -> Backup | None:
        """Read what to go on from; None if there is nothing. Raises StoreError if the store can't tell."""
        remembered = self._memory.get(self._room, self._game)
        limit = self._timeouts.resume_from_memory if remembered else self._timeouts.resume
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
        id, backup = newest
        self._next = self._next.after(id)
        if stored and stored[0] < self._next:  # or it is from a later opening, and not ours to replace
            self._stored = stored[0]
        return backup

    async def _read(self, *, tries_on: bool) -> tuple[SnapshotId, Backup] | None:
        while True:
            try:
                return await self._snapshots.newest(self._room, self._game)
            except StoreError:
                if not tries_on:
                    raise
                await asyncio.sleep(self._timeouts.first_retry)

    def add(self, message: Snapshot | FinalSnapshot, base: Base) -> None:
        """Store a snapshot of a room with this base of its battery memory, in place of older ones that still wait."""
        backup = Backup(message.data, base)
        try:
            record = records.snapshot(backup, self._game, message.frame, int(self._now()))
        except DamagedError as error:
            logger.warning("! a snapshot was not stored: %s", error)
            return
        id, self._next = self._next, self._next.next
        self._memory.put(self._room, id, self._game, backup)

        async def write() -> None:
            await self._snapshots.add(self._room, id, record)
            before, self._stored = self._stored, id
            if before is not None:
                self._tasks.spawn(self._drop(before), "deletion of a snapshot")

        self.queue.add(Job(len(record), write, on_stored=lambda: None, on_delayed=lambda error: None))

    async def settle(self) -> bool:
        """Wait until the newest is stored, and return whether it was in time."""
        try:
            async with asyncio.timeout(self._timeouts.freeze):
                await self.queue.empty()
        except TimeoutError:
            return False
        return True

    def moved(self) -> None:
        """Forget the room here, as it goes on at another worker and stores newer snapshots there."""
        self._memory.forget(self._room)

    async def over(self) -> None:
        """Delete the snapshots of a room that has ended for good, but not those of a later process of the same room."""
        self._memory.forget(self._room)
        await self.queue.finish_current()
        try:
            await self._snapshots.drop_until(self._room, self._next)
        except StoreError as error:
            logger.info("! snapshots were left to expire: %s (%s)", error, error.detail)

    async def _drop(self, id: SnapshotId) -> None:
        try:
            await self._snapshots.drop(self._room, id)
        except StoreError as error:
            logger.debug("! a snapshot was left to expire: %s (%s)", error, error.detail)
