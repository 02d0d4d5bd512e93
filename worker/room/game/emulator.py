"""The emulator's thread: loads the core, runs one frame at each deadline, encodes it and hands the packets over.

All calls into the core are made here, for cores may bind to the thread that loads them. In one frame: sleep until the
deadline, or until an input comes shortly before it; ``retro_run``, which polls the input as late as it can; encode at
once; hand over; capture the state if it is time to. Running frames again with new input (preemptive frames) would go
between ``retro_run`` and the encoding, in ``_run_frame``. Between frames it makes the calls that others want into the
core (``core_calls.py``); how a frame advances the game at another speed or backwards is in ``game.py``.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeVar

from worker.libretro import Core, CoreError
from worker.room.errors import as_sentence
from worker.room.game.battery import Battery
from worker.room.game.core_calls import CoreCalls
from worker.room.game.game import Game
from worker.room.game.loading import load_core, resume
from worker.room.game.pacer import NANOSECONDS, Pacer
from worker.room.game.playback import PlaybackControl
from worker.room.game.snapshots import Snapshots
from worker.room.media.audio import AudioEncoder
from worker.room.media.codecs import CODECS
from worker.room.media.video import VideoEncoder

if TYPE_CHECKING:
    from worker.libretro import AvInfo
    from worker.messages.control import Open
    from worker.room.input.ports import InputPorts

logger = logging.getLogger(__name__)

_ADVICE = "Choose another game, or tell whoever runs this arcade."
"""The remedy for a core or a game that can't be loaded."""

REST_SECONDS: Final = 1.0
"""Between two frames of the standing picture while the game rests; ``wake`` cuts it short."""
STILL_SECONDS: Final = 0.05
"""Between two of them while a viewer waits for a key frame, and after one."""

T = TypeVar("T")


@dataclass(slots=True)
class EncodedFrame:
    """The packets of one frame, for all viewers."""

    timestamp: int
    """RTP, 90 kHz, not wrapped."""
    keyframe: bool
    video: list[bytes]
    """RTP payloads."""
    audio: list[tuple[int, bytes]]
    """Opus packets, each after its RTP timestamp (48 kHz)."""
    applied: list[tuple[int, int]]
    """The inputs that the core has seen first in this frame: port and sequence number of each."""


@dataclass(slots=True)
class Counters:
    """Running totals for the room's figures; written by the emulator's thread alone."""

    frames: int = 0
    late: int = 0
    run_seconds: float = 0.0
    encode_seconds: float = 0.0
    video_bytes: int = 0
    audio_bytes: int = 0


class EmulatorEvents:
    """The thread's callbacks. Each is called on the emulator's thread, or on that of its snapshots."""

    loaded: Callable[[Core, str], None]
    """The game is about to run; with a text for its players, if there is something to know of how it begins."""
    frame: Callable[[EncodedFrame], None]
    av_info: Callable[[AvInfo, int], None]
    message: Callable[[str, float], None]
    rumble: Callable[[int, int, int], None]
    snapshot: Callable[[bytes, int], None]
    """The game, packed for another process, and its frame."""
    battery: Callable[[bytes], None]
    """The battery memory, which has changed."""
    ended: Callable[[str, str], None]
    """The game is over; called exactly once, last, with a code and a sentence for the players."""


class Emulator:
    """One core on its own thread. ``load`` starts it, ``watch`` lets the frames run, ``stop`` ends it."""

    def __init__(self, order: Open, codec: str, inputs: InputPorts, events: EmulatorEvents) -> None:
        self._order = order
        self._codec = codec
        self._inputs = inputs
        self._events = events
        self._calls = CoreCalls()
        self._awake = threading.Event()
        self._stopping = False
        self._over = False
        self._game: Game | None = None
        self._fps = 0.0
        """The rate that frames are paced at."""
        self.playback = PlaybackControl()
        """How the game runs. Call ``wake`` after a change."""
        self.core_label = ("", "")
        """The core's name and version, once it is loaded."""
        self.counters = Counters()
        self.video: VideoEncoder | None = None
        self.busy_since: float | None = None
        """The time of the call into the core that is not back yet (monotonic seconds); None between frames."""
        # A daemon: a core that hangs for ever must not keep the process.
        self._thread = threading.Thread(target=self._main, name="emulator", daemon=True)

    def load(self) -> None:
        """Start the thread; it loads core and game, which then rests until ``watch``."""
        self._thread.start()

    def watch(self, watched: bool) -> None:
        """Let the game run, or rest if nobody is watching."""
        if watched != self.playback.watched:
            self.playback.watched = watched
            self.wake()

    def wake(self) -> None:
        """Have a resting game look at the playback and the waiting calls now; a running one does so between frames."""
        self._awake.set()

    def ask(self, call: Callable[[Core], T], *, changes: bool = False) -> Future[T]:
        """Make a call into the core between two frames. ``changes``: it makes the game jump, as a load or a reset does.

        The future gets what the call returns or raises, or CoreError if the game ends first.
        """

        def call_and_mark(core: Core) -> T:
            result = call(core)
            if changes and self._game is not None:
                self._game.mark_jump()
            return result

        future = self._calls.submit(call_and_mark if changes else call)
        self.wake()
        return future

    def freeze(self) -> Future[tuple[bytes, int]]:
        """Stop the game until ``thaw``.

        The future gets its final snapshot and its frame, or CoreError if it has ended.
        """

        def stop_and_pack(core: Core) -> tuple[bytes, int]:
            self.playback.frozen = True
            assert self._game is not None  # noqa: S101 (calls are made from _run on)
            return self._game.final_snapshot(), self._game.frame

        return self.ask(stop_and_pack)

    def thaw(self) -> None:
        """Go on where ``freeze`` stopped, in the order of the calls: a busy machine may get to both at once."""

        def unfreeze(_core: Core) -> None:
            self.playback.frozen = False

        self.ask(unfreeze)

    def request_keyframe(self, *, urgent: bool = False) -> None:
        """Request a key frame (``VideoEncoder.request_keyframe``), also while the game rests."""
        if self.video is not None:
            self.video.request_keyframe(urgent=urgent)
            self.wake()

    def stop(self) -> None:
        """Ask the thread to end after this frame."""
        self._stopping = True
        self.wake()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end; return whether it came within the time. Blocks, so not for the event loop."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    # ----- on the emulator's thread

    def _main(self) -> None:
        code, message = "closed", "The room was closed."
        try:
            core = self._load()
            try:
                self._run(core)
                if not self._stopping:
                    code, message = "game_over", "The game ended itself. Start it again to play on."
            finally:
                self._calls.close()
                self._close(core)
        except CoreError as error:
            code, message = error.code, f"{as_sentence(str(error))} {_ADVICE}"
        except Exception:
            logger.exception("! the emulator's thread failed")
            code, message = "core_failed", "The game stopped because of a fault in its room. Start it again."
        self._calls.close()
        self.busy_since = None
        self._events.ended(code, message)

    def _load(self) -> Core:
        self.busy_since = time.monotonic()
        core = load_core(self._order, self._inputs)
        try:
            core.on_message = self._events.message
            core.on_rumble = self._events.rumble
            self._prepare(core)
        except BaseException:
            core.close()
            raise
        return core

    def _prepare(self, core: Core) -> None:
        """Restore the order's snapshot, if it has one, and make all that the game needs to run."""
        content, excuse = resume(core, self._order)
        if content is not None:
            self.playback.restore(content.setting)
        fps = core.av_info.fps
        snapshots = Snapshots(
            core,
            Battery(self._order.battery),
            fps=fps,
            on_snapshot=self._events.snapshot,
            on_battery=self._events.battery,
        )
        video = self.video = VideoEncoder(
            CODECS[self._codec], _exact(fps), scale=self._order.scale, max_kbps=self._order.max_kbps
        )
        audio = AudioEncoder(core.av_info.sample_rate)
        self._game = Game(core, self.playback, video, audio, snapshots, frame=content.frame if content else 0)
        self.core_label = (core.info.name, core.info.version)
        self.busy_since = None
        self._events.loaded(core, " ".join(filter(None, (excuse, self._order.words))))
        self._events.av_info(core.av_info, core.rotation)

    def _run(self, core: Core) -> None:
        assert self._game is not None  # noqa: S101 (_prepare has made it)
        game, playback = self._game, self.playback
        self._fps = game.fps
        pacer = Pacer(_exact(game.fps), time.monotonic_ns())
        core.on_shutdown = self._mark_over
        core.on_av_info = lambda av_info: self._update_av_info(av_info, core.rotation, game, pacer)
        while not (self._stopping or self._over):
            if self._calls:
                self._make_calls(core)
            if playback.resting and not (game.stale and playback.watched):
                self._rest(game, pacer)
                continue
            if game.resting:
                game.resting = False
                pacer.resume(time.monotonic_ns())
            self._await_frame(pacer)
            self._run_frame(game, pacer)

    def _make_calls(self, core: Core) -> None:
        self.busy_since = time.monotonic()
        self._calls.run(core)
        self.busy_since = None

    def _rest(self, game: Game, pacer: Pacer) -> None:
        """Publish what was played, send the standing picture to viewers, if there are any, and wait.

        The picture is repeated, because a viewer learns from the next packet that one was lost.
        """
        game.rest()
        if not self.playback.frozen:
            self.busy_since = time.monotonic()
            game.publish(self.busy_since)
            self.busy_since = None
        soon = False
        if self.playback.watched:
            pacer.resume(time.monotonic_ns())
            self._send_frame(game, pacer.timestamp)
            pacer.advance()
            soon = game.video.is_keyframe or game.video.keyframe_wanted
        self._awake.wait(STILL_SECONDS if soon else REST_SECONDS)
        self._awake.clear()

    def _await_frame(self, pacer: Pacer) -> None:
        """Sleep until the frame is due, or less if an input comes that would otherwise wait for it."""
        if self._inputs.wait((pacer.deadline - time.monotonic_ns()) / NANOSECONDS):
            early = pacer.earliest - time.monotonic_ns()
            if early > 0:
                time.sleep(early / NANOSECONDS)

    def _run_frame(self, game: Game, pacer: Pacer) -> None:
        counters = self.counters
        counters.late += pacer.begin(time.monotonic_ns())
        timestamp = pacer.timestamp
        began = self.busy_since = time.monotonic()
        for down, key, modifiers in self._inputs.take_key_events():
            game.core.key_event(down, key, 0, modifiers)
        game.advance(timestamp)
        ran = time.monotonic()
        self._send_frame(game, timestamp)
        pacer.advance()
        if game.fps != self._fps:
            self._follow_rate(game, pacer)
        game.keep_sound(pacer.timestamp)
        done = time.monotonic()
        counters.frames += 1
        counters.run_seconds += ran - began
        counters.encode_seconds += done - ran
        game.capture_if_due(done)
        self.busy_since = None

    def _send_frame(self, game: Game, timestamp: int) -> None:
        """Encode the picture and the pending sound, and hand them over."""
        pictures = game.video.encode(timestamp)
        sounds = game.audio.encode()
        applied = self._inputs.take_applied()
        self._events.frame(EncodedFrame(timestamp, game.video.is_keyframe, pictures, sounds, applied))
        self.counters.video_bytes += sum(map(len, pictures))
        self.counters.audio_bytes += sum(len(packet) for _, packet in sounds)

    def _update_av_info(self, av_info: AvInfo, rotation: int, game: Game, pacer: Pacer) -> None:
        """Follow the core's rates, which it may change in mid-game; the encoder follows the picture by itself."""
        game.update_rates()
        self._follow_rate(game, pacer)
        self._events.av_info(av_info, rotation)

    def _follow_rate(self, game: Game, pacer: Pacer) -> None:
        """Pace the frames after the next one as the game's rate is now."""
        if game.fps != self._fps:
            self._fps = game.fps
            pacer.set_rate(_exact(game.fps), pacer.deadline)

    def _mark_over(self) -> None:
        """End after this frame, as the core wants it (RETRO_ENVIRONMENT_SHUTDOWN)."""
        self._over = True

    def _close(self, core: Core) -> None:
        """Publish what was played since the last snapshot, and end the core."""
        self.busy_since = time.monotonic()
        try:
            if self._game is not None:
                self._game.close(frozen=self.playback.frozen)
        finally:
            core.close()


def _exact(fps: float) -> Fraction:
    """Return the core's frame rate as the fraction that its author wrote, as near as a double tells."""
    return Fraction(fps).limit_denominator(1_000_000)
