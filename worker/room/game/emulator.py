"""The emulator's thread: loads the core, runs one frame at each deadline, encodes it and hands the packets over.

All calls into the core are made here, for cores may bind to the thread that loads them. In one frame: sleep until the
deadline, or until an input comes shortly before it; ``retro_run``, which polls the input as late as it can; encode at
once; hand over; keep the state if it is time to. Running frames again with new input (preemptive frames) would go
between ``retro_run`` and the encoding, in ``_frame``. Between frames it does what others want of the core
(``jobs.py``); how a frame advances the game at another speed or backwards is in ``running.py``.
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
from worker.room.game.core_calls import Jobs
from worker.room.game.game import Game
from worker.room.game.loading import go_on, load_core
from worker.room.game.pacer import NANOSECONDS, Pacer
from worker.room.game.playback import Playback
from worker.room.game.snapshots import Snapshots
from worker.room.media.audio import AudioEncoder
from worker.room.media.video import VideoEncoder

if TYPE_CHECKING:
    from worker.libretro import AvInfo
    from worker.messages.control import Open
    from worker.room.input.ports import InputPorts

logger = logging.getLogger(__name__)

_ELSE = "Choose another game, or tell whoever runs this arcade."
"""What a player can do about a core or a game that doesn't do."""

REST_SECONDS: Final = 1.0
"""Between two looks of a game that rests; whoever has something for it wakes it."""
STILL_SECONDS: Final = 0.05
"""The same while somebody waits for a key frame of the picture that stands, and after one."""

T = TypeVar("T")


@dataclass(slots=True)
class Tick:
    """What one frame gives the viewers."""

    timestamp: int
    """RTP, 90 kHz, not wrapped."""
    keyframe: bool
    video: list[bytes]
    audio: list[tuple[int, bytes]]
    applied: list[tuple[int, int]]


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
    """What the thread reports. Each is called on the emulator's thread, or on that of its snapshots."""

    loaded: Callable[[Core, str], None]
    """The game is about to run; with what its players are to know of how it begins."""
    tick: Callable[[Tick], None]
    av_info: Callable[[AvInfo, int], None]
    message: Callable[[str, float], None]
    rumble: Callable[[int, int, int], None]
    snapshot: Callable[[bytes, int], None]
    """The game, packed for another process, and its frame."""
    battery: Callable[[bytes], None]
    """The battery memory, which has changed."""
    ended: Callable[[str, str], None]
    """Exactly once, last: a code and a sentence."""


class Emulator:
    """One core on its own thread. ``load`` starts it, ``watch`` lets the frames run, ``stop`` ends it."""

    def __init__(self, order: Open, codec: str, inputs: InputPorts, events: EmulatorEvents) -> None:
        self._order = order
        self._codec = codec
        self._inputs = inputs
        self._events = events
        self._jobs = Jobs()
        self._awake = threading.Event()
        self._stopping = False
        self._over = False
        self._game: Game | None = None
        self.playback = Playback()
        """How the game runs. Whoever changes it calls ``wake``."""
        self.core_label = ("", "")
        """The core's name and version, once it is loaded."""
        self.counters = Counters()
        self.video: VideoEncoder | None = None
        self.busy_since: float | None = None
        """Since when the core has been at what it was last called for (monotonic seconds); None between frames."""
        # A daemon: a core that hangs for ever must not keep the process.
        self._thread = threading.Thread(target=self._main, name="emulator", daemon=True)

    def load(self) -> None:
        """Start the thread; it loads core and game and then waits until somebody watches."""
        self._thread.start()

    def watch(self, watched: bool) -> None:
        """Whether anybody is there; without, the game rests."""
        if watched != self.playback.watched:
            self.playback.watched = watched
            self.wake()

    def wake(self) -> None:
        """Look at the playback and the jobs, now if the game rests; a running game does so between frames."""
        self._awake.set()

    def ask(self, job: Callable[[Core], T], *, changes: bool = False) -> Future[T]:
        """Have this done with the core between two frames. ``changes``: it makes the game another.

        The future gets what the job returns or raises; CoreError if the game ends first.
        """

        def done(core: Core) -> T:
            result = job(core)
            if changes and self._game is not None:
                self._game.jumped()
            return result

        future = self._jobs.put(done if changes else job)
        self.wake()
        return future

    def freeze(self) -> Future[tuple[bytes, int]]:
        """Rest, for good unless thawed, and give the last snapshot and its frame."""

        def last(core: Core) -> tuple[bytes, int]:
            self.playback.frozen = True
            assert self._game is not None  # noqa: S101 (jobs are done from _run on)
            return self._game.last(), self._game.frame

        return self.ask(last)

    def thaw(self) -> None:
        """Go on where ``freeze`` stopped, be that still to come: a busy machine may get to both at once."""

        def go_on(_core: Core) -> None:
            self.playback.frozen = False

        self.ask(go_on)

    def request_keyframe(self, *, urgent: bool = False) -> None:
        """Let the next picture be a key frame (``VideoEncoder.request_keyframe``), also while the game rests."""
        if self.video is not None:
            self.video.request_keyframe(urgent=urgent)
            self.wake()

    def stop(self) -> None:
        """Ask the thread to end after this frame."""
        self._stopping = True
        self.wake()

    def join(self, seconds: float) -> bool:
        """Whether the thread ended within the time. Not for the event loop."""
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
                self._jobs.close()
                self._let_go(core)
        except CoreError as error:
            code, message = error.code, f"{as_sentence(str(error))} {_ELSE}"
        except Exception:
            logger.exception("! the emulator's thread failed")
            code, message = "core_failed", "The game stopped because of a fault in its room. Start it again."
        self._jobs.close()
        self.busy_since = None
        self._events.ended(code, message)

    def _load(self) -> Core:
        self.busy_since = time.monotonic()
        core = load_core(self._order, self._inputs)
        try:
            core.on_message = self._events.message
            core.on_rumble = self._events.rumble
            self._begin(core)
        except BaseException:
            core.close()
            raise
        return core

    def _begin(self, core: Core) -> None:
        """Set the game at its beginning or where its snapshot left it, with all that it needs to run."""
        moment, excuse = go_on(core, self._order)
        if moment is not None:
            self.playback.take_up(moment.setting)
        fps = core.av_info.fps
        snapshots = Snapshots(
            core,
            Battery(self._order.battery),
            fps=fps,
            on_snapshot=self._events.snapshot,
            on_battery=self._events.battery,
        )
        video = self.video = VideoEncoder(
            self._codec, _exact(fps), scale=self._order.scale, max_kbps=self._order.max_kbps
        )
        audio = AudioEncoder(core.av_info.sample_rate)
        self._game = Game(core, self.playback, video, audio, snapshots, frame=moment.frame if moment else 0)
        self.core_label = (core.info.name, core.info.version)
        self.busy_since = None
        self._events.loaded(core, " ".join(filter(None, (excuse, self._order.words))))
        self._events.av_info(core.av_info, core.rotation)

    def _run(self, core: Core) -> None:
        assert self._game is not None  # noqa: S101 (_begin has made it)
        game, playback = self._game, self.playback
        pacer = Pacer(_exact(core.av_info.fps), time.monotonic_ns())
        core.on_shutdown = self._leave_game
        core.on_av_info = lambda av_info: self._follow(av_info, core.rotation, game, pacer)
        while not (self._stopping or self._over):
            if self._jobs:
                self._do_jobs(core)
            if playback.resting and not (game.stale and playback.watched):
                self._rest(game, pacer)
                continue
            if game.resting:
                game.resting = False
                pacer.resume(time.monotonic_ns())
            self._await_frame(pacer)
            self._frame(game, pacer)

    def _do_jobs(self, core: Core) -> None:
        self.busy_since = time.monotonic()
        self._jobs.run(core)
        self.busy_since = None

    def _rest(self, game: Game, pacer: Pacer) -> None:
        """No frame is to run: let a snapshot keep what was played, and show the picture to those who are there.

        Now and then again: a viewer learns from the next packet that one was lost.
        """
        game.rest()
        if not self.playback.frozen:
            self.busy_since = time.monotonic()
            game.keep(self.busy_since)
            self.busy_since = None
        soon = False
        if self.playback.watched:
            pacer.resume(time.monotonic_ns())
            self._show(game, pacer.timestamp)
            pacer.advance()
            soon = game.video.is_keyframe or game.video.keyframe_wanted
        self._awake.wait(STILL_SECONDS if soon else REST_SECONDS)
        self._awake.clear()

    def _await_frame(self, pacer: Pacer) -> None:
        """Sleep until the frame is due; less, if an input comes that would otherwise wait for it."""
        if self._inputs.wait((pacer.deadline - time.monotonic_ns()) / NANOSECONDS):
            early = pacer.earliest - time.monotonic_ns()
            if early > 0:
                time.sleep(early / NANOSECONDS)

    def _frame(self, game: Game, pacer: Pacer) -> None:
        counters = self.counters
        counters.late += pacer.begin(time.monotonic_ns())
        timestamp = pacer.timestamp
        began = self.busy_since = time.monotonic()
        for down, key, modifiers in self._inputs.take_key_events():
            game.core.key_event(down, key, 0, modifiers)
        game.advance(timestamp)
        ran = time.monotonic()
        self._show(game, timestamp)
        pacer.advance()
        done = time.monotonic()
        counters.frames += 1
        counters.run_seconds += ran - began
        counters.encode_seconds += done - ran
        game.look(done)
        self.busy_since = None

    def _show(self, game: Game, timestamp: int) -> None:
        """Encode the picture and the sound that there is, and hand them over."""
        pictures = game.video.encode(timestamp)
        sounds = game.audio.encode()
        self._events.tick(Tick(timestamp, game.video.is_keyframe, pictures, sounds, self._inputs.take_applied()))
        self.counters.video_bytes += sum(map(len, pictures))
        self.counters.audio_bytes += sum(len(packet) for _, packet in sounds)

    def _follow(self, av_info: AvInfo, rotation: int, game: Game, pacer: Pacer) -> None:
        """The core changed its geometry or its rates in mid-game; the encoder follows the picture by itself."""
        fps = _exact(av_info.fps)
        if fps != pacer.fps:
            pacer.set_rate(fps, time.monotonic_ns())
        game.follow_sound()
        self._events.av_info(av_info, rotation)

    def _leave_game(self) -> None:
        """The core asked for the end (RETRO_ENVIRONMENT_SHUTDOWN)."""
        self._over = True

    def _let_go(self, core: Core) -> None:
        """Hand on what was played since the last snapshot, and end the core."""
        self.busy_since = time.monotonic()
        try:
            if self._game is not None:
                self._game.end(frozen=self.playback.frozen)
        finally:
            core.close()


def _exact(fps: float) -> Fraction:
    """The core's rate as the fraction that its author wrote, as near as a double tells."""
    return Fraction(fps).limit_denominator(1_000_000)
