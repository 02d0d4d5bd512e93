"""Landlock: from now on this process opens what it was granted, and nothing else (linux/landlock.h).

It holds for the thread that asks and for all that it starts, and can't be taken back. It doesn't govern what needs no
file to be opened, such as its mode or its owner; ``syscalls.py`` leaves those calls out.
"""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import kernel

WRITE_FILE: Final = 1 << 1
READ_FILE: Final = 1 << 2
READ_DIR: Final = 1 << 3
REMOVE_DIR: Final = 1 << 4
REMOVE_FILE: Final = 1 << 5
MAKE_DIR: Final = 1 << 7
MAKE_REG: Final = 1 << 8
REFER: Final = 1 << 13
TRUNCATE: Final = 1 << 14

READ: Final = READ_FILE | READ_DIR
USE: Final = READ_FILE | WRITE_FILE | TRUNCATE
KEEP: Final = READ | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER
"""Files and folders, but no links: whoever reads the folder later must not be led out of it."""
_OF_FILES: Final = USE

_BITS_OF_ABI: Final = {1: 13, 2: 14, 3: 15, 4: 15}
"""The file rights that each version knows; 16 since version 5."""
_NET: Final = 0b11
"""TCP, bind and connect. Since version 4."""
_SCOPED: Final = 0b11
"""Abstract Unix sockets and signals of others. Since version 6."""

LEAST_ABI: Final = 3
"""Before it, a file that may only be read could be cut to nothing."""

_VERSION_FLAG: Final = 1
_PATH_BENEATH: Final = 1


@dataclass(frozen=True)
class Grant:
    """What may be done with a file, or with a folder and all in it. One that isn't there is nothing to grant."""

    path: Path
    rights: int


def abi() -> int:
    """Ask for the kernel's version of Landlock; 0 if it has none, or has it switched off."""
    try:
        return kernel.call(kernel.LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG))
    except OSError:
        return 0


def restrict(version: int, grants: Iterable[Grant]) -> None:
    """Keep this thread to the grants; needs ``no_new_privs``. Raises OSError."""
    handled = (1 << _BITS_OF_ABI.get(version, 16)) - 1
    attributes = struct.pack("=QQQ", handled, _NET if version >= 4 else 0, _SCOPED if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8  # an older kernel takes no longer structure
    ruleset = kernel.call(
        kernel.LANDLOCK_CREATE_RULESET, ctypes.c_char_p(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0)
    )
    try:
        for grant in grants:
            _add(ruleset, grant, handled)
        kernel.call(kernel.LANDLOCK_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _add(ruleset: int, grant: Grant, handled: int) -> None:
    try:
        handle = os.open(grant.path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # not there, or out of our own reach
        return
    try:
        rights = grant.rights & handled
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= _OF_FILES
        rule = struct.pack("=Qi", rights, handle)
        kernel.call(
            kernel.LANDLOCK_ADD_RULE,
            ctypes.c_int(ruleset),
            ctypes.c_int(_PATH_BENEATH),
            ctypes.c_char_p(rule),
            ctypes.c_uint32(0),
        )
    finally:
        os.close(handle)
