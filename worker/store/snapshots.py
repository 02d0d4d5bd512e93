"""The snapshots of rooms: the newest of each is where it goes on, on any worker, after whatever happened to it.

The name of each tells which process of the room it is from. So what a process that was long given up still writes, or
what a slow store takes late, is older by its name and stays so.
"""

import logging
from datetime import datetime, timedelta

from worker.formats.envelope import DamagedError
from worker.store.naming import keys, records
from worker.store.naming.keys import Mark
from worker.store.naming.records import Backup
from worker.store.objects import Objects

logger = logging.getLogger(__name__)

_READS = 3
"""A snapshot may be replaced between the list and the read; then the list is read again, so many times."""


class Snapshots:
    """All rooms' snapshots."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def marks(self, room: str) -> list[Mark]:
        """What there is of a room, oldest first. Raises StoreError."""
        folder = keys.room(room)
        listed = await self._objects.list(folder)
        return sorted(mark for entry in listed if (mark := keys.parse_mark(entry.name.removeprefix(folder))))

    async def add(self, room: str, mark: Mark, record: bytes) -> None:
        """Store a snapshot; when this returns it is there. Raises StoreError."""
        await self._objects.create(self._name(room, mark), record, durable=False)

    async def newest(self, room: str, game: str) -> tuple[Mark, Backup] | None:
        """The newest snapshot that can be read. Raises StoreError."""
        for _ in range(_READS):
            marks = await self.marks(room)
            if not marks:
                return None
            for mark in reversed(marks):
                record = await self._objects.read(self._name(room, mark))
                if record is None:
                    break  # replaced by a newer one in the meantime
                try:
                    return mark, records.snapshot_of(record, game)
                except DamagedError as error:
                    logger.warning("! a snapshot can't be used, the one before it is taken: %s", error)
            else:
                return None
        return None

    async def drop(self, room: str, mark: Mark) -> None:
        """Delete one snapshot. Raises StoreError."""
        await self._objects.delete(self._name(room, mark))

    async def drop_until(self, room: str, last: Mark) -> None:
        """Delete a room's snapshots up to this one; a later process's stay. Raises StoreError."""
        for mark in await self.marks(room):
            if mark <= last:
                await self.drop(room, mark)

    async def expire(self, now: datetime, age: timedelta) -> int:
        """Delete all rooms' snapshots that are older, and say how many. Raises StoreError."""
        old = [entry for entry in await self._objects.list(keys.ROOMS) if now - entry.modified > age]
        for entry in old:
            await self._objects.delete(entry.name)
        return len(old)

    def _name(self, room: str, mark: Mark) -> str:
        return f"{keys.room(room)}{mark}"
