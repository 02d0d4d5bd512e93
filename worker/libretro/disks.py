"""Changing discs (the API says disks) while a game runs."""

import os
from pathlib import Path

from .boundary import Boundary
from .constants import Command
from .declarations import CData, ffi, text
from .errors import CoreError
from .handlers import Handler, Handlers, Null

INTERFACE_VERSION = 1
"""The version with images' paths and labels."""

MAX_LABEL_BYTES = 4096


class Disks:
    """The core's drive and the images that may go into it; without a drive there are none."""

    def __init__(self, boundary: Boundary) -> None:
        self._boundary = boundary
        self._drive: CData = None
        self.handlers: Handlers = {
            Command.GET_DISK_CONTROL_INTERFACE_VERSION: Handler("unsigned *", self._get_version),
            # The first interface is the second's beginning, so both are read as the second; only the fields that
            # are there are copied.
            Command.SET_DISK_CONTROL_INTERFACE: Handler("char *", lambda data: self._set(data, _SIZE_V0), Null.PASS),
            Command.SET_DISK_CONTROL_EXT_INTERFACE: Handler(
                "char *", lambda data: self._set(data, _SIZE_V1), Null.PASS
            ),
        }

    @property
    def present(self) -> bool:
        """Whether the core has a drive."""
        return self._drive is not None

    @property
    def count(self) -> int:
        """The number of images."""
        return int(self._call("get_num_images")) if self.present else 0

    @property
    def index(self) -> int | None:
        """The image in the drive; None if the drive is empty."""
        index = int(self._call("get_image_index")) if self.present else 0
        return index if index < self.count else None

    @property
    def ejected(self) -> bool:
        """Whether the drive is open."""
        return bool(self._call("get_eject_state"))

    def eject(self) -> None:
        """Open the drive. Raises CoreError if the core refuses, as do the methods below."""
        self._do("open its drive", "set_eject_state", True)

    def insert(self) -> None:
        """Close the drive."""
        self._do("close its drive", "set_eject_state", False)

    def select(self, index: int) -> None:
        """Put image ``index`` into the drive: opens it, changes, closes it. ``count`` means no image."""
        self.eject()
        try:
            self._do(f"put in disk {index + 1}", "set_image_index", index)
        finally:
            self.insert()

    def replace(self, index: int, path: Path | None) -> None:
        """Exchange image ``index`` for a file, or take it away. The drive must be open."""
        if path is None:
            self._do(f"take away disk {index + 1}", "replace_image_index", index, ffi.NULL)
            return
        name = ffi.new("char[]", os.fsencode(os.path.abspath(path)))
        info = ffi.new("struct retro_game_info *", {"path": name})
        self._do(f"take {path.name} for disk {index + 1}", "replace_image_index", index, info)

    def add(self, path: Path) -> None:
        """Append an image. The drive must be open."""
        self._do("add a disk", "add_image_index")
        self.replace(self.count - 1, path)

    def label(self, index: int) -> str:
        """Return the core's name of the image; empty if it has none."""
        return self._described("get_image_label", index)

    def path(self, index: int) -> str:
        """Return the path of the image's file; empty if the core doesn't say."""
        return self._described("get_image_path", index)

    def _described(self, function: str, index: int) -> str:
        if not self.present or not getattr(self._drive, function):
            return ""
        buffer = ffi.new("char[]", MAX_LABEL_BYTES)
        return text(buffer) if self._call(function, index, buffer, MAX_LABEL_BYTES - 1) else ""

    def _do(self, what: str, function: str, *arguments: object) -> None:
        if not self._call(function, *arguments):
            raise CoreError(f"the core could not {what}")

    def _call(self, function: str, *arguments: object) -> CData:
        if not self.present or not getattr(self._drive, function):
            raise CoreError("the core has no disk drive")
        return self._boundary.call(getattr(self._drive, function), *arguments)

    def _get_version(self, version: CData) -> bool:
        version[0] = INTERFACE_VERSION
        return True

    def _set(self, data: CData, size: int) -> bool:
        if not data:
            self._drive = None
            return True
        self._drive = ffi.new("struct retro_disk_control_ext_callback *")
        ffi.memmove(self._drive, data, size)
        return True


_SIZE_V0 = ffi.offsetof("struct retro_disk_control_ext_callback", "set_initial_image")
_SIZE_V1 = ffi.sizeof("struct retro_disk_control_ext_callback")
