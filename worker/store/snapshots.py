"""The snapshots of rooms: the newest of each is where it goes on, on any worker, after whatever happened to it.

The name of each tells which process of the room it is from. So a snapshot that a process writes after it was given up,
or that a slow store takes late, is older by its name and stays so.
"""

import logging
from datetime import datetime, timedelta

from worker.formats.envelope import DamagedError
from worker.store.naming import keys, records
from worker.store.naming.keys import SnapshotId
from worker.store.naming.records import Backup
from worker.store.objects import Objects

logger = logging.getLogger(__name__)

_READS = 3
"""A snapshot may be replaced between the list and the read; then the list is read again, so many times."""


class Snapshots:
    """All rooms' snapshots."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def ids(self, room: str) -> list[SnapshotId]:
        """List a room's snapshots, oldest first. Raises StoreError."""
        folder = keys.room(room)
        listed = await self._objects.list(folder)
        return sorted(id for entry in listed if (id := keys.parse_snapshot_id(entry.name.removeprefix(folder))))

    async def add(self, room: str, id: SnapshotId, record: bytes) -> None:
        """Store a snapshot; when this returns it is there. Raises StoreError."""
        await self._objects.create(self._name(room, id), record, durable=False)

    async def newest(self, room: str, game: str) -> tuple[SnapshotId, Backup] | None:
        """Read the newest snapshot that is whole. Raises StoreError."""
        for _ in range(_READS):
            ids = await self.ids(room)
            if not ids:
                return None
            for id in reversed(ids):
                record = await self._objects.read(self._name(room, id))
                if record is None:
                    break  # replaced by a newer one in the meantime
                try:
                    return id, records.snapshot_of(record, game)
                except DamagedError as error:
                    logger.warning("! a snapshot can't be used, the one before it is taken: %s", error)
            else:
                return None
        return None

    async def drop(self, room: str, id: SnapshotId) -> None:
        """Delete one snapshot. Raises StoreError."""
        await self._objects.delete(self._name(room, id))

    async def drop_until(self, room: str, last: SnapshotId) -> None:
        """Delete a room's snapshots up to this one; a later process's stay. Raises StoreError."""
        for id in await self.ids(room):
            if id <= last:
                await self.drop(room, id)

    async def expire(self, now: datetime, age: timedelta) -> int:
        """Delete all rooms' snapshots that are older than ``age``, and return how many. Raises StoreError."""
        old = [entry for entry in await self._objects.list(keys.ROOMS) if now - entry.modified > age]
        for entry in old:
            await self._objects.delete(entry.name)
        return len(old)

    def _name(self, room: str, id: SnapshotId) -> str:
        return f"{keys.room(room)}{id}"
