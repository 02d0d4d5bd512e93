"""The room: its emulator, its viewers and what passes between them. Runs on the event loop of the room's process.

It decides who gets which packet and who holds which port; ``process.py`` brings the agent's messages and takes ours.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from . import inputs as wire
from . import notices
from .bitrate import BitrateControl
from .control import Answer, Closed, Enter, Figures, Left, Open, Opened, RoomMessage, TurnedAway, ViewerFigures
from .emulator import Emulator, EmulatorEvents, Tick
from .inputs import Devices, InputError, Inputs
from .peer import OfferError, Peer, choose_codec

if TYPE_CHECKING:
    from coordinator.messages import Candidate
    from worker.libretro import AvInfo, Core

logger = logging.getLogger(__name__)

MAX_VIEWERS: Final = 32
"""Each costs about half a percent of a core; the coordinator's limit is lower."""
CONNECT_SECONDS: Final = 20.0
"""Time for a viewer's connection to come about: a browser gives up after 15."""
SILENCE_SECONDS: Final = 10.0
"""A viewer who pinged and stopped for this long is gone; its page pings every second."""
HANG_SECONDS: Final = 4.0
"""A core that does not come back from one frame for this long never will."""
LOAD_SECONDS: Final = 10.0
"""The same for loading: a disc image may take seconds."""
MAX_DATAGRAMS_PER_SECOND: Final = 2000
"""Twice what a 1000 Hz mouse sends."""


class Viewer:
    """One viewer and, if it has a seat, its devices."""

    def __init__(self, peer: Peer, devices: Devices | None, seat: int | None, now: float) -> None:
        self.peer = peer
        self.seat = seat
        self.devices = devices
        self.entered = now
        self.last_ping: float | None = None
        self.datagrams = 0
        self.complained = False
        self.watching = False
        """Whether it has had a key frame, so that it can use the frames after it."""


class Room:
    """One game and its viewers. ``send`` takes the messages for the agent; ``Closed`` is the last of them."""

    def __init__(self, order: Open, send: Callable[[RoomMessage], None]) -> None:
        self._order = order
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._inputs = Inputs()
        self._viewers: dict[str, Viewer] = {}
        self._loaded: asyncio.Future[None] = self._loop.create_future()
        self._codec = ""
        self._picture: notices.Picture | None = None
        self._controls: dict[int, dict[str, str]] = {}
        self._emulator: Emulator | None = None
        self._bitrate = BitrateControl(order.max_kbps)
        self._figured = (time.monotonic(), 0, 0, 0)
        self._overdue: float | None = None
        self._exits: set[asyncio.Task[None]] = set()
        self.closed = asyncio.Event()

    # ----- from the agent

    def open(self) -> None:
        """Load the game. Answered by Opened or Closed."""
        try:
            self._codec = choose_codec(self._order.offer)
        except OfferError as error:
            self._end(error.code, str(error))
            return
        self._emulator = Emulator(self._order, self._codec, self._inputs, self._events())
        self._emulator.load()

    def refuse(self, code: str, message: str) -> None:
        """End instead of loading the game."""
        self._end(code, message)

    async def enter(self, order: Enter) -> None:
        """Let a viewer in. Answered by Answer or TurnedAway, or by Closed if the game can't be loaded."""
        if len(self._viewers) >= MAX_VIEWERS or order.viewer in self._viewers:
            self._send(TurnedAway(viewer=order.viewer, code="room_full", message="This room is full."))
            return
        devices = Devices(self._inputs, order.seat) if order.seat is not None else None
        peer = Peer(order.viewer, self._codec)
        viewer = self._viewers[order.viewer] = Viewer(peer, devices, order.seat, time.monotonic())
        peer.on_input = lambda data: self._input(viewer, data)
        peer.on_gone = lambda: self._lost(viewer)
        peer.video.on_flowing = lambda: self._watch(viewer)
        peer.video.on_picture_lost = self._repair_picture
        try:
            answer = await peer.answer(order.offer)
            await asyncio.shield(self._loaded)
        except OfferError as error:
            await self.exit(order.viewer)
            self._send(TurnedAway(viewer=order.viewer, code=error.code, message=str(error)))
            return
        self._send(Answer(viewer=order.viewer, answer=answer))
        for notice in (self._picture, self._controls_of(order.seat)):
            if notice is not None:
                peer.notify(notice)

    async def add_candidate(self, viewer: str, candidate: Candidate) -> None:
        """A viewer's ICE candidate."""
        if viewer in self._viewers:
            await self._viewers[viewer].peer.add_candidate(candidate)

    async def exit(self, name: str) -> None:
        """The viewer is gone: let go of its buttons, close its connection."""
        viewer = self._viewers.pop(name, None)
        if viewer is None:
            return
        if viewer.devices is not None:
            viewer.devices.release()
        await viewer.peer.close()

    async def close(self) -> None:
        """Stop the game and write its battery memory; ``closed`` is set when all is done."""
        if self._emulator is None:
            self._end("closed", "The room was closed.")
            return
        self._emulator.stop()

    async def leave_all(self) -> None:
        """Close every viewer's connection."""
        await asyncio.gather(*(self.exit(name) for name in list(self._viewers)))

    # ----- once a second

    def tend(self, now: float) -> None:
        """Look after what is silent: viewers, a core that hangs, the bit rate. And tell the figures."""
        if self.closed.is_set():
            return
        for viewer in list(self._viewers.values()):
            viewer.datagrams = 0
            unconnected = not viewer.peer.video.flowing and now - viewer.entered > CONNECT_SECONDS
            silent = viewer.last_ping is not None and now - viewer.last_ping > SILENCE_SECONDS
            if unconnected or silent:
                self._lost(viewer)
        emulator = self._emulator
        if emulator is None:
            return
        if self._hangs(emulator, now):
            self._end("core_hung", "The game's core hangs. Start the game again, or choose another core for it.")
            return
        if self._loaded.done():
            self._tell_figures(emulator, now)

    def _hangs(self, emulator: Emulator, now: float) -> bool:
        """Whether the core has not come back for too long, in two looks: one may be a machine that stood still."""
        limit = HANG_SECONDS if self._loaded.done() else LOAD_SECONDS
        busy = emulator.busy_since
        overdue = busy is not None and now - busy > limit
        again = overdue and busy == self._overdue
        self._overdue = busy if overdue else None
        return again

    def _tell_figures(self, emulator: Emulator, now: float) -> None:
        then, frames, video_bytes, audio_bytes = self._figured
        counters = emulator.counters
        seconds = max(now - then, 1e-3)
        self._figured = (now, counters.frames, counters.video_bytes, counters.audio_bytes)
        video_bits = 8 * (counters.video_bytes - video_bytes) / seconds
        bits = video_bits + 8 * (counters.audio_bytes - audio_bytes) / seconds
        self._adapt(video_bits / 1000, now)
        self._send(
            Figures(
                frames=counters.frames,
                late_frames=counters.late,
                run_seconds=counters.run_seconds,
                encode_seconds=counters.encode_seconds,
                video_bytes=counters.video_bytes,
                audio_bytes=counters.audio_bytes,
                keyframes=emulator.video.keyframes if emulator.video else 0,
                fps=(counters.frames - frames) / seconds,
                bitrate=bits,
                viewers=tuple(
                    ViewerFigures(viewer=name, rtt_seconds=viewer.peer.video.rtt, loss=viewer.peer.video.loss)
                    for name, viewer in self._viewers.items()
                ),
            )
        )

    def _adapt(self, sent_kbps: float, now: float) -> None:
        """Follow the viewer with the narrowest path."""
        senders = [viewer.peer.video for viewer in self._viewers.values() if viewer.watching]
        if not senders or self._emulator is None or self._emulator.video is None:
            return
        estimates = [sender.estimate / 1000 for sender in senders if sender.estimate is not None]
        changed = self._bitrate.report(
            sent_kbps=sent_kbps,
            estimate_kbps=min(estimates, default=None),
            loss=max(sender.loss for sender in senders),
            now=now,
        )
        if changed:
            logger.info("= the stream is limited to %d kbit/s", self._bitrate.kbps)
            self._emulator.video.set_bitrate(self._bitrate.kbps)

    # ----- from the emulator's thread, brought over to the loop

    def _events(self) -> EmulatorEvents:
        events = EmulatorEvents()
        events.loaded = self._over(self._game_loaded)
        events.tick = self._over(self._deliver)
        events.av_info = self._over(self._picture_changed)
        events.message = self._over(self._say)
        events.rumble = self._over(self._rumble)
        events.ended = self._over(self._end)
        return events

    def _over(self, callback: Callable[..., None]) -> Callable[..., None]:
        """``callback`` as something that the emulator's thread may call."""

        def call(*arguments: Any) -> None:
            self._loop.call_soon_threadsafe(callback, *arguments)

        return call

    def _game_loaded(self, core: Core) -> None:
        for input in core.input_descriptors:
            if input.device == wire.DEVICE_JOYPAD:
                self._controls.setdefault(input.port, {})[str(input.id)] = input.description
        self._send(Opened(codec=self._codec))
        if not self._loaded.done():
            self._loaded.set_result(None)

    def _deliver(self, tick: Tick) -> None:
        for viewer in self._viewers.values():
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
        for viewer in self._viewers.values():
            if viewer.seat == port:
                rtp = (viewer.peer.video.origin + timestamp) & 0xFFFFFFFF
                viewer.peer.send_datagram(wire.applied(sequence, rtp))

    def _picture_changed(self, av_info: AvInfo, rotation: int) -> None:
        turned = rotation % 2 == 1
        width, height = (av_info.height, av_info.width) if turned else (av_info.width, av_info.height)
        aspect = 1 / av_info.aspect if turned else av_info.aspect
        self._picture = notices.Picture(width=width, height=height, aspect=aspect)
        self._tell_all(self._picture)

    def _say(self, text: str, seconds: float) -> None:
        self._tell_all(notices.Message(text=text, seconds=seconds))

    def _rumble(self, port: int, strong: int, weak: int) -> None:
        for viewer in self._viewers.values():
            if viewer.seat == port:
                viewer.peer.notify(notices.Rumble(strong=strong, weak=weak))

    def _end(self, code: str, message: str) -> None:
        """The game is over, for whatever reason."""
        if self.closed.is_set():
            return
        self._tell_all(notices.Ended(code=code, message=message))
        self._send(Closed(code=code, message=message))
        self.closed.set()

    # ----- viewers

    def _watch(self, viewer: Viewer) -> None:
        """The viewer's media flow: it needs a key frame, and the game may begin."""
        assert self._emulator is not None  # noqa: S101 (a viewer enters after open)
        if self._emulator.video is not None:
            self._emulator.video.request_keyframe(urgent=True)
        self._emulator.begin()

    def _repair_picture(self) -> None:
        if self._emulator is not None and self._emulator.video is not None:
            self._emulator.video.request_keyframe()

    def _input(self, viewer: Viewer, data: bytes) -> None:
        viewer.datagrams += 1
        if viewer.datagrams > MAX_DATAGRAMS_PER_SECOND:
            self._complain(viewer, "This page sends more input than any pad can. It is ignored for a moment.")
        elif len(data) == 8 and data[0] == wire.KIND_PING:
            viewer.last_ping = time.monotonic()
            viewer.peer.send_datagram(data)
        elif viewer.devices is not None:
            try:
                viewer.devices.receive(data)
            except InputError as error:
                self._complain(viewer, f"The room can't read this page's input: {error}. Reload the page.")

    def _complain(self, viewer: Viewer, sentence: str) -> None:
        if not viewer.complained:
            viewer.complained = True
            logger.warning("! viewer %s: %s", viewer.peer.viewer, sentence)
            viewer.peer.notify(notices.Message(text=sentence))

    def _lost(self, viewer: Viewer) -> None:
        name = viewer.peer.viewer
        if self._viewers.get(name) is viewer:
            self._send(Left(viewer=name))
            leaving = self._loop.create_task(self.exit(name), name=f"exit of {name}")
            self._exits.add(leaving)
            leaving.add_done_callback(self._exits.discard)

    def _tell_all(self, notice: notices.Notice) -> None:
        for viewer in self._viewers.values():
            viewer.peer.notify(notice)

    def _controls_of(self, seat: int | None) -> notices.Controls | None:
        buttons = self._controls.get(seat) if seat is not None else None
        return notices.Controls(buttons=buttons) if buttons else None
