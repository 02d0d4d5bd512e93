"""Saves in slots: a player's state out of the game and to the store, and back. Runs on the event loop.

The emulator's thread only copies; compressing, the small picture and the store are elsewhere, so no frame waits.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from worker.formats.envelope import DamagedError
from worker.formats.savestate import pack, unpack
from worker.libretro import CoreError
from worker.messages.storing import (
    AUTO_SLOT,
    MAX_STATE_BYTES,
    Deleted,
    DeleteSave,
    Fetched,
    FetchSave,
    Listed,
    ListSaves,
    Save,
    Stored,
    StoreSave,
)
from worker.room.game.restoring import set_state
from worker.room.media.thumbnails import jpeg
from worker.room.saves.storage import Storage, StorageError
from worker.room.wire import notices

if TYPE_CHECKING:
    from worker.formats.savestate import StateHeader
    from worker.libretro import Core
    from worker.room.game.emulator import Emulator
    from worker.room.media.video import Shot

MAX_PICTURES: Final = 120_000
"""Characters of all small pictures in one list: a page reads no longer message than 256 KB."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """What the emulator's thread has copied of the game."""

    state: bytes
    core: str
    core_version: str
    shot: Shot | None
    aspect: float


class SlotError(Exception):
    """It can't be done; the text is a sentence for the player."""


class Slots:
    """The slots of all profiles that are in the room."""

    def __init__(self, emulator: Emulator, storage: Storage) -> None:
        self._emulator = emulator
        self._storage = storage
        self._known: dict[str, dict[int, str]] = {}
        """For each profile that was listed, its slots' newest versions."""

    async def listed(self, profile: str) -> notices.Saves:
        """What the profile has saved of this game. Raises StorageError."""
        answer = await self._storage.ask(lambda number: ListSaves(request=number, profile=profile), Listed)
        if answer.error:
            raise StorageError(answer.error)
        known = self._known[profile] = {}
        for save in answer.saves:
            known.setdefault(save.slot, save.version)
        return notices.Saves(slots=_shown(answer.saves), store=self._storage.trouble)

    async def save(self, profile: str, slot: int, later: Callable[[Stored], None]) -> Stored:
        """Keep the game as it is now, as the slot's newest version. Raises CoreError, StorageError, SlotError."""
        taken = await asyncio.wrap_future(self._emulator.ask(self._take))
        data, thumbnail = await asyncio.to_thread(_packed, taken)
        if len(data) > MAX_STATE_BYTES:
            raise SlotError(f"This game's state is larger than the {MAX_STATE_BYTES >> 20} MB of a save. Export it.")
        known = self._known.setdefault(profile, {})
        based_on = known.get(slot, "")  # the agent knows what there was when the profile entered

        def request(number: int) -> StoreSave:
            return StoreSave(
                request=number, profile=profile, slot=slot, data=data, thumbnail=thumbnail, based_on=based_on
            )

        answer = await self._storage.store(request, later)
        if answer.version:
            known[slot] = max(answer.version, known.get(slot, ""))
        return answer

    async def autosave(self, profile: str) -> None:
        """``save`` into the slot that is the room's own; what fails is said by the store's state."""
        await self.save(profile, AUTO_SLOT, lambda answer: None)

    async def load(self, profile: str, slot: int, version: str) -> str:
        """Go on from a save; a sentence if there is something to know of it. Raises CoreError, StorageError,
        SlotError; the game then goes on as it was."""
        header, state = await self.fetch(profile, slot, version)
        stranger = _stranger(header, self._emulator)
        try:
            await asyncio.wrap_future(self._emulator.ask(lambda core: set_state(core, state), changes=True))
        except CoreError as error:
            raise SlotError(
                f"The save was not loaded, and the game goes on as it was: {error}{stranger and f'; it is {stranger}'}."
            ) from error
        return f"The save is {stranger}; if the game behaves oddly, rewind." if stranger else ""

    async def fetch(self, profile: str, slot: int, version: str = "") -> tuple[StateHeader, bytes]:
        """A save's label and state. Raises StorageError, SlotError."""
        answer = await self._storage.ask(
            lambda number: FetchSave(request=number, profile=profile, slot=slot, version=version), Fetched
        )
        if answer.error:
            raise StorageError(answer.error)
        if answer.data is None:
            raise SlotError("There is no such save any more." if version else "There is no save in this slot yet.")
        try:
            return await asyncio.to_thread(unpack, answer.data)
        except DamagedError as error:
            raise SlotError(f"The save can't be used: {error}.") from error

    async def delete(self, profile: str, slot: int, version: str) -> None:
        """Remove one version. Raises StorageError."""
        answer = await self._storage.ask(
            lambda number: DeleteSave(request=number, profile=profile, slot=slot, version=version), Deleted
        )
        if answer.error:
            raise StorageError(answer.error)

    def _take(self, core: Core) -> _Taken:
        """On the emulator's thread."""
        shot = self._emulator.video.shot() if self._emulator.video else None
        aspect = core.av_info.aspect
        return _Taken(
            core.serialize(), core.info.name, core.info.version, shot, 1 / aspect if core.rotation % 2 else aspect
        )


def _packed(taken: _Taken) -> tuple[bytes, bytes]:
    thumbnail = jpeg(taken.shot, taken.aspect) if taken.shot is not None else b""
    return pack(taken.state, taken.core, taken.core_version), thumbnail


def _stranger(header: StateHeader, emulator: Emulator) -> str:
    """In what the save's core is another than the one that runs; nothing if it is the same."""
    if (header.core, header.core_version) == emulator.core_label:
        return ""
    return f"from {header.core} {header.core_version}, and this game runs in {' '.join(emulator.core_label)}"


def _shown(saves: tuple[Save, ...]) -> tuple[notices.Save, ...]:
    """As a page reads it: the newest of a slot with their pictures, as far as a message holds these."""
    room = MAX_PICTURES
    shown = []
    for save in saves:
        picture = ""
        if save.head and save.thumbnail:
            picture = "data:image/jpeg;base64," + base64.b64encode(save.thumbnail).decode()
        if len(picture) > room:
            picture = ""
        room -= len(picture)
        shown.append(
            notices.Save(
                slot=save.slot,
                version=save.version,
                time=save.time,
                core=f"{save.core} {save.core_version}".strip(),
                thumbnail=picture,
                conflict=save.conflict,
            )
        )
    return tuple(shown)
