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
from worker.room.errors import SlotError, StorageError
from worker.room.game.restoring import set_state
from worker.room.media.thumbnails import jpeg
from worker.room.wire import notices

if TYPE_CHECKING:
    from worker.formats.savestate import StateHeader
    from worker.libretro import Core
    from worker.room.game.emulator import Emulator
    from worker.room.media.video import Shot
    from worker.room.saves.storage import Storage

MAX_PICTURES: Final = 120_000
"""Characters of all small pictures in one list: a page reads no longer message than 256 KB."""


@dataclass(frozen=True, slots=True)
class _GameCopy:
    """A copy of the game, made by the emulator's thread."""

    state: bytes
    core: str
    core_version: str
    shot: Shot | None
    aspect: float


class Slots:
    """The slots of all profiles that are in the room."""

    def __init__(self, emulator: Emulator, storage: Storage) -> None:
        self._emulator = emulator
        self._storage = storage
        self._known: dict[str, dict[int, str]] = {}
        """For each profile that was listed, its slots' newest versions."""

    async def list_saves(self, profile: str) -> notices.Saves:
        """Read what the profile has saved of this game. Raises StorageError."""
        answer = await self._storage.ask(lambda number: ListSaves(request=number, profile=profile), Listed)
        if answer.error:
            raise StorageError(answer.error)
        known = self._known[profile] = {}
        for save in answer.saves:
            known.setdefault(save.slot, save.version)
        return notices.Saves(slots=_as_notices(answer.saves), store=self._storage.trouble)

    async def save(self, profile: str, slot: int, later: Callable[[Stored], None]) -> Stored:
        """Keep the game as it is now, as the slot's newest version. Raises CoreError, StorageError, SlotError."""
        copy = await asyncio.wrap_future(self._emulator.ask(self._copy_game))
        data, thumbnail = await asyncio.to_thread(_pack, copy)
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
        """Save into the slot that is the room's own. A failure that comes later shows in the store's state."""
        await self.save(profile, AUTO_SLOT, lambda answer: None)

    async def load(self, profile: str, slot: int, version: str) -> str:
        """Go on from a save, and return a sentence if there is something to know of it, else nothing.

        Raises CoreError, StorageError, SlotError; the game then goes on as it was.
        """
        header, state = await self.fetch(profile, slot, version)
        origin = _foreign_origin(header, self._emulator)
        try:
            await asyncio.wrap_future(self._emulator.ask(lambda core: set_state(core, state), changes=True))
        except CoreError as error:
            raise SlotError(
                f"The save was not loaded, and the game goes on as it was: {error}{origin and f'; it is {origin}'}."
            ) from error
        return f"The save is {origin}; if the game behaves oddly, rewind." if origin else ""

    async def fetch(self, profile: str, slot: int, version: str = "") -> tuple[StateHeader, bytes]:
        """Read a save: its label and its state. Raises StorageError, SlotError."""
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

    def _copy_game(self, core: Core) -> _GameCopy:
        """Copy the game, on the emulator's thread."""
        shot = self._emulator.video.shot() if self._emulator.video else None
        aspect = core.av_info.aspect
        return _GameCopy(
            core.serialize(), core.info.name, core.info.version, shot, 1 / aspect if core.rotation % 2 else aspect
        )


def _pack(copy: _GameCopy) -> tuple[bytes, bytes]:
    thumbnail = jpeg(copy.shot, copy.aspect) if copy.shot is not None else b""
    return pack(copy.state, copy.core, copy.core_version), thumbnail


def _foreign_origin(header: StateHeader, emulator: Emulator) -> str:
    """Say from which core the save is, if that is another than the one that runs; nothing if it is the same."""
    if (header.core, header.core_version) == emulator.core_label:
        return ""
    return f"from {header.core} {header.core_version}, and this game runs in {' '.join(emulator.core_label)}"


def _as_notices(saves: tuple[Save, ...]) -> tuple[notices.Save, ...]:
    """Describe the saves for a page: the newest of each slot with a picture, as far as a message holds these."""
    space = MAX_PICTURES
    shown = []
    for save in saves:
        picture = ""
        if save.head and save.thumbnail:
            picture = "data:image/jpeg;base64," + base64.b64encode(save.thumbnail).decode()
        if len(picture) > space:
            picture = ""
        space -= len(picture)
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
