"""What a room stores without being asked: snapshots, battery memory, saves of its own. Runs on the event loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from worker.libretro import CoreError

from .slots import SlotError
from .storage import StorageError
from .storing import Snapshot, StoreBattery, Stored, StoreRequest

if TYPE_CHECKING:
    from .emulator import Emulator
    from .slots import Slots
    from .storage import Storage

logger = logging.getLogger(__name__)

AUTOSAVE_SECONDS: Final = 120.0
"""Between two saves of the room's own, beside those when a player leaves and when the room is closed."""
LAST_SAVE_SECONDS: Final = 1.0
"""For the last of them; the agent gives a room that closes three seconds in all."""

Spawn = Callable[[Coroutine[Any, Any, None], str], None]


class Keeper:
    """One for each room. ``say`` shows a sentence to its viewers, ``spawn`` runs a coroutine that the room owns."""

    def __init__(
        self,
        profile: str,
        emulator: Emulator,
        slots: Slots,
        storage: Storage,
        *,
        send: Callable[[StoreRequest], None],
        say: Callable[[str], None],
        spawn: Spawn,
    ) -> None:
        self._profile = profile
        self._emulator = emulator
        self._slots = slots
        self._storage = storage
        self._send = send
        self._say = say
        self._spawn = spawn
        self._saved = (time.monotonic(), 0)
        """When the room last saved by itself, and after how many frames."""
        self._trouble = ""

    def snapshot(self, data: bytes, frame: int) -> None:
        """A snapshot is there."""
        self._send(Snapshot(data=data, frame=frame))

    def battery(self, memory: bytes) -> None:
        """The battery memory has changed."""

        def later(answer: Stored) -> None:
            self._note(answer.error)

        storing = self._storage.store(lambda number: StoreBattery(request=number, data=memory), later)
        self._spawn(self._await_battery(storing), "battery memory")

    def autosave(self, now: float) -> None:
        """Save if it is time to."""
        if now - self._saved[0] > AUTOSAVE_SECONDS and self._played:
            self.save_for(self._profile)

    def save_for(self, profile: str) -> None:
        """Save now for this profile, if it is one."""
        if profile:
            self._spawn(self._save(profile), "autosave")

    async def last_save(self) -> None:
        """Save before the room closes, if anything was played since the last time."""
        if self._profile and self._played:
            try:
                await asyncio.wait_for(self._save(self._profile), LAST_SAVE_SECONDS)
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

    async def _await_battery(self, storing: Coroutine[Any, Any, Stored]) -> None:
        try:
            self._note((await storing).error)
        except StorageError as error:
            self._note(str(error))

    def _note(self, trouble: str) -> None:
        """Say it once: the memory is stored every few seconds, and may fail as often."""
        if trouble and trouble != self._trouble:
            self._say(f"The game's own save is not stored yet. {trouble}")
        self._trouble = trouble
