"""Storing without being asked: snapshots, battery memory, and the room's own saves. Runs on the event loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from worker.libretro import CoreError
from worker.messages.storing import MAX_BATTERY_BYTES, MAX_STATE_BYTES, Snapshot, StoreBattery, Stored, StoreRequest
from worker.room.errors import SlotError, StorageError

if TYPE_CHECKING:
    from worker.room.game.emulator import Emulator
    from worker.room.saves.slots import Slots
    from worker.room.saves.storage import Storage
    from worker.runtime.tasks import BackgroundTasks

logger = logging.getLogger(__name__)

AUTOSAVE_SECONDS: Final = 120.0
"""Between two saves of the room's own, beside those when a player leaves and when the room is closed."""
LAST_SAVE_SECONDS: Final = 1.0
"""For the last of them; the agent gives a room that closes three seconds in all."""


class Autosaver:
    """One for each room. ``show`` shows a sentence to its viewers; ``tasks`` are the room's."""

    def __init__(
        self,
        profile: str,
        emulator: Emulator,
        slots: Slots,
        storage: Storage,
        *,
        send: Callable[[StoreRequest], None],
        show: Callable[[str], None],
        tasks: BackgroundTasks,
    ) -> None:
        self._profile = profile
        self._emulator = emulator
        self._slots = slots
        self._storage = storage
        self._send = send
        self._show = show
        self._tasks = tasks
        self._saved = (time.monotonic(), 0)
        """When the room last saved by itself, and after how many frames."""
        self._too_large: set[str] = set()

    def send_snapshot(self, data: bytes, frame: int) -> None:
        """Hand a snapshot to the agent."""
        if self._fits(data, MAX_STATE_BYTES, "This game's state", "If its server fails, the game begins anew."):
            self._send(Snapshot(data=data, frame=frame))

    def store_battery(self, memory: bytes) -> None:
        """Have the battery memory stored, which has changed."""
        if not self._fits(memory, MAX_BATTERY_BYTES, "This game's own save", "Export it before you leave."):
            return
        storing = self._storage.store(lambda number: StoreBattery(request=number, data=memory), lambda answer: None)
        self._tasks.spawn(self._await_battery(storing), "battery memory")

    def save_if_due(self, now: float) -> None:
        """Save if the last save is old enough, and the game was played since."""
        if now - self._saved[0] > AUTOSAVE_SECONDS and self._played:
            self.save_for(self._profile)

    def save_for(self, profile: str) -> None:
        """Save now for this profile, if it is one."""
        if profile:
            self._tasks.spawn(self._save(profile), "autosave")

    async def save_before_close(self) -> None:
        """Save before the room closes, if anything was played since the last time."""
        if self._profile and self._played:
            try:
                async with asyncio.timeout(LAST_SAVE_SECONDS):
                    await self._save(self._profile)
            except TimeoutError:
                logger.warning("! the last save was not confirmed in time")

    @property
    def _played(self) -> bool:
        return self._emulator.counters.frames != self._saved[1] and not self._emulator.playback.frozen

    async def _save(self, profile: str) -> None:
        self._saved = (time.monotonic(), self._emulator.counters.frames)
        try:
            await self._slots.autosave(profile)
        except (CoreError, StorageError, SlotError) as error:
            logger.info("! not saved: %s", error)

    def _fits(self, data: bytes, limit: int, what: str, advice: str) -> bool:
        """Return whether the agent takes so much; if not, say so once."""
        fits = len(data) <= limit
        if not fits and what not in self._too_large:
            self._too_large.add(what)
            self._show(f"{what} is larger than the {limit >> 20} MB that are kept. {advice}")
        return fits

    async def _await_battery(self, storing: Awaitable[Stored]) -> None:
        """Wait for the answer, and only log a failure: the store's state tells the players of its trouble."""
        try:
            await storing
        except StorageError as error:
            logger.info("! battery memory: %s", error)
