"""The few system calls that Python has no function for. Nothing is decided here."""

import ctypes
import functools
import os
import platform
import sys
from typing import Any, Final

LANDLOCK_CREATE_RULESET: Final = 444
LANDLOCK_ADD_RULE: Final = 445
LANDLOCK_RESTRICT_SELF: Final = 446
"""The same on every machine."""

SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
CAPSET: Final = {"x86_64": 126, "aarch64": 91}

PR_SET_NO_NEW_PRIVS: Final = 38
_CAPABILITY_VERSION_3: Final = 0x2008_0522


@functools.cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def machine() -> str | None:
    """Name the processor, if this is Linux on one whose call numbers are known; None otherwise."""
    name = platform.machine()
    return name if sys.platform == "linux" and name in SECCOMP else None


def call(number: int, *arguments: Any) -> int:
    """Make a system call. Raises OSError."""
    result: int = _libc().syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def forbid_new_privileges() -> None:
    """Set ``no_new_privs``: no program started from here gets more rights, set-uid or not. Raises OSError."""
    if _libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs can't be set")


def keep_capabilities(machine: str, mask: int) -> None:
    """Give up all capabilities but those in the mask. Of use to root; others have none. Raises OSError."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    effective, permitted = _status("CapEff") & mask, _status("CapPrm") & mask
    low, high = 0xFFFF_FFFF, 32
    data = (ctypes.c_uint32 * 6)(effective & low, permitted & low, 0, effective >> high, permitted >> high, 0)
    call(CAPSET[machine], header, data)


def _status(field: str) -> int:
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        values = dict(line.split(":", 1) for line in file if ":" in line)
    return int(values[field], 16)
