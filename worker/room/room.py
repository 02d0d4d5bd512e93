"""The room: its emulator, its viewers and what passes between them. Runs on the event loop of the room's process.

It decides who gets which packet and who holds which port; ``process.py`` brings the agent's messages and takes ours,
``console.py`` carries out what the players ask for.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from worker.libretro import CoreError
from worker.messages.control import Answer, Closed, Enter, Left, Open, Opened, RoomMessage, TurnedAway
from worker.messages.storing import MAX_STATE_BYTES, Frozen, StoreAnswer
from worker.room.game.emulator import Emulator, EmulatorEvents, Tick
from worker.room.input import inputs as wire
from worker.room.input.inputs import Devices, InputError, Inputs
from worker.room.media.peer import OfferError, Peer, choose_codec
from worker.room.media.video import H264
from worker.room.players.figures import Bookkeeper
from worker.room.players.request_handler import Console
from worker.room.players.viewers import MAX_VIEWERS, Viewer, Viewers
from worker.room.saves.autosave import Keeper
from worker.room.saves.slots import Slots
from worker.room.saves.storage import Storage, StorageError
from worker.room.wire import notices

if TYPE_CHECKING:
    from coordinator.messages import Candidate
    from worker.libretro import AvInfo, Core

logger = logging.getLogger(__name__)

CONNECT_SECONDS: Final = 20.0
"""Time for a viewer's connection to come about: a browser gives up after 15."""
HANG_SECONDS: Final = 4.0
"""A core that does not come back from one frame for this long never will."""
LOAD_SECONDS: Final = 10.0
"""The same for loading: a disc image may take seconds."""
WORDS_SECONDS: Final = 10.0
"""For what is said of how the game begins: to be read, and for all who come back to it to be there."""
MAX_DATAGRAMS_PER_SECOND: Final = 2000
"""Twice what a 1000 Hz mouse sends."""


class Room:
    """One game and its viewers. ``send`` takes the messages for the agent; ``Closed`` is the last of them."""

    def __init__(self, order: Open, send: Callable[[RoomMessage], None]) -> None:
        self._order = order
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._inputs = Inputs()
        self._viewers = Viewers()
        self._loaded: asyncio.Future[None] = self._loop.create_future()
        self._codec = ""
        self._picture: notices.Picture | None = None
        self._controls: dict[int, dict[str, str]] = {}
        self._first_words: notices.Message | None = None
        self._emulator: Emulator | None = None
        self._events = EmulatorEvents()
        self._storage = Storage(send)
        self._storage.on_trouble = self._store_changed
        self._books = Bookkeeper(order.max_kbps, time.monotonic())
        self._overdue: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        """Those of them that close a connection, and are not to be cut short."""
        self.closed = asyncio.Event()

    # ----- from the agent

    def open(self) -> None:
        """Load the game. Answered by Opened or Closed."""
        order = self._order
        try:
            self._codec = order.codec or (choose_codec(order.offer) if order.offer else H264)
        except OfferError as error:
            self._end(error.code, str(error))
            return
        emulator = self._emulator = Emulator(order, self._codec, self._inputs, self._events)
        slots = Slots(emulator, self._storage)
        self._console = Console(order.game, emulator, slots, self._viewers)
        self._keeper = Keeper(
            order.profile, emulator, slots, self._storage, send=self._send, say=self._say, spawn=self._spawn
        )
        self._listen()
        emulator.load()

    def refuse(self, code: str, message: str) -> None:
        """End instead of loading the game."""
        self._end(code, message)

    async def enter(self, order: Enter) -> None:
        """Let a viewer in. Answered by Answer or TurnedAway, or by Closed if the game can't be loaded."""
        if len(self._viewers) >= MAX_VIEWERS or order.viewer in self._viewers:
            self._send(TurnedAway(viewer=order.viewer, code="room_full", message="This room is full."))
            return
        viewer = self._prepare(order)
        try:
            answer = await viewer.peer.answer(order.offer)
            await asyncio.shield(self._loaded)
        except OfferError as error:
            await self.exit(order.viewer)
            self._send(TurnedAway(viewer=order.viewer, code=error.code, message=str(error)))
            return
        self._send(Answer(viewer=order.viewer, answer=answer))
        for notice in (self._picture, self._controls_of(viewer.seat), self._console.playback(), self._first_words):
            if notice is not None:
                viewer.peer.notify(notice)
        if viewer.profile:
            self._spawn(self._show_saves(viewer), f"saves for {order.viewer}")

    def _prepare(self, order: Enter) -> Viewer:
        peer = Peer(order.viewer, self._codec)
        viewer = Viewer(peer, Devices(self._inputs, None), None, order.profile, time.monotonic())
        self._viewers.add(order.viewer, viewer)
        self._viewers.seat(viewer, order.seat)
        peer.on_input = lambda data: self._input(viewer, data)
        peer.on_request = lambda text: self._console.take(viewer, text, time.monotonic())
        peer.on_piece = lambda data: self._console.take_piece(viewer, data, time.monotonic())
        peer.on_gone = lambda: self._lost(viewer)
        peer.video.on_flowing = lambda: self._connected(viewer)
        peer.video.on_picture_lost = self._repair_picture
        return viewer

    async def add_candidate(self, viewer: str, candidate: Candidate) -> None:
        """A viewer's ICE candidate."""
        if known := self._viewers.get(viewer):
            await known.peer.add_candidate(candidate)

    def seat(self, name: str, seat: int | None) -> None:
        """The viewer changes to this seat, or only watches from now on."""
        viewer = self._viewers.get(name)
        if viewer is None:
            return
        self._viewers.seat(viewer, seat)
        viewer.peer.notify(self._controls_of(seat) or notices.Controls(buttons={}))

    async def exit(self, name: str) -> None:
        """The viewer is gone: let go of its buttons, close its connection."""
        viewer = self._viewers.remove(name)
        if viewer is None:
            return
        viewer.devices.release()
        if self._emulator is not None:
            self._console.forget(viewer)
            self._look_who_is_there(time.monotonic())
            if viewer.seat is not None and viewer.connected:
                self._keeper.save_for(viewer.profile)
        await viewer.peer.close()

    def stored(self, answer: StoreAnswer) -> None:
        """What became of something that was to be stored or read."""
        self._storage.take(answer)

    async def freeze(self) -> None:
        """Stop the game, to move it. Answered by Frozen, or by Closed if it ends."""
        if self._emulator is None:
            return
        try:
            data, frame = await asyncio.wrap_future(self._emulator.freeze())
        except CoreError:
            return  # the game is over: Closed says so
        if len(data) <= MAX_STATE_BYTES:  # without an answer it stays here
            self._send(Frozen(data=data, frame=frame))

    def thaw(self) -> None:
        """The room stays after all."""
        if self._emulator is not None:
            self._emulator.thaw()

    async def close(self) -> None:
        """Save, stop the game and hand on its last state; ``closed`` is set when all is done."""
        if self._emulator is None:
            self._end("closed", "The room was closed.")
            return
        await self._keeper.last_save()
        self._emulator.stop()

    async def leave_all(self) -> None:
        """Close every viewer's connection, and drop what is under way."""
        if self._emulator is not None:
            await self._console.finish()
        await asyncio.gather(*(self.exit(viewer.peer.viewer) for viewer in self._viewers), *self._leaving)
        for task in self._tasks:
            task.cancel()

    # ----- four times a second, and once

    def look(self, now: float) -> None:
        """Look who is still there."""
        if self.closed.is_set() or self._emulator is None:
            return
        for viewer in self._viewers:
            if viewer.liveness.must_release(now):
                logger.debug("= viewer %s is not heard", viewer.peer.viewer)
                viewer.devices.release()
                self._console.forget(viewer)
            unconnected = not viewer.peer.video.flowing and now - viewer.entered > CONNECT_SECONDS
            if unconnected or viewer.liveness.gone(now):
                self._lost(viewer)
        self._look_who_is_there(now)

    def _look_who_is_there(self, now: float) -> None:
        assert self._emulator is not None  # noqa: S101 (viewers enter after open)
        self._emulator.watch(any(viewer.present(now) for viewer in self._viewers))

    def tend(self, now: float) -> None:
        """Look after a core that hangs, tell the figures, and save now and then."""
        emulator = self._emulator
        if self.closed.is_set() or emulator is None:
            return
        for viewer in self._viewers:
            viewer.datagrams = 0
            viewer.complained = False
        if self._hangs(emulator, now):
            self._end(
                "core_hung",
                "The game's core hangs. Start the game again; if that doesn't help, tell whoever runs this arcade.",
            )
            return
        if self._loaded.done():
            self._send(self._books.figures(emulator, self._viewers, now))
            self._keeper.autosave(now)

    def _hangs(self, emulator: Emulator, now: float) -> bool:
        """Whether the core has not come back for too long, in two looks: one may be a machine that stood still."""
        limit = HANG_SECONDS if self._loaded.done() else LOAD_SECONDS
        busy = emulator.busy_since
        overdue = busy is not None and now - busy > limit
        again = overdue and busy == self._overdue
        self._overdue = busy if overdue else None
        return again

    async def _show_saves(self, viewer: Viewer) -> None:
        try:
            await self._console.show_saves(viewer)
        except StorageError as error:
            viewer.peer.notify(notices.Saves(slots=(), store=str(error)))

    def _store_changed(self, trouble: str) -> None:
        """The store is in trouble, or no more."""
        self._say(trouble or "Games can be saved again.")
        for viewer in self._viewers:
            if viewer.profile and not trouble:
                self._spawn(self._show_saves(viewer), f"saves for {viewer.peer.viewer}")

    # ----- from the emulator's thread, brought over to the loop

    def _listen(self) -> None:
        events = self._events
        events.loaded = self._over(self._game_loaded)
        events.tick = self._over(self._deliver)
        events.av_info = self._over(self._picture_changed)
        events.message = self._over(self._say)
        events.rumble = self._over(self._rumble)
        events.snapshot = self._over(self._keeper.snapshot)
        events.battery = self._over(self._keeper.battery)
        events.ended = self._over(self._end)

    def _over(self, callback: Callable[..., None]) -> Callable[..., None]:
        """``callback`` as something that the emulator's thread may call."""

        def call(*arguments: Any) -> None:
            self._loop.call_soon_threadsafe(callback, *arguments)

        return call

    def _game_loaded(self, core: Core, words: str) -> None:
        if words:
            self._first_words = notices.Message(text=words, seconds=WORDS_SECONDS)
            self._loop.call_later(WORDS_SECONDS, self._forget_first_words)
        for input in core.input_descriptors:
            if input.device == wire.DEVICE_JOYPAD:
                self._controls.setdefault(input.port, {})[str(input.id)] = input.description
        self._send(Opened(codec=self._codec))
        if not self._loaded.done():
            self._loaded.set_result(None)

    def _forget_first_words(self) -> None:
        """Who was there before has come back by now; it is no news to others."""
        self._first_words = None

    def _deliver(self, tick: Tick) -> None:
        for viewer in self._viewers:
            if not viewer.watching:
                if not (tick.keyframe and viewer.peer.video.flowing):
                    continue
                viewer.watching = True
            viewer.peer.video.push(tick.video, tick.timestamp)
            for timestamp, packet in tick.audio:
                viewer.peer.audio.push((packet,), timestamp)
        for port, sequence in tick.applied:
            self._confirm(port, sequence, tick.timestamp)

    def _confirm(self, port: int, sequence: int, timestamp: int) -> None:
        for viewer in self._viewers.at(port):
            rtp = (viewer.peer.video.origin + timestamp) & 0xFFFFFFFF
            viewer.peer.send_datagram(wire.applied(sequence, rtp))

    def _picture_changed(self, av_info: AvInfo, rotation: int) -> None:
        turned = rotation % 2 == 1
        width, height = (av_info.height, av_info.width) if turned else (av_info.width, av_info.height)
        aspect = 1 / av_info.aspect if turned else av_info.aspect
        self._picture = notices.Picture(width=width, height=height, aspect=aspect)
        self._viewers.tell(self._picture)

    def _say(self, text: str, seconds: float = 8.0) -> None:
        self._viewers.tell(notices.Message(text=text, seconds=seconds))

    def _rumble(self, port: int, strong: int, weak: int) -> None:
        for viewer in self._viewers.at(port):
            viewer.peer.notify(notices.Rumble(strong=strong, weak=weak))

    def _end(self, code: str, message: str) -> None:
        """The game is over, for whatever reason."""
        if self.closed.is_set():
            return
        self._viewers.tell(notices.Ended(code=code, message=message))
        self._send(Closed(code=code, message=message))
        self.closed.set()

    # ----- viewers

    def _connected(self, viewer: Viewer) -> None:
        """The viewer's media flow: it needs a key frame, and the game may run."""
        assert self._emulator is not None  # noqa: S101 (a viewer enters after open)
        viewer.connected = True
        self._emulator.request_keyframe(urgent=True)
        self._look_who_is_there(time.monotonic())

    def _repair_picture(self) -> None:
        if self._emulator is not None:
            self._emulator.request_keyframe()

    def _input(self, viewer: Viewer, data: bytes) -> None:
        viewer.datagrams += 1
        if viewer.datagrams > MAX_DATAGRAMS_PER_SECOND:
            self._complain(viewer, "This page sends more input than any pad can. It is ignored for a moment.")
            return
        viewer.liveness.heard(time.monotonic())
        if len(data) == 8 and data[0] == wire.KIND_PING:
            viewer.peer.send_datagram(data)
            return
        try:
            viewer.devices.receive(data)
        except InputError as error:
            self._complain(viewer, f"The room can't read this page's input: {error}. Reload the page.")

    def _complain(self, viewer: Viewer, sentence: str) -> None:
        if not viewer.complained:
            logger.warning("! viewer %s: %s", viewer.peer.viewer, sentence)
        viewer.complain(notices.Message(text=sentence))

    def _lost(self, viewer: Viewer) -> None:
        name = viewer.peer.viewer
        if self._viewers.get(name) is viewer:
            self._send(Left(viewer=name))
            leaving = self._begin(self.exit(name), f"exit of {name}")
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    def _spawn(self, coroutine: Coroutine[Any, Any, None], name: str) -> None:
        self._begin(coroutine, name)

    def _begin(self, coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = self._loop.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("! %s failed", task.get_name(), exc_info=task.exception())

    def _controls_of(self, seat: int | None) -> notices.Controls | None:
        buttons = self._controls.get(seat) if seat is not None else None
        return notices.Controls(buttons=buttons) if buttons else None
