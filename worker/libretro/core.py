"""A libretro core: loads it, gives it a game, runs it frame by frame, saves and restores it.

A core has global state, so there is one in a process, and all calls come from one thread. ``environment.py`` answers
the core's questions, ``video/`` takes its picture; pacing, encoding and seats are the room's.
"""

import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from .av import AvInfo, read_av_info
from .boundary import Boundary
from .callbacks import Callbacks
from .constants import AvEnable, Device, SavestateContext, SerializationQuirk
from .content import Content, SystemInfo, read_system_info
from .controls import Controller, Controls, InputDescriptor
from .declarations import API_VERSION, SYMBOLS, CData, ffi
from .disks import Disks
from .environment import Environment
from .errors import CoreError, CoreMissingError, CoreUnsupportedError, GameUnreadableError
from .hooks import Hooks
from .logs import CoreLog, one_line
from .options import Options
from .savestates import Buffer, Savestates
from .timing import AudioBuffer, Timing
from .video.driver import VideoDriver
from .video.software import SoftwareVideo

logger = logging.getLogger(__name__)

_kept_alive: list[object] = []
"""A core's threads and exit handlers may outlive ``close``, and then use its library, callbacks and game data."""


class Core(Hooks):
    """One core and, once loaded, its game. Set the hooks that it inherits before ``load_game``.

    ``options`` are the core options that shall differ from the core's defaults, ``devices`` those that ``inputs`` will
    answer for: a core may ask for them before there are any. Raises CoreError if the library can't be loaded or is no
    core.
    """

    def __init__(
        self,
        path: Path,
        *,
        system_directory: Path,
        save_directory: Path,
        options: Mapping[str, str] | None = None,
        devices: Iterable[Device] = (Device.JOYPAD,),
    ) -> None:
        super().__init__()
        name = path.stem.removesuffix("_libretro")
        log = logging.LoggerAdapter(logger.getChild(name), {"core": name})
        self._library = _open(path)
        self._folders = (system_directory, save_directory)
        self._boundary = Boundary()
        self._log = CoreLog(self._boundary, log)
        self._content = Content()
        self._options = Options(options or {}, self._boundary, log)
        self._controls = Controls(self, self._boundary, devices)
        self._timing = Timing(self._boundary)
        self._savestates = Savestates(self._library, self._boundary, log)
        self._video: VideoDriver = SoftwareVideo()
        self.disks = Disks(self._boundary)
        """The disk drive, if the core has one."""
        topics = (
            *(self._log, self._content, self._options, self._controls, self._timing, self._savestates),
            *(self._video, self.disks),
        )
        self._environment = Environment(
            self,
            self._log,
            log,
            core=path,
            system_directory=system_directory,
            save_directory=save_directory,
            topics=[topic.handlers for topic in topics],
        )
        self._callbacks = Callbacks(self._library, self._boundary, self._environment, self._video, self)
        _kept_alive.append(self)
        self._callbacks.set()
        self.info: SystemInfo = self._read_info()
        self._loaded = False
        self._initialised = True
        self._boundary.call(self._library.retro_init)

    def _read_info(self) -> SystemInfo:
        info = ffi.new("struct retro_system_info *")
        self._boundary.call(self._library.retro_get_system_info, info)
        return read_system_info(info)

    # ----- the game

    def load_game(self, path: Path | None) -> AvInfo:
        """Load the game file, or none into a core that runs without. Raises CoreError if the core can't run it."""
        if self._loaded:
            raise RuntimeError("this core has its game already")
        game = self._content.prepare(path, self.info)
        self._log.last_complaint = ""
        if not self._boundary.call(self._library.retro_load_game, game):
            raise self._refusal(path)
        self._loaded = True
        info = ffi.new("struct retro_system_av_info *")
        self._boundary.call(self._library.retro_get_system_av_info, info)
        av_info = self._environment.av_info = read_av_info(info)
        self._video.begin(av_info)
        return av_info

    def _refusal(self, path: Path | None) -> CoreError:
        """Make the error for a core that has refused its game, with what the core said last."""
        name = self.info.name
        if refusal := self._video.refusal(name):
            return refusal
        words = f" It said: {self._log.last_complaint}" if self._log.last_complaint else ""
        for folder in (*self._folders, *([] if path is None else [path.parent])):
            words = words.replace(os.path.abspath(folder) + os.sep, "")  # where files lie is no player's business
        if path is None:
            return CoreError(f"{name} can't start without a game.{words}")
        return GameUnreadableError(f"{name} can't run {path.name}: it is damaged, or a game for another core.{words}")

    @property
    def av_info(self) -> AvInfo:
        """The picture's and the sound's sizes and rates as they are now; from ``load_game`` on."""
        if self._environment.av_info is None:
            raise RuntimeError("load a game first")
        return self._environment.av_info

    @property
    def rotation(self) -> int:
        """By how many quarter turns counter-clockwise the picture is to be shown, 0 to 3."""
        return self._environment.rotation

    def run(self, elapsed_us: int | None = None) -> None:
        """Run one frame. Raises CoreError, and the first exception of a hook.

        ``elapsed_us`` is the time since the last frame for cores that ask; None is their own frame time, exactly.
        """
        if not self._loaded:
            raise RuntimeError("load a game first")
        self._timing.before_frame(elapsed_us)
        self._boundary.call(self._library.retro_run)
        self._callbacks.deliver_samples()

    def reset(self) -> None:
        """Press the console's reset button."""
        self._boundary.call(self._library.retro_reset)

    def close(self) -> None:
        """Unload the game and shut the core down. Calling it again does nothing."""
        if not self._initialised:
            return
        self._initialised = False
        try:
            if self._loaded:
                self._loaded = False
                self._video.end()
                self._boundary.call(self._library.retro_unload_game)
        finally:
            self._boundary.call(self._library.retro_deinit)

    # ----- state

    @property
    def savestates(self) -> bool:
        """Whether the game's state can be saved now."""
        return self._savestates.size > 0

    @property
    def savestate_context(self) -> SavestateContext:
        """The purpose of the next savestates."""
        return self._savestates.context

    @savestate_context.setter
    def savestate_context(self, context: SavestateContext) -> None:
        self._savestates.context = context

    @property
    def quirks(self) -> SerializationQuirk:
        """The oddities of the core's savestates, as far as it says."""
        return self._savestates.quirks

    def serialize(self) -> bytes:
        """Return the game's state. Raises CoreError if the core gives none."""
        return self._savestates.serialize()

    @property
    def state_size(self) -> int:
        """The bytes of the next state at the most; 0 if there is none."""
        return self._savestates.size

    def serialize_into(self, buffer: Buffer) -> int:
        """Write the game's state into the buffer, and return its bytes. Raises CoreError if there is none that fits."""
        return self._savestates.serialize_into(buffer)

    def unserialize(self, state: bytes | Buffer) -> None:
        """Go on from this state. Raises CoreError if the core refuses it."""
        self._savestates.unserialize(state)

    def save_ram(self) -> bytes | None:
        """Return the game's battery save, None if it has none."""
        return self._savestates.save_ram()

    def load_save_ram(self, data: bytes) -> None:
        """Put a battery save back, before the first frame."""
        self._savestates.load_save_ram(data)

    # ----- input and choices

    @property
    def input_descriptors(self) -> list[InputDescriptor]:
        """The names of the game's inputs."""
        return self._controls.descriptors

    @property
    def controllers(self) -> list[list[Controller]]:
        """For each port, the devices that may be plugged in; empty if the core doesn't say."""
        return self._controls.controllers

    def set_controller(self, port: int, device: int) -> None:
        """Plug a device into a port: a ``Device``, or a subclass of one from ``controllers``."""
        self._boundary.call(self._library.retro_set_controller_port_device, port, device)

    def key_event(self, down: bool, keycode: int, character: int, modifiers: int) -> None:
        """Tell the core of a key, if it listens: ``RETROK_`` code, UTF-32 character or 0, ``RETROKMOD_`` mask."""
        self._controls.key_event(down, keycode, character, modifiers)

    @property
    def options(self) -> Options:
        """The core's options by key, a read-only mapping."""
        return self._options

    def set_option(self, key: str, value: str) -> None:
        """Choose an option's value while the game runs. Raises ValueError if there is no such choice."""
        self._options.set(key, value)

    @property
    def av_enable(self) -> int:
        """Which of picture and sound the next frames need, as ``AvEnable`` bits."""
        return self._environment.av_enable

    @av_enable.setter
    def av_enable(self, bits: int) -> None:
        self._environment.av_enable = AvEnable(bits)

    @property
    def fast_forward(self) -> bool:
        """Whether the game runs faster than it should, for cores that then leave out what nobody sees."""
        return self._environment.fast_forward

    @fast_forward.setter
    def fast_forward(self, on: bool) -> None:
        self._environment.fast_forward = on

    @property
    def audio_buffer(self) -> AudioBuffer:
        """The state of the sound buffer, for cores that skip frames by it."""
        return self._timing.audio_buffer

    @audio_buffer.setter
    def audio_buffer(self, buffer: AudioBuffer) -> None:
        self._timing.audio_buffer = buffer


def _open(path: Path) -> CData:
    """Load the library, and check that it is a core of the API's known version. Raises CoreError."""
    if not path.is_file():
        raise CoreMissingError(f"the core {path.name} is not there; install it, or name another in the configuration")
    try:
        # An absolute path, so that the linker never searches; local, so that two cores' symbols never meet.
        library = ffi.dlopen(os.path.abspath(path), ffi.RTLD_NOW | ffi.RTLD_LOCAL)
    except OSError as error:
        raise CoreError(f"the core {path.name} can't be loaded: {_reason(error)}") from error
    missing = [symbol for symbol in SYMBOLS if not hasattr(library, symbol)]
    if missing:
        raise CoreError(f"{path.name} is not a libretro core: it has no {', '.join(missing[:3])}")
    version = library.retro_api_version()
    if version != API_VERSION:
        raise CoreUnsupportedError(
            f"{path.name} speaks version {version} of the libretro API; only {API_VERSION} is known"
        )
    return library


def _reason(error: OSError) -> str:
    """Return the linker's words without the path, which "cannot load library 'path': path: words" has twice."""
    words = str(error).split(".  Additionally")[0]
    return one_line(words.rsplit(": ", 1)[-1])
