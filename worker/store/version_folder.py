"""One slot's versions in the store: add one, list them, read one, delete one, and let old ones go.

What their names mean is ``versions.py``'s; a slot is a folder here, be it a save slot or a battery memory.
"""

import logging
import os
from collections.abc import Sequence

from worker.store.errors import StoreError
from worker.store.naming.versions import History, Version, parse
from worker.store.objects import Entry, Objects

logger = logging.getLogger(__name__)


def read(entries: Sequence[Entry], folder: str) -> History:
    """Read the versions among the objects of a folder."""
    return History(version for entry in entries if (version := parse(entry.name.removeprefix(folder))))


def salt() -> bytes:
    """Draw random bytes for a new version's name."""
    return os.urandom(4)


class VersionFolder:
    """A folder of versions."""

    def __init__(self, objects: Objects, folder: str) -> None:
        self.prefix = folder
        self._objects = objects

    async def history(self) -> History:
        """List the versions that are there. Raises StoreError."""
        return read(await self._objects.list(self.prefix), self.prefix)

    async def add(self, version: Version, record: bytes) -> None:
        """Store a version; when this returns it is there. Raises StoreError."""
        await self._objects.create(self._name(version), record)

    async def read(self, version: Version) -> bytes | None:
        """Read a version's record; None if it is gone. Raises StoreError."""
        return await self._objects.read(self._name(version))

    async def delete(self, version: Version) -> None:
        """Delete a version: its tombstone counts, its object goes now or with a later tidying. Raises StoreError."""
        await self._objects.create(self._name(version.tombstone), b"")
        await self.tidy()

    async def tidy(self) -> None:
        """Delete what is too old to keep. What fails is left for the next time."""
        try:
            for version in (await self.history()).superfluous():
                await self._objects.delete(self._name(version))
        except StoreError as error:
            logger.info("! old versions were left in the store: %s (%s)", error, error.detail)

    def _name(self, version: Version) -> str:
        return f"{self.prefix}{version}"
