"""What the players ask of their room, carried out: pause, reset, speed, rewind, saves and files. On the event loop.

It decides who may ask for what, and answers everybody whom it concerns; ``requests.py`` and ``notices.py`` are the
words, ``slots.py`` and the emulator's thread do the work.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from worker.libretro import Core, CoreError
from worker.messages.storing import MAX_BATTERY_BYTES, Stored
from worker.room.game.restoring import set_battery, set_state
from worker.room.saves.slots import SlotError
from worker.room.saves.storage import StorageError
from worker.room.wire import requests
from worker.room.wire.notices import Done, File, Message, Playback
from worker.room.wire.requests import Request, RequestError, kind
from worker.room.wire.transfers import Incoming, TransferError, file_name, pieces

if TYPE_CHECKING:
    from worker.room.game.emulator import Emulator
    from worker.room.players.viewers import Viewer, Viewers
    from worker.room.saves.slots import Slots

logger = logging.getLogger(__name__)

MAX_OUTSTANDING: Final = 4
"""Requests of one viewer that wait for the store: who holds the save key down fills no queue."""

_WITHOUT_SEAT: Final = (requests.ListSaves, requests.Export)
_OF_PROFILE: Final = (requests.ListSaves, requests.Save, requests.Load, requests.DeleteSave)
_FAILURES: Final = (CoreError, StorageError, SlotError, TransferError)


Work = Callable[[], Coroutine[Any, Any, str]]
"""What is to be done for a request; it gives the words of its Done."""


class Console:
    """One for each room."""

    def __init__(self, game: str | None, emulator: Emulator, slots: Slots, viewers: Viewers) -> None:
        self._game = game
        """The game's file, after which exported files are called."""
        self._emulator = emulator
        self._slots = slots
        self._viewers = viewers
        self._incoming: tuple[Viewer, Incoming] | None = None
        self._rewinder: Viewer | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def playback(self) -> Playback:
        """How the game runs, as pages are told."""
        now = self._emulator.playback
        return Playback(paused=now.paused, by=now.by, speed=now.speed, rewinding=now.rewinding)

    def take(self, viewer: Viewer, text: str, now: float) -> None:
        """A text of a viewer's page."""
        if not viewer.requests.take(now):
            viewer.complain(Message(text="This page asks for too much at once. Wait a moment."))
            return
        try:
            request = requests.decode(text)
        except RequestError as error:
            viewer.complain(Message(text=str(error)))
            return
        refusal = self._refusal(viewer, request)
        if refusal:
            self._answer(viewer, request, ok=False, message=refusal)
        else:
            self._carry_out(viewer, request, now)

    def take_piece(self, viewer: Viewer, data: bytes, now: float) -> None:
        """A binary message of a viewer's page: a piece of the file that it announced, or of one that was refused."""
        if self._incoming is None or self._incoming[0] is not viewer:
            return
        incoming = self._incoming[1]
        try:
            whole = incoming.feed(data, now)
        except TransferError as error:
            self._incoming = None
            self._answer(viewer, incoming.request, ok=False, message=str(error))
            return
        if whole is not None:
            self._incoming = None
            request, data = incoming.request, whole
            self._spawn(viewer, request, lambda: self._take_in(viewer, request, data))

    def forget(self, viewer: Viewer) -> None:
        """The viewer is gone, or not heard: nothing waits for it."""
        if self._rewinder is viewer:
            self._rewind(viewer, on=False)
        if self._incoming is not None and self._incoming[0] is viewer:
            self._incoming = None

    async def finish(self) -> None:
        """Drop what is under way: the room ends."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ----- who may

    def _refusal(self, viewer: Viewer, request: Request) -> str:
        """Why the viewer may not ask for this now, as a sentence; nothing if it may."""
        if viewer.seat is None and not isinstance(request, _WITHOUT_SEAT):
            return "Only players can do that. Take a seat first."
        of_slot = isinstance(request, requests.Export) and (viewer.seat is None or request.slot is not None)
        if not viewer.profile and (of_slot or isinstance(request, _OF_PROFILE)):
            return "Saved games need a profile, which this browser has not kept. Allow it to store data, and reload."
        if self._emulator.playback.frozen:
            return "The game is just moving to another place. Try it again in a moment."
        if viewer.outstanding >= MAX_OUTSTANDING:
            return "What you asked for before is still under way. Wait a moment."
        return ""

    # ----- what is done at once

    def _carry_out(self, viewer: Viewer, request: Request, now: float) -> None:
        playback = self._emulator.playback
        match request:
            case requests.Pause(paused=paused):
                self._changed(playback.pause(paused, viewer.title))
            case requests.Speed(factor=factor):
                self._changed(playback.run_at(factor, viewer.title))
            case requests.Rewind(on=on):
                self._rewind(viewer, on=on)
            case requests.Import():
                self._begin_import(viewer, request, now)
            case _:
                self._spawn(viewer, request, lambda: self._slow(viewer, request))

    def _changed(self, changed: bool) -> None:
        if changed:
            self._emulator.wake()
            self._viewers.tell(self.playback())

    def _rewind(self, viewer: Viewer, *, on: bool) -> None:
        self._rewinder = viewer if on else None
        self._changed(self._emulator.playback.rewind(on, viewer.title))

    def _begin_import(self, viewer: Viewer, request: requests.Import, now: float) -> None:
        if self._incoming is not None and self._incoming[0] is not viewer and not self._incoming[1].stalled(now):
            self._answer(viewer, request, ok=False, message="Somebody's file is coming in. Try it when that is done.")
            return
        try:
            self._incoming = (viewer, Incoming(request, now))
        except TransferError as error:
            self._answer(viewer, request, ok=False, message=str(error))

    # ----- what takes a while

    def _slow(self, viewer: Viewer, request: Request) -> Coroutine[Any, Any, str]:
        """The request under way; it gives the words of its Done."""
        match request:
            case requests.Reset():
                return self._reset(viewer)
            case requests.Save(slot=slot):
                return self._save(viewer, request, slot)
            case requests.Load(slot=slot, version=version):
                return self._load(viewer, slot, version)
            case requests.ListSaves():
                return self.show_saves(viewer)
            case requests.DeleteSave(slot=slot, version=version):
                return self._delete(viewer, slot, version)
            case requests.Export():
                return self._export(viewer, request)
            case _:
                raise AssertionError(f"{kind(request)} is no request that takes a while")

    async def _reset(self, viewer: Viewer) -> str:
        await asyncio.wrap_future(self._emulator.ask(Core.reset, changes=True))
        self._viewers.tell(Message(text=f"{viewer.title} reset the game."), but=viewer)
        return ""

    async def _save(self, viewer: Viewer, request: requests.Save, slot: int) -> str:
        def later(answer: Stored) -> None:
            self._answer(viewer, request, ok=not answer.error, message=answer.error)

        answer = await self._slots.save(viewer.profile, slot, later)
        if answer.error:
            raise StorageError(answer.error)
        return ""

    async def _load(self, viewer: Viewer, slot: int, version: str) -> str:
        notes = await self._slots.load(viewer.profile, slot, version)
        self._viewers.tell(Message(text=f"{viewer.title} loaded a saved game."), but=viewer)
        return notes

    async def show_saves(self, viewer: Viewer) -> str:
        """Send the viewer what its profile has saved. Raises StorageError."""
        viewer.peer.notify(await self._slots.listed(viewer.profile))
        return ""

    async def _delete(self, viewer: Viewer, slot: int, version: str) -> str:
        await self._slots.delete(viewer.profile, slot, version)
        return ""

    async def _export(self, viewer: Viewer, request: requests.Export) -> str:
        data = await self._file(viewer, request)
        name = file_name(self._game, request.what)
        await viewer.peer.send_file(File(name=name, size=len(data)), pieces(data))
        return ""

    async def _file(self, viewer: Viewer, request: requests.Export) -> bytes:
        if request.what == "battery":
            memory = await asyncio.wrap_future(self._emulator.ask(Core.save_ram))
            if not memory:
                raise CoreError("this game has no battery memory")
            return memory
        if request.slot is None:
            return await asyncio.wrap_future(self._emulator.ask(Core.serialize))
        return (await self._slots.fetch(viewer.profile, request.slot))[1]

    async def _take_in(self, viewer: Viewer, request: requests.Import, data: bytes) -> str:
        if request.what == "state":
            await asyncio.wrap_future(self._emulator.ask(lambda core: set_state(core, data), changes=True))
            self._viewers.tell(Message(text=f"{viewer.title} loaded a saved game."), but=viewer)
            return ""
        if len(data) > MAX_BATTERY_BYTES:
            raise TransferError(f"A battery memory has {MAX_BATTERY_BYTES >> 20} MB at the most; this is another file.")
        await asyncio.wrap_future(self._emulator.ask(lambda core: set_battery(core, data), changes=True))
        self._viewers.tell(Message(text=f"{viewer.title} brought a battery memory and reset the game."), but=viewer)
        return "The game was reset, to read it."

    # ----- answers

    def _spawn(self, viewer: Viewer, request: Request, work: Work) -> None:
        viewer.outstanding += 1
        task = asyncio.create_task(self._tend(viewer, request, work), name=f"{kind(request)} of {viewer.peer.viewer}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tend(self, viewer: Viewer, request: Request, work: Work) -> None:
        try:
            message = await work()
        except _FAILURES as error:
            self._answer(viewer, request, ok=False, message=sentence(str(error)))
        except ConnectionError:
            logger.debug("! %s: the viewer is gone", kind(request))
        except Exception:
            logger.exception("! %s failed", kind(request))
            self._answer(viewer, request, ok=False, message="That failed because of a fault in the room.")
        else:
            if not isinstance(request, requests.ListSaves):
                self._answer(viewer, request, ok=True, message=message)
            await self._show_what_changed(viewer, request)
        finally:
            viewer.outstanding -= 1

    async def _show_what_changed(self, viewer: Viewer, request: Request) -> None:
        """After its Done, which does not wait for the list: reading that takes as long again, and may fail."""
        if isinstance(request, requests.Save | requests.DeleteSave):
            with contextlib.suppress(StorageError):
                await self.show_saves(viewer)

    def _answer(self, viewer: Viewer, request: Request, *, ok: bool, message: str) -> None:
        slot = getattr(request, "slot", None)
        viewer.peer.notify(Done(request=kind(request), ok=ok, slot=slot, message=message))


def sentence(reason: str) -> str:
    """The reason as a player reads it."""
    return reason[:1].upper() + reason[1:] + ("" if reason.endswith((".", "!", "?")) else ".")
