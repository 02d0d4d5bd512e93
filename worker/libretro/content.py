"""The game for a core: which files the core takes, and the file as the core wants it, by path or in memory."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from .constants import Command
from .declarations import CData, entries, ffi, text
from .errors import CoreError, CoreUnsupportedError, GameUnreadableError
from .handlers import Handler, Handlers, Null

MAX_GAME_BYTES = 512 * 1024 * 1024
"""The largest game that is read into memory; cartridges end at 512 MiB, and cores for discs read them by path."""

ARCHIVES = frozenset({"zip", "7z", "gz", "rar"})
"""Files that hold a game file, for which a core that doesn't read them would show a black screen."""


@dataclass(frozen=True, slots=True)
class SystemInfo:
    """The core's name and version, and the files that it takes."""

    name: str
    version: str
    extensions: frozenset[str]
    """In lower case, without the dot."""
    need_fullpath: bool
    block_extract: bool


def read_system_info(info: CData) -> SystemInfo:
    """Read a ``retro_system_info``."""
    return SystemInfo(
        name=text(info.library_name) or "the core",
        version=text(info.library_version),
        extensions=_extensions(info.valid_extensions),
        need_fullpath=bool(info.need_fullpath),
        block_extract=bool(info.block_extract),
    )


def _extensions(pointer: CData) -> frozenset[str]:
    return frozenset(extension.lstrip(".") for extension in text(pointer).lower().split("|") if extension)


@dataclass(frozen=True, slots=True)
class _Override:
    """Files of one extension that the core wants differently from what its system info says."""

    need_fullpath: bool
    persistent_data: bool


class Content:
    """Prepares the game for ``retro_load_game``, and keeps alive all memory that the core may point to."""

    def __init__(self) -> None:
        self.runs_without_game = False
        self.subsystems: dict[str, frozenset[str]] = {}
        """Ways to load several files at once, none of which is supported: name -> the extensions of their files."""
        self._overrides: dict[str, _Override] = {}
        self._kept: list[CData] = []
        self._extended: CData = None
        self.handlers: Handlers = {
            Command.SET_SUPPORT_NO_GAME: Handler("bool *", self._set_support_no_game),
            Command.SET_SUBSYSTEM_INFO: Handler("struct retro_subsystem_info *", self._set_subsystems, Null.PROBE),
            Command.SET_CONTENT_INFO_OVERRIDE: Handler(
                "struct retro_system_content_info_override *", self._set_overrides, Null.PROBE
            ),
            Command.GET_GAME_INFO_EXT: Handler("struct retro_game_info_ext **", self._get_extended_info, Null.PROBE),
        }

    def prepare(self, path: Path | None, info: SystemInfo) -> CData:
        """Make a ``retro_game_info`` for this file, NULL for no game. Raises CoreError if the core can't run it."""
        if path is None:
            if not self.runs_without_game:
                raise CoreError(f"{info.name} needs a game; choose one")
            return ffi.NULL
        extension = path.suffix.lower().lstrip(".")
        self._check_extension(path.name, extension, info)
        _check_file(path)
        override = self._overrides.get(extension, _Override(info.need_fullpath, persistent_data=False))
        data, size = ffi.NULL, 0
        if not override.need_fullpath:
            data = self._keep(ffi.new("char[]", _read(path)))
            size = len(data) - 1  # less the NUL that ffi.new added
        full_path = self._string(os.path.abspath(path))
        self._extended = self._extended_info(path, extension, full_path, data, size, override)
        return self._keep(ffi.new("struct retro_game_info *", {"path": full_path, "data": data, "size": size}))

    def _check_extension(self, name: str, extension: str, info: SystemInfo) -> None:
        """Raise CoreError for a file that the core would not know what to do with."""
        if extension in info.extensions or extension in self._overrides:
            return
        for subsystem, extensions in self.subsystems.items():
            if extension in extensions:
                raise CoreUnsupportedError(
                    f"{name} is for {info.name}'s subsystem {subsystem}, which loads several files together; "
                    f"that can't be done here"
                )
        if extension in ARCHIVES:
            raise GameUnreadableError(f"{name} is an archive, which {info.name} doesn't read; unpack it")

    def _extended_info(
        self, path: Path, extension: str, full_path: CData, data: CData, size: int, override: _Override
    ) -> CData:
        return self._keep(
            ffi.new(
                "struct retro_game_info_ext *",
                {
                    "full_path": full_path,
                    "dir": self._string(os.path.dirname(os.path.abspath(path))),
                    "name": self._string(path.stem),
                    "ext": self._string(extension),
                    "data": data,
                    "size": size,
                    "persistent_data": override.persistent_data,
                },
            )
        )

    def _string(self, value: str) -> CData:
        return self._keep(ffi.new("char[]", os.fsencode(value)))

    def _keep(self, data: CData) -> CData:
        self._kept.append(data)
        return data

    # ----- commands of the core

    def _set_support_no_game(self, supported: CData) -> bool:
        self.runs_without_game = bool(supported[0])
        return True

    def _set_subsystems(self, subsystems: CData) -> bool:
        self.subsystems = {
            text(subsystem.ident): frozenset[str]().union(
                *(_extensions(subsystem.roms[index].valid_extensions) for index in range(subsystem.num_roms))
            )
            for subsystem in entries(subsystems, "ident")
        }
        return True

    def _set_overrides(self, overrides: CData) -> bool:
        for entry in entries(overrides, "extensions"):
            override = _Override(bool(entry.need_fullpath), bool(entry.persistent_data))
            for extension in _extensions(entry.extensions):
                self._overrides.setdefault(extension, override)  # of several for one extension the first counts
        return True

    def _get_extended_info(self, info: CData) -> bool:
        if self._extended is None:
            return False
        info[0] = self._extended
        return True


def _check_file(path: Path) -> None:
    """Raise GameUnreadableError unless there is a file with something in it."""
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    if not stat.S_ISREG(status.st_mode):
        raise GameUnreadableError(f"the game {path.name} is not a file")
    if status.st_size == 0:
        raise GameUnreadableError(f"the game {path.name} is empty; copy it again")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_GAME_BYTES:
                raise GameUnreadableError(f"the game {path.name} is larger than {MAX_GAME_BYTES >> 20} MiB")
            return file.read(MAX_GAME_BYTES)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> GameUnreadableError:
    return GameUnreadableError(f"the game {path.name} can't be read: {error.strerror}")
