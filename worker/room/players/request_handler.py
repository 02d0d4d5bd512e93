"""The players' requests, carried out: pause, reset, speed, rewind, saves and files. On the event loop.

It decides which viewer may ask for what, and answers everybody who is concerned. The words are those of
``wire/requests.py`` and ``wire/notices.py``; ``saves/slots.py`` and the emulator's thread do the work.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from worker.libretro import Core, CoreError
from worker.messages.storing import MAX_BATTERY_BYTES, Stored
from worker.room.errors import DeniedError, RequestError, RoomError, StorageError, TransferError, as_sentence
from worker.room.game.restoring import set_battery, set_state
from worker.room.wire import requests
from worker.room.wire.notices import Done, File, Message, Playback
from worker.room.wire.requests import Request, kind
from worker.room.wire.transfers import IncomingFile, file_name, pieces
from worker.runtime.tasks import BackgroundTasks

if TYPE_CHECKING:
    from worker.room.game.emulator import Emulator
    from worker.room.players.viewers import Viewer, Viewers
    from worker.room.saves.slots import Slots

logger = logging.getLogger(__name__)

MAX_OUTSTANDING: Final = 4
"""Requests of one viewer that wait for the store: a save key that is held down fills no queue."""

_WITHOUT_SEAT: Final = (requests.ListSaves, requests.Export)
_OF_PROFILE: Final = (requests.ListSaves, requests.Save, requests.Load, requests.DeleteSave)

AtOnce = Callable[["Viewer", Any, float], None]
"""Carries out a request of a viewer's; the third argument is the time, in seconds of the steady clock."""
InBackground = Callable[["Viewer", Any], Awaitable[str]]
"""Carries out a request that takes a while, and returns the words of its Done, or none."""
Work = Callable[[], Awaitable[str]]
"""The same for one request; a coroutine is made only when its task begins, for it may be cancelled before."""


class RequestHandler:
    """One for each room. Two tables map a request's type to the method that carries it out."""

    def __init__(self, game: str | None, emulator: Emulator, slots: Slots, viewers: Viewers) -> None:
        self._game = game
        """The game's file, after which exported files are called."""
        self._emulator = emulator
        self._slots = slots
        self._viewers = viewers
        self._incoming: tuple[Viewer, IncomingFile] | None = None
        self._rewinder: Viewer | None = None
        """The viewer that holds rewind down."""
        self._tasks = BackgroundTasks(logger)
        self._at_once: dict[type[Request], AtOnce] = {
            requests.Pause: self._pause,
            requests.Speed: self._set_speed,
            requests.Rewind: self._rewind,
            requests.Import: self._begin_import,
        }
        self._in_background: dict[type[Request], InBackground] = {
            requests.Reset: self._reset,
            requests.Save: self._save,
            requests.Load: self._load,
            requests.ListSaves: self._list_saves,
            requests.DeleteSave: self._delete_save,
            requests.Export: self._export,
        }

    def playback(self) -> Playback:
        """Describe for pages how the game runs."""
        now = self._emulator.playback
        return Playback(paused=now.paused, by=now.by, speed=now.speed, rewinding=now.rewinding)

    def handle(self, viewer: Viewer, text: str, now: float) -> None:
        """Carry out the request in a text of a viewer's page, or answer why not; ``now`` of the steady clock."""
        if not viewer.requests.allow(now):
            viewer.warn(Message(text="This page asks for too much at once. Wait a moment."))
            return
        try:
            request = requests.decode(text)
        except RequestError as error:
            viewer.warn(Message(text=str(error)))
            return
        try:
            self._check(viewer, request)
        except DeniedError as error:
            self._answer(viewer, request, ok=False, message=str(error))
            return
        if at_once := self._at_once.get(type(request)):
            at_once(viewer, request, now)
        else:
            self._spawn(viewer, request, partial(self._in_background[type(request)], viewer, request))

    def handle_piece(self, viewer: Viewer, data: bytes, now: float) -> None:
        """Take a binary message of a viewer's page: a piece of the file that it announced; else it is dropped."""
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
            self._spawn(viewer, incoming.request, partial(self._import, viewer, incoming.request, whole))

    def forget(self, viewer: Viewer) -> None:
        """End what waits for a viewer that is gone or not heard: its rewinding, and a file that it sends."""
        if self._rewinder is viewer:
            self._rewind(viewer, requests.Rewind(on=False))
        if self._incoming is not None and self._incoming[0] is viewer:
            self._incoming = None

    async def close(self) -> None:
        """Drop what is under way, because the room ends."""
        await self._tasks.close()

    # ----- may the viewer ask for it?

    def _check(self, viewer: Viewer, request: Request) -> None:
        """Raise DeniedError if the viewer may not make this request, or not now."""
        if viewer.seat is None and not isinstance(request, _WITHOUT_SEAT):
            raise DeniedError("Only players can do that. Take a seat first.")
        of_slot = isinstance(request, requests.Export) and (viewer.seat is None or request.slot is not None)
        if not viewer.profile and (of_slot or isinstance(request, _OF_PROFILE)):
            raise DeniedError(
                "Saved games need a profile, which this browser has not kept. Allow it to store data, and reload."
            )
        if self._emulator.playback.frozen:
            raise DeniedError("The game is just moving to another place. Try it again in a moment.")
        if viewer.outstanding >= MAX_OUTSTANDING:
            raise DeniedError("What you asked for before is still under way. Wait a moment.")

    # ----- done at once

    def _pause(self, viewer: Viewer, request: requests.Pause, _now: float) -> None:
        self._apply(self._emulator.playback.pause(request.paused, viewer.title))

    def _set_speed(self, viewer: Viewer, request: requests.Speed, _now: float) -> None:
        self._apply(self._emulator.playback.run_at(request.factor, viewer.title))

    def _rewind(self, viewer: Viewer, request: requests.Rewind, _now: float = 0.0) -> None:
        self._rewinder = viewer if request.on else None
        self._apply(self._emulator.playback.rewind(request.on, viewer.title))

    def _apply(self, changed: bool) -> None:
        """Let the emulator and the viewers know of the playback, if it has changed."""
        if changed:
            self._emulator.wake()
            self._viewers.notify(self.playback())

    def _begin_import(self, viewer: Viewer, request: requests.Import, now: float) -> None:
        if self._incoming is not None and self._incoming[0] is not viewer and not self._incoming[1].is_stalled(now):
            self._answer(viewer, request, ok=False, message="Somebody's file is coming in. Try it when that is done.")
            return
        try:
            self._incoming = (viewer, IncomingFile(request, now))
        except TransferError as error:
            self._answer(viewer, request, ok=False, message=str(error))

    # ----- done in the background

    async def _reset(self, viewer: Viewer, _request: requests.Reset) -> str:
        await asyncio.wrap_future(self._emulator.ask(Core.reset, changes=True))
        self._viewers.notify(Message(text=f"{viewer.title} reset the game."), but=viewer)
        return ""

    async def _save(self, viewer: Viewer, request: requests.Save) -> str:
        def later(answer: Stored) -> None:
            self._answer(viewer, request, ok=not answer.error, message=answer.error)

        answer = await self._slots.save(viewer.profile, request.slot, later)
        if answer.error:
            raise StorageError(answer.error)
        return ""

    async def _load(self, viewer: Viewer, request: requests.Load) -> str:
        notes = await self._slots.load(viewer.profile, request.slot, request.version)
        self._viewers.notify(Message(text=f"{viewer.title} loaded a saved game."), but=viewer)
        return notes

    async def _list_saves(self, viewer: Viewer, _request: requests.ListSaves) -> str:
        await self.send_saves(viewer)
        return ""

    async def send_saves(self, viewer: Viewer) -> None:
        """Send the viewer the list of what its profile has saved. Raises StorageError."""
        viewer.peer.notify(await self._slots.list_saves(viewer.profile))

    async def _delete_save(self, viewer: Viewer, request: requests.DeleteSave) -> str:
        await self._slots.delete(viewer.profile, request.slot, request.version)
        return ""

    async def _export(self, viewer: Viewer, request: requests.Export) -> str:
        data = await self._read_export(viewer, request)
        name = file_name(self._game, request.what)
        await viewer.peer.send_file(File(name=name, size=len(data)), pieces(data))
        return ""

    async def _read_export(self, viewer: Viewer, request: requests.Export) -> bytes:
        if request.what == "battery":
            memory = await asyncio.wrap_future(self._emulator.ask(Core.save_ram))
            if not memory:
                raise CoreError("this game has no battery memory")
            return memory
        if request.slot is None:
            return await asyncio.wrap_future(self._emulator.ask(Core.serialize))
        return (await self._slots.fetch(viewer.profile, request.slot))[1]

    async def _import(self, viewer: Viewer, request: requests.Import, data: bytes) -> str:
        if request.what == "state":
            await asyncio.wrap_future(self._emulator.ask(lambda core: set_state(core, data), changes=True))
            self._viewers.notify(Message(text=f"{viewer.title} loaded a saved game."), but=viewer)
            return ""
        if len(data) > MAX_BATTERY_BYTES:
            raise TransferError(f"A battery memory has {MAX_BATTERY_BYTES >> 20} MB at the most; this is another file.")
        await asyncio.wrap_future(self._emulator.ask(lambda core: set_battery(core, data), changes=True))
        self._viewers.notify(Message(text=f"{viewer.title} brought a battery memory and reset the game."), but=viewer)
        return "The game was reset, to read it."

    # ----- answers

    def _spawn(self, viewer: Viewer, request: Request, work: Work) -> None:
        viewer.outstanding += 1
        self._tasks.spawn(self._run(viewer, request, work), f"{kind(request)} of {viewer.peer.viewer}")

    async def _run(self, viewer: Viewer, request: Request, work: Work) -> None:
        """Do the work, and answer with its words or with why it failed."""
        try:
            message = await work()
        except (CoreError, RoomError) as error:
            self._answer(viewer, request, ok=False, message=as_sentence(str(error)))
        except ConnectionError:
            logger.debug("! %s: the viewer is gone", kind(request))
        except Exception:
            logger.exception("! %s failed", kind(request))
            self._answer(viewer, request, ok=False, message="That failed because of a fault in the room.")
        else:
            if not isinstance(request, requests.ListSaves):
                self._answer(viewer, request, ok=True, message=message)
            await self._send_changed_saves(viewer, request)
        finally:
            viewer.outstanding -= 1

    async def _send_changed_saves(self, viewer: Viewer, request: Request) -> None:
        """Send the list that a request changed; after its Done, because that takes as long again and may fail."""
        if isinstance(request, requests.Save | requests.DeleteSave):
            with contextlib.suppress(StorageError):
                await self.send_saves(viewer)

    def _answer(self, viewer: Viewer, request: Request, *, ok: bool, message: str) -> None:
        slot = getattr(request, "slot", None)
        viewer.peer.notify(Done(request=kind(request), ok=ok, slot=slot, message=message))
