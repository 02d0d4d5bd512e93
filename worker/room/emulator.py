"""The emulator's thread: loads the core, runs one frame at each deadline, encodes it and hands the packets over.

All calls into the core are made here, for cores may bind to the thread that loads them. In one frame: sleep until the
deadline, or until an input comes shortly before it; ``retro_run``, which polls the input as late as it can; encode at
once; hand over. Running frames again with new input (preemptive frames) would go between ``retro_run`` and the
encoding, in ``_frame``.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

from worker.libretro import Core, CoreError, GameUnreadableError

from .audio import AudioEncoder
from .battery import Battery
from .cartridge import missing_bytes
from .inputs import DEVICE_JOYPAD, PORTS
from .pacer import NANOSECONDS, Pacer
from .video import VideoEncoder

if TYPE_CHECKING:
    from worker.libretro import AvInfo

    from .control import Open
    from .inputs import Inputs

logger = logging.getLogger(__name__)

BATTERY_FRAMES: Final = 300
"""Frames between two looks at the battery memory, about 5 s: what a crash may cost of a best score."""


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
    """What the thread reports. Each is called on the emulator's thread."""

    loaded: Callable[[Core], None]
    tick: Callable[[Tick], None]
    av_info: Callable[[AvInfo, int], None]
    message: Callable[[str, float], None]
    rumble: Callable[[int, int, int], None]
    ended: Callable[[str, str], None]
    """Exactly once, last: a code and a sentence."""


class Emulator:
    """One core on its own thread. ``begin`` starts the frames, ``stop`` ends the thread."""

    def __init__(self, order: Open, codec: str, inputs: Inputs, events: EmulatorEvents) -> None:
        self._order = order
        self._codec = codec
        self._inputs = inputs
        self._events = events
        self._go = threading.Event()
        self._stopping = False
        self._over = False
        self._battery: Battery | None = None
        self.counters = Counters()
        self.video: VideoEncoder | None = None
        self.busy_since: float | None = None
        """When the core was last called into and has not come back from (monotonic seconds)."""
        # A daemon: a core that hangs for ever must not keep the process.
        self._thread = threading.Thread(target=self._main, name="emulator", daemon=True)

    def load(self) -> None:
        """Start the thread; it loads core and game and then waits for ``begin``."""
        self._thread.start()

    def begin(self) -> None:
        """Run: somebody is watching."""
        self._go.set()

    def stop(self) -> None:
        """Ask the thread to end after this frame."""
        self._stopping = True
        self._go.set()

    def join(self, seconds: float) -> bool:
        """Whether the thread ended within the time. Not for the event loop."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    # ----- on the emulator's thread

    def _main(self) -> None:
        code, message = "closed", "The room was closed."
        try:
            core, video = self._load()
            try:
                self.busy_since = None
                self._events.loaded(core)
                self._go.wait()
                self._run(core, video)
                if not self._stopping:
                    code, message = "game_over", "The game ended itself. Start it again to play on."
            finally:
                self._keep_battery(core)
                core.close()
        except CoreError as error:
            code, message = error.code, _sentence(str(error))
        except Exception:
            logger.exception("! the emulator's thread failed")
            code, message = "core_failed", "The game stopped because of a fault in its room. Start it again."
        self.busy_since = None
        self._events.ended(code, message)

    def _load(self) -> tuple[Core, VideoEncoder]:
        order = self._order
        self.busy_since = time.monotonic()
        game = Path(order.game) if order.game is not None else None
        saves = Path(order.save_directory)
        saves.mkdir(parents=True, exist_ok=True)
        core = Core(
            Path(order.core), system_directory=Path(order.system_directory), save_directory=saves, options=order.options
        )
        try:
            core.inputs = self._inputs
            core.on_message = self._events.message
            core.on_rumble = self._events.rumble
            if game is not None:
                _check_whole(game)
            av_info = core.load_game(game)
            for port in range(PORTS):  # some cores (Nestopia) read no input from a port until something is plugged in
                core.set_controller(port, DEVICE_JOYPAD)
            if game is not None:
                self._battery = Battery(saves, game)
                self._restore_battery(core, self._battery)
            video = self.video = VideoEncoder(
                self._codec, _exact(av_info.fps), scale=order.scale, max_kbps=order.max_kbps
            )
        except BaseException:
            core.close()
            raise
        return core, video

    def _run(self, core: Core, video: VideoEncoder) -> None:
        audio = AudioEncoder(core.av_info.sample_rate)
        pacer = Pacer(_exact(core.av_info.fps), time.monotonic_ns())
        core.on_video = lambda frame: video.take(frame, core.rotation) if frame is not None else None
        core.on_audio = audio.take
        core.on_shutdown = self._leave_game
        core.on_av_info = lambda av_info: self._follow(av_info, audio, pacer)
        self._events.av_info(core.av_info, core.rotation)
        while not (self._stopping or self._over):
            self._await_frame(pacer)
            self._frame(core, pacer, video, audio)
            if self.counters.frames % BATTERY_FRAMES == 0:
                self._keep_battery(core)

    def _await_frame(self, pacer: Pacer) -> None:
        """Sleep until the frame is due; less, if an input comes that would otherwise wait for it."""
        if self._inputs.wait((pacer.deadline - time.monotonic_ns()) / NANOSECONDS):
            early = pacer.earliest - time.monotonic_ns()
            if early > 0:
                time.sleep(early / NANOSECONDS)

    def _frame(self, core: Core, pacer: Pacer, video: VideoEncoder, audio: AudioEncoder) -> None:
        counters = self.counters
        counters.late += pacer.begin(time.monotonic_ns())
        timestamp = pacer.timestamp
        for down, key, modifiers in self._inputs.take_key_events():
            core.key_event(down, key, 0, modifiers)
        began = self.busy_since = time.monotonic()
        core.run()
        self.busy_since = None
        ran = time.monotonic()
        pictures = video.encode(timestamp)
        sounds = audio.encode()
        self._events.tick(Tick(timestamp, video.is_keyframe, pictures, sounds, self._inputs.take_applied()))
        pacer.advance()
        counters.frames += 1
        counters.run_seconds += ran - began
        counters.encode_seconds += time.monotonic() - ran
        counters.video_bytes += sum(map(len, pictures))
        counters.audio_bytes += sum(len(packet) for _, packet in sounds)

    def _follow(self, av_info: AvInfo, audio: AudioEncoder, pacer: Pacer, rotation: int = 0) -> None:
        """The core changed its geometry or its rates in mid-game; the encoder follows the picture by itself."""
        fps = _exact(av_info.fps)
        if fps != pacer.fps:
            pacer.set_rate(fps, time.monotonic_ns())
        audio.set_rate(av_info.sample_rate)
        self._events.av_info(av_info, rotation)

    def _leave_game(self) -> None:
        """The core asked for the end (RETRO_ENVIRONMENT_SHUTDOWN)."""
        self._over = True

    def _restore_battery(self, core: Core, battery: Battery) -> None:
        try:
            memory = battery.load()
        except OSError as error:
            raise CoreError(f"The saved game {battery.path.name} can't be read: {error.strerror}.") from error
        if memory is not None:
            core.load_save_ram(memory)

    def _keep_battery(self, core: Core) -> None:
        if self._battery is None:
            return
        memory = core.save_ram()
        if not memory or not self._battery.changed(memory):
            return
        try:
            self._battery.store(memory)
        except OSError as error:
            logger.error("! the battery memory was not saved: %s", error)
            self._events.message("The game's own save could not be written.", 6.0)


def _exact(fps: float) -> Fraction:
    """The core's rate as the fraction that its author wrote, as near as a double tells."""
    return Fraction(fps).limit_denominator(1_000_000)


def _check_whole(game: Path) -> None:
    """Raises GameUnreadableError if a part of the file is missing."""
    with contextlib.suppress(OSError):  # the core wrapper says that in its own words
        missing = missing_bytes(game)
        if missing:
            raise GameUnreadableError(
                f"the file {game.name} is incomplete, {missing:,} bytes are missing: copy it again"
            )


def _sentence(reason: str) -> str:
    """The reason as a player reads it."""
    return reason[:1].upper() + reason[1:] + ("" if reason.endswith((".", "!", "?")) else ".")
