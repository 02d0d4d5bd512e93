"""One game's battery memory of one profile: read before the game begins, written when it changed.

It is a folder of versions like a save slot, so two rooms of one player keep both what they wrote. Where the store has
none, the file is read in which earlier releases kept it.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from worker.formats.envelope import DamagedError
from worker.messages.storing import MAX_BATTERY_BYTES, StoreBattery, Stored
from worker.runtime.tasks import BackgroundTasks
from worker.store.context import Owner, StoreContext
from worker.store.errors import NO_ANSWER, StoreError
from worker.store.naming import keys, records
from worker.store.naming.versions import Base, Version, after
from worker.store.version_folder import VersionFolder, salt
from worker.store.write_queue import Job, WriteQueue

logger = logging.getLogger(__name__)

TIDY_AFTER = 20
"""Versions that may be written before old ones are let go: that takes a list and deletions."""


class BatterySaves:
    """The battery memory of one room: reads it once, and writes new versions of it."""

    def __init__(
        self,
        context: StoreContext,
        owner: Owner,
        answer: Callable[[Stored], None],
        changed: Callable[[StoreError | None], None],
    ) -> None:
        self._folder = VersionFolder(context.objects, keys.battery(owner.profile, owner.game))
        self._legacy = owner.legacy_battery
        self._timeouts = context.timeouts
        self._now = context.now
        self._answer = answer
        self.queue = WriteQueue(context.timeouts, changed, newest_only=True)
        self.base = Base()
        """What the next version is on top of. A room that goes on has that of its snapshot."""
        self._untidied = 0
        self._tasks = BackgroundTasks(logger)
        self._tidying: asyncio.Task[None] | None = None

    async def open(self) -> bytes | None:
        """Read the memory as last stored; None if there is none.

        Raises StoreError if the store can't tell; what this game writes is then kept beside what is there.
        """
        try:
            async with asyncio.timeout(self._timeouts.open):
                memory = await self._read()
        except (StoreError, TimeoutError) as error:
            self.base = Base(blind=True)
            raise error if isinstance(error, StoreError) else StoreError(NO_ANSWER, "slow") from None
        if memory is None and self.base.version is None and self._legacy is not None:
            return await asyncio.to_thread(_read_file, self._legacy)
        return memory

    async def _read(self) -> bytes | None:
        for version in (await self._folder.history()).find(""):
            record = await self._folder.read(version)
            try:
                if record is not None:
                    memory = records.memory_of(record)
                    self.base = Base(version)
                    return memory
            except DamagedError as error:
                logger.warning("! a battery memory can't be used, the one before it is taken: %s", error)
        return None

    def store(self, message: StoreBattery) -> None:
        """Queue the memory to be written. Answered when the store has it."""
        version: Version | None = None
        record = records.battery(message.data, int(self._now()))

        async def write() -> None:
            nonlocal version
            if version is None:  # with the first try: whatever becomes of it, the next one is on top of it
                version = after(self.base.version, int(self._now() * 1000), salt(), blind=self.base.blind)
            await self._folder.add(version, record)

        def stored() -> None:
            if version is not None:
                self.base = replace(self.base, version=version)
            self._answer(Stored(request=message.request, version=str(self.base.version)))
            self._tidy_now_and_then()

        def troubled(error: StoreError) -> None:
            sentence = f"The game's own save could not be stored yet: {error}. It is kept, and tried again."
            self._answer(Stored(request=message.request, error=sentence, waiting=True))

        self.queue.add(Job(len(record), write, stored, troubled))

    def _tidy_now_and_then(self) -> None:
        """Delete old versions after TIDY_AFTER more: some games write all the time, for hours."""
        self._untidied += 1
        if self._untidied >= TIDY_AFTER and self._tidying is None:
            self._tidying = self._tasks.spawn(self._tidy(), "tidying old battery memory")

    async def _tidy(self) -> None:
        """Delete old versions until little has been written since: a slow store takes long, and the game goes on.

        Forget the task here, not in a done callback: a write that ends between the two would begin no other one.
        """
        try:
            while self._untidied >= TIDY_AFTER:
                self._untidied = 0
                await self._folder.tidy()
        finally:
            self._tidying = None

    async def settled(self) -> None:
        """Wait until all is stored, and let old versions go."""
        await self.queue.empty()
        if self._tidying is not None:
            await asyncio.wait((self._tidying,))
        await self._folder.tidy()


def _read_file(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            memory = file.read(MAX_BATTERY_BYTES + 1)
    except OSError:
        return None
    return memory if 0 < len(memory) <= MAX_BATTERY_BYTES else None
