"""seccomp: puts a filter in front of every system call of this process, on all of its threads, for good."""

import ctypes
import os
from typing import Final

from . import kernel

SET_MODE_FILTER: Final = 1
GET_ACTION_AVAIL: Final = 2
THREAD_SYNC: Final = 1


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def available(machine: str, action: int) -> bool:
    """Ask whether filters can end in this action here."""
    try:
        kernel.call(
            kernel.SECCOMP[machine],
            ctypes.c_uint(GET_ACTION_AVAIL),
            ctypes.c_uint(0),
            ctypes.byref(ctypes.c_uint32(action)),
        )
    except OSError:
        return False
    return True


def install(machine: str, code: bytes) -> None:
    """Put the filter before every call of this process; needs ``no_new_privs``. Raises OSError."""
    filter = _Program(len(code) // 8, code)
    thread = kernel.call(
        kernel.SECCOMP[machine], ctypes.c_uint(SET_MODE_FILTER), ctypes.c_uint(THREAD_SYNC), ctypes.byref(filter)
    )
    if thread:
        raise OSError(0, f"thread {thread} of process {os.getpid()} has a filter of its own")
