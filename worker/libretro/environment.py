"""The core's questions and announcements: the table from environment command to handler.

Handlers of a topic with a state of its own stand with it (``options.py``, ``content.py``, ``controls.py``, ``video/``);
here are the table and the rest. A command that is not in the table is answered with false, as the API wants it for
commands that a frontend doesn't know; among those are, on purpose, the VFS, performance counters, sensors, cameras,
microphones, netplay, and sound from the core's own thread: every core must do without.
"""

import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from .av import AvInfo, read_av_info
from .constants import AvEnable, Command, PixelFormat
from .declarations import CData, ffi, text
from .handlers import Handler, Handlers, Null, accept
from .hooks import Hooks
from .logs import CoreLog, one_line

ENGLISH = 0
USERNAME = "player"
TARGET_SAMPLE_RATE = 48_000
"""Hz, as Opus takes them: a core that can choose spares the resampling."""

MESSAGE_INTERFACE_VERSION = 1
MESSAGE_TO_LOG_ONLY = 2
THROTTLE_NONE, THROTTLE_FAST_FORWARD = 0, 2
USUAL_FPS = 60.0
"""For a message's duration in frames, before the core has said how long a frame is."""

MAX_MESSAGE = 300
"""Characters of a message to the players."""


class Environment:
    """Answers the environment callback; holds what the core has told about picture and sound."""

    def __init__(
        self,
        hooks: Hooks,
        log: CoreLog,
        logger: logging.LoggerAdapter[logging.Logger],
        *,
        core: Path,
        system_directory: Path,
        save_directory: Path,
        topics: Iterable[Handlers],
    ) -> None:
        self.av_info: AvInfo | None = None
        self.av_enable = AvEnable.VIDEO | AvEnable.AUDIO
        self.fast_forward = False
        self.pixel_format = PixelFormat.XRGB1555
        self.rotation = 0
        self._hooks = hooks
        self._log = log
        self._logger = logger
        self._unknown: set[int] = set()
        # The core keeps pointers to these, so they live as long as we do.
        self._core_path = _path(core)
        self._system_directory = _path(system_directory)
        self._save_directory = _path(save_directory)
        self._username = ffi.new("char[]", USERNAME.encode())
        table: dict[Command, Handler] = {**self._own_handlers()}
        for handlers in topics:
            table.update(handlers)
        self._table = {
            int(command): handler._replace(type=ffi.typeof(handler.type)) for command, handler in table.items()
        }

    def answer(self, command: int, data: CData) -> bool:
        """Answer a command, as ``retro_environment_t``. The type of ``data``, a ``void *``, depends on the command."""
        handler = self._table.get(command)
        if handler is None:
            return self._answer_unknown(command)
        if not data and handler.null is not Null.PASS:
            return handler.null is Null.PROBE
        return handler.answer(ffi.cast(handler.type, data))

    def _answer_unknown(self, command: int) -> bool:
        if command not in self._unknown:
            self._unknown.add(command)
            self._logger.debug("< environment command %d (%#x) is not known here", command & 0xFFFF, command)
        return False

    def _own_handlers(self) -> Handlers:
        return {
            Command.SET_ROTATION: Handler("unsigned *", self._set_rotation),
            Command.GET_OVERSCAN: Handler("bool *", _giving(False)),
            Command.GET_CAN_DUPE: Handler("bool *", _giving(True)),
            Command.SET_MESSAGE: Handler("struct retro_message *", self._set_message),
            Command.SHUTDOWN: Handler("void *", self._shut_down, Null.PASS),
            Command.SET_PERFORMANCE_LEVEL: Handler("unsigned *", accept),
            Command.GET_SYSTEM_DIRECTORY: Handler("const char **", _giving(self._system_directory)),
            Command.SET_PIXEL_FORMAT: Handler("int *", self._set_pixel_format),
            Command.GET_LIBRETRO_PATH: Handler("const char **", _giving(self._core_path)),
            Command.GET_CORE_ASSETS_DIRECTORY: Handler("const char **", _giving(self._system_directory)),
            Command.GET_SAVE_DIRECTORY: Handler("const char **", _giving(self._save_directory)),
            Command.SET_SYSTEM_AV_INFO: Handler("struct retro_system_av_info *", self._set_av_info),
            Command.SET_MEMORY_MAPS: Handler("void *", accept),
            Command.SET_GEOMETRY: Handler("struct retro_game_geometry *", self._set_geometry),
            Command.GET_USERNAME: Handler("const char **", _giving(self._username)),
            Command.GET_LANGUAGE: Handler("unsigned *", _giving(ENGLISH)),
            Command.SET_SUPPORT_ACHIEVEMENTS: Handler("bool *", accept),
            Command.GET_AUDIO_VIDEO_ENABLE: Handler("int *", self._get_av_enable, Null.PROBE),
            Command.GET_FASTFORWARDING: Handler("bool *", self._get_fast_forward),
            Command.GET_MESSAGE_INTERFACE_VERSION: Handler("unsigned *", _giving(MESSAGE_INTERFACE_VERSION)),
            Command.SET_MESSAGE_EXT: Handler("struct retro_message_ext *", self._set_message_ext),
            Command.GET_THROTTLE_STATE: Handler("struct retro_throttle_state *", self._get_throttle_state),
            Command.GET_JIT_CAPABLE: Handler("bool *", _giving(True)),
            Command.GET_TARGET_SAMPLE_RATE: Handler("unsigned *", _giving(TARGET_SAMPLE_RATE)),
        }

    # ----- picture and sound

    def _set_rotation(self, quarter_turns: CData) -> bool:
        turns = quarter_turns[0] & 3
        if turns != self.rotation:
            self.rotation = turns
            if self.av_info is not None:  # otherwise the game is still being loaded, and is announced with it
                self._hooks.on_av_info(self.av_info)
        return True

    def _set_pixel_format(self, pixel_format: CData) -> bool:
        try:
            self.pixel_format = PixelFormat(pixel_format[0])
        except ValueError:
            return False  # the core then tries another
        return True

    def _set_av_info(self, info: CData) -> bool:
        self._change_av_info(read_av_info(info))
        return True

    def _set_geometry(self, geometry: CData) -> bool:
        if self.av_info is not None:  # otherwise retro_get_system_av_info is still to come
            self._change_av_info(self.av_info.resized(geometry))
        return True

    def _change_av_info(self, av_info: AvInfo) -> None:
        if self.av_info is not None and av_info != self.av_info:
            self.av_info = av_info
            self._hooks.on_av_info(av_info)

    def _get_av_enable(self, enable: CData) -> bool:
        enable[0] = self.av_enable
        return True

    def _get_fast_forward(self, on: CData) -> bool:
        on[0] = self.fast_forward
        return True

    def _get_throttle_state(self, state: CData) -> bool:
        state.mode = THROTTLE_FAST_FORWARD if self.fast_forward else THROTTLE_NONE
        state.rate = self._fps
        return True

    @property
    def _fps(self) -> float:
        return USUAL_FPS if self.av_info is None else self.av_info.fps

    # ----- messages

    def _set_message(self, message: CData) -> bool:
        self._show(text(message.msg), message.frames / self._fps)
        return True

    def _set_message_ext(self, message: CData) -> bool:
        if message.target == MESSAGE_TO_LOG_ONLY:
            self._log.write(message.level, text(message.msg))
        else:
            self._show(text(message.msg), message.duration / 1000)
        return True

    def _show(self, message: str, seconds: float) -> None:
        line = one_line(message)[:MAX_MESSAGE]
        if line:
            self._log.last_complaint = line
            self._hooks.on_message(line, seconds)

    def _shut_down(self, _data: CData) -> bool:
        self._hooks.on_shutdown()
        return True


def _giving(value: object) -> Callable[[CData], bool]:
    """Make a handler that always answers this."""

    def give(place: CData) -> bool:
        place[0] = value
        return True

    return give


def _path(path: Path) -> CData:
    return ffi.new("char[]", os.fsencode(os.path.abspath(path)))
