"""The room: its emulator, its viewers and what passes between them. Runs on the event loop of the room's process.

It decides which viewer gets which packet and holds which port. ``process.py`` brings the agent's messages and takes the
room's; ``players/request_handler.py`` carries out what the players ask for.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from worker.libretro import CoreError
from worker.messages.control import Answer, Closed, Enter, Left, Open, Opened, RoomMessage, TurnedAway
from worker.messages.storing import MAX_STATE_BYTES, FinalSnapshot, StoreAnswer
from worker.room.errors import InputError, OfferError, StorageError
from worker.room.game.emulator import Emulator, EmulatorEvents, EncodedFrame
from worker.room.input import datagrams
from worker.room.input.devices import PLUGGED
from worker.room.input.ports import InputPorts
from worker.room.input.viewer_input import ViewerInput
from worker.room.media.codecs import PREFERRED
from worker.room.media.peer_connection import PeerConnection, choose_codec
from worker.room.players.figures import FiguresCollector
from worker.room.players.request_handler import RequestHandler
from worker.room.players.viewers import MAX_VIEWERS, Viewer, Viewers
from worker.room.saves.autosave import Autosaver
from worker.room.saves.slots import Slots
from worker.room.saves.storage import Storage
from worker.room.wire import notices
from worker.runtime.tasks import BackgroundTasks

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
OPENING_MESSAGE_SECONDS: Final = 10.0
"""For the words on how the game begins: to be read, and for all who come back to the game to be there."""
MAX_DATAGRAMS_PER_SECOND: Final = 2000
"""Twice what a 1000 Hz mouse sends."""


class RoomServer:
    """One game and its viewers. ``send`` takes the messages for the agent; ``Closed`` is the last of them."""

    def __init__(self, order: Open, send: Callable[[RoomMessage], None]) -> None:
        self._order = order
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._inputs = InputPorts()
        self._viewers = Viewers()
        self._loaded: asyncio.Future[None] = self._loop.create_future()
        self._codec = ""
        self._picture: notices.Picture | None = None
        self._button_names: dict[int, dict[str, str]] = {}
        """By seat: libretro button number, as text -> what the game calls it."""
        self._opening_message: notices.Message | None = None
        self._emulator: Emulator | None = None
        self._events = EmulatorEvents()
        self._storage = Storage(send)
        self._storage.on_trouble = self._announce_store
        self._figures = FiguresCollector(order.max_kbps, time.monotonic())
        self._overdue: float | None = None
        """Since when the core had been busy at the last check, if that was too long."""
        self._tasks = BackgroundTasks(logger)
        self._leaving = BackgroundTasks(logger)
        """Those that close a connection, and are not to be cut short."""
        self.closed = asyncio.Event()

    # ----- from the agent

    def open(self) -> None:
        """Load the game; answer with Opened or Closed."""
        order = self._order
        try:
            self._codec = order.codec or (choose_codec(order.offer) if order.offer else PREFERRED.name)
        except OfferError as error:
            self._end(error.code, str(error))
            return
        emulator = self._emulator = Emulator(order, self._codec, self._inputs, self._events)
        slots = Slots(emulator, self._storage)
        self._requests = RequestHandler(order.game, emulator, slots, self._viewers)
        self._autosaver = Autosaver(
            order.profile, emulator, slots, self._storage, send=self._send, show=self._show, tasks=self._tasks
        )
        self._subscribe()
        emulator.load()

    def refuse(self, code: str, message: str) -> None:
        """End instead of loading the game."""
        self._end(code, message)

    async def enter(self, order: Enter) -> None:
        """Let a viewer in; answer with Answer or TurnedAway, or with Closed if the game can't be loaded."""
        if len(self._viewers) >= MAX_VIEWERS or order.viewer in self._viewers:
            self._send(TurnedAway(viewer=order.viewer, code="room_full", message="This room is full."))
            return
        viewer = self._add_viewer(order)
        try:
            answer = await viewer.peer.answer(order.offer)
            await asyncio.shield(self._loaded)
        except OfferError as error:
            await self.exit(order.viewer)
            self._send(TurnedAway(viewer=order.viewer, code=error.code, message=str(error)))
            return
        self._send(Answer(viewer=order.viewer, answer=answer))
        controls, playback = self._controls_of(viewer.seat), self._requests.playback()
        for notice in (self._picture, controls, playback, self._opening_message):
            if notice is not None:
                viewer.peer.notify(notice)
        if viewer.profile:
            self._tasks.spawn(self._send_saves(viewer), f"saves for {order.viewer}")

    def _add_viewer(self, order: Enter) -> Viewer:
        peer = PeerConnection(order.viewer, self._codec)
        viewer = Viewer(peer, ViewerInput(self._inputs, None), None, order.profile, time.monotonic())
        self._viewers.add(order.viewer, viewer)
        self._viewers.assign_seat(viewer, order.seat)
        peer.on_input = lambda data: self._receive_input(viewer, data)
        peer.on_request = lambda text: self._requests.handle(viewer, text, time.monotonic())
        peer.on_piece = lambda data: self._requests.handle_piece(viewer, data, time.monotonic())
        peer.on_gone = lambda: self._drop_viewer(viewer)
        peer.video.on_flowing = lambda: self._begin_stream(viewer)
        peer.video.on_picture_lost = self._repair_picture
        return viewer

    async def add_candidate(self, viewer: str, candidate: Candidate) -> None:
        """Hand on a viewer's ICE candidate."""
        if known := self._viewers.get(viewer):
            await known.peer.add_candidate(candidate)

    def assign_seat(self, name: str, seat: int | None) -> None:
        """Move the viewer to this seat, or let it only watch from now on."""
        viewer = self._viewers.get(name)
        if viewer is None:
            return
        self._viewers.assign_seat(viewer, seat)
        viewer.peer.notify(self._controls_of(seat) or notices.Controls(buttons={}))

    async def exit(self, name: str) -> None:
        """Let a viewer go: release its buttons, close its connection."""
        viewer = self._viewers.remove(name)
        if viewer is None:
            return
        viewer.input.release()
        if self._emulator is not None:
            self._requests.forget(viewer)
            self._rest_or_run(time.monotonic())
            if viewer.seat is not None and viewer.connected:
                self._autosaver.save_for(viewer.profile)
        await viewer.peer.close()

    def handle_store_answer(self, answer: StoreAnswer) -> None:
        """Hand on what became of something that was to be stored or read."""
        self._storage.handle_answer(answer)

    async def freeze(self) -> None:
        """Stop the game, to move it; answer with FinalSnapshot, or with Closed if it ends."""
        if self._emulator is None:
            return
        try:
            data, frame = await asyncio.wrap_future(self._emulator.freeze())
        except CoreError:
            return  # the game is over: Closed says so
        if len(data) <= MAX_STATE_BYTES:  # without an answer it stays here
            self._send(FinalSnapshot(data=data, frame=frame))

    def thaw(self) -> None:
        """Let the game run again, because the room stays after all."""
        if self._emulator is not None:
            self._emulator.thaw()

    async def close(self) -> None:
        """Save, stop the game and hand on its last state; ``closed`` is set when all is done."""
        if self._emulator is None:
            self._end("closed", "The room was closed.")
            return
        await self._autosaver.save_before_close()
        self._emulator.stop()

    async def close_connections(self) -> None:
        """Close every viewer's connection, and drop what is under way."""
        if self._emulator is not None:
            await self._requests.close()
        await asyncio.gather(*(self.exit(viewer.peer.viewer) for viewer in self._viewers), *self._leaving)
        self._tasks.cancel()

    # ----- four times a second, and once

    def check_viewers(self, now: float) -> None:
        """Release the buttons of viewers that are not heard, drop those that are gone. Called four times a second."""
        if self.closed.is_set() or self._emulator is None:
            return
        for viewer in self._viewers:
            if viewer.liveness.must_release(now):
                logger.debug("= viewer %s is not heard", viewer.peer.viewer)
                viewer.input.release()
                self._requests.forget(viewer)
            unconnected = not viewer.peer.video.flowing and now - viewer.entered > CONNECT_SECONDS
            if unconnected or viewer.liveness.is_gone(now):
                self._drop_viewer(viewer)
        self._rest_or_run(now)

    def _rest_or_run(self, now: float) -> None:
        """Let the game run while anybody is there to play for."""
        assert self._emulator is not None  # noqa: S101 (viewers enter after open)
        self._emulator.watch(any(viewer.is_present(now) for viewer in self._viewers))

    def check_game(self, now: float) -> None:
        """End if the core hangs; otherwise send the figures, and save if it is time to. Called once a second."""
        emulator = self._emulator
        if self.closed.is_set() or emulator is None:
            return
        for viewer in self._viewers:
            viewer.begin_second()
        if self._hangs(emulator, now):
            self._end(
                "core_hung",
                "The game's core hangs. Start the game again; if that doesn't help, tell whoever runs this arcade.",
            )
            return
        if self._loaded.done():
            self._send(self._figures.collect(emulator, self._viewers, now))
            self._autosaver.save_if_due(now)

    def _hangs(self, emulator: Emulator, now: float) -> bool:
        """Return whether the core was busy for too long at two checks: at one, the machine may have stood still."""
        limit = HANG_SECONDS if self._loaded.done() else LOAD_SECONDS
        busy = emulator.busy_since
        overdue = busy is not None and now - busy > limit
        again = overdue and busy == self._overdue
        self._overdue = busy if overdue else None
        return again

    async def _send_saves(self, viewer: Viewer) -> None:
        try:
            await self._requests.send_saves(viewer)
        except StorageError as error:
            viewer.peer.notify(notices.Saves(slots=(), store=str(error)))

    def _announce_store(self, trouble: str) -> None:
        """Tell all that the store is in trouble, or no more; then the saves can be listed again."""
        self._show(trouble or "Games can be saved again.")
        for viewer in self._viewers:
            if viewer.profile and not trouble:
                self._tasks.spawn(self._send_saves(viewer), f"saves for {viewer.peer.viewer}")

    # ----- from the emulator's thread, brought over to the loop

    def _subscribe(self) -> None:
        events = self._events
        events.loaded = self._on_loop(self._announce_game)
        events.frame = self._on_loop(self._deliver)
        events.av_info = self._on_loop(self._announce_picture)
        events.message = self._on_loop(self._show)
        events.rumble = self._on_loop(self._rumble)
        events.snapshot = self._on_loop(self._autosaver.send_snapshot)
        events.battery = self._on_loop(self._autosaver.store_battery)
        events.ended = self._on_loop(self._end)

    def _on_loop(self, callback: Callable[..., None]) -> Callable[..., None]:
        """Wrap ``callback`` as a function that the emulator's thread may call."""

        def call(*arguments: object) -> None:
            self._loop.call_soon_threadsafe(callback, *arguments)

        return call

    def _announce_game(self, core: Core, words: str) -> None:
        """Let waiting viewers in, now that the game is loaded; ``words`` say how it begins, if there is more to say."""
        if words:
            self._opening_message = notices.Message(text=words, seconds=OPENING_MESSAGE_SECONDS)
            self._loop.call_later(OPENING_MESSAGE_SECONDS, self._forget_opening_message)
        for input in core.input_descriptors:
            if input.device == PLUGGED:
                self._button_names.setdefault(input.port, {})[str(input.id)] = input.description
        self._send(Opened(codec=self._codec))
        if not self._loaded.done():
            self._loaded.set_result(None)

    def _forget_opening_message(self) -> None:
        """Tell it to nobody from now on: all who came back to the game have seen it."""
        self._opening_message = None

    def _deliver(self, frame: EncodedFrame) -> None:
        """Send a frame's packets to the viewers, and confirm the input that went into it."""
        for viewer in self._viewers:
            if not viewer.watching:
                if not (frame.keyframe and viewer.peer.video.flowing):
                    continue
                viewer.watching = True
            viewer.peer.video.push(frame.video, frame.timestamp)
            for timestamp, packet in frame.audio:
                viewer.peer.audio.push((packet,), timestamp)
        for port, sequence in frame.applied:
            self._confirm(port, sequence, frame.timestamp)

    def _confirm(self, port: int, sequence: int, timestamp: int) -> None:
        for viewer in self._viewers.in_seat(port):
            rtp = (viewer.peer.video.origin + timestamp) & 0xFFFFFFFF
            viewer.peer.send_datagram(datagrams.applied(sequence, rtp))

    def _announce_picture(self, av_info: AvInfo, rotation: int) -> None:
        turned = rotation % 2 == 1
        width, height = (av_info.height, av_info.width) if turned else (av_info.width, av_info.height)
        aspect = 1 / av_info.aspect if turned else av_info.aspect
        self._picture = notices.Picture(width=width, height=height, aspect=aspect)
        self._viewers.notify(self._picture)

    def _show(self, text: str, seconds: float = 8.0) -> None:
        """Show a sentence to all viewers."""
        self._viewers.notify(notices.Message(text=text, seconds=seconds))

    def _rumble(self, port: int, strong: int, weak: int) -> None:
        for viewer in self._viewers.in_seat(port):
            viewer.peer.notify(notices.Rumble(strong=strong, weak=weak))

    def _end(self, code: str, message: str) -> None:
        """Tell agent and viewers that the game is over, for whatever reason, and set ``closed``."""
        if self.closed.is_set():
            return
        self._viewers.notify(notices.Ended(code=code, message=message))
        self._send(Closed(code=code, message=message))
        self.closed.set()

    # ----- viewers

    def _begin_stream(self, viewer: Viewer) -> None:
        """Ask for a key frame, with which the viewer can begin, and let the game run: its media flow now."""
        assert self._emulator is not None  # noqa: S101 (a viewer enters after open)
        viewer.connected = True
        self._emulator.request_keyframe(urgent=True)
        self._rest_or_run(time.monotonic())

    def _repair_picture(self) -> None:
        if self._emulator is not None:
            self._emulator.request_keyframe()

    def _receive_input(self, viewer: Viewer, data: bytes) -> None:
        viewer.datagrams += 1
        if viewer.datagrams > MAX_DATAGRAMS_PER_SECOND:
            self._warn(viewer, "This page sends more input than any pad can. It is ignored for a moment.")
            return
        viewer.liveness.mark_heard(time.monotonic())
        if datagrams.is_ping(data):
            viewer.peer.send_datagram(data)
            return
        try:
            viewer.input.receive(data)
        except InputError as error:
            self._warn(viewer, str(error))

    def _warn(self, viewer: Viewer, sentence: str) -> None:
        if not viewer.warned:
            logger.warning("! viewer %s: %s", viewer.peer.viewer, sentence)
        viewer.warn(notices.Message(text=sentence))

    def _drop_viewer(self, viewer: Viewer) -> None:
        """Tell the agent that the viewer left, and close its connection."""
        name = viewer.peer.viewer
        if self._viewers.get(name) is viewer:
            self._send(Left(viewer=name))
            self._leaving.spawn(self.exit(name), f"exit of {name}")

    def _controls_of(self, seat: int | None) -> notices.Controls | None:
        buttons = self._button_names.get(seat) if seat is not None else None
        return notices.Controls(buttons=buttons) if buttons else None
