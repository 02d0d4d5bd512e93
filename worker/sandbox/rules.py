"""Which system calls a room may make: the list, and what the arguments of some of them may be."""

import socket
from typing import Final

from . import bpf
from .bpf import Argument, Instruction
from .syscalls import AARCH64, ALWAYS_REFUSED, NEWEST, X86_64, numbers

ARCHITECTURES: Final = {X86_64: 0xC000_003E, AARCH64: 0xC000_00B7}
"""AUDIT_ARCH of the machines that ``platform.machine`` names so."""

CLONE_THREAD: Final = 0x0001_0000
CLONE_NEW: Final = 0x7E02_0000
"""New namespaces of any kind."""

PRCTL: Final = (15, 16, 0x5356_4D41)
"""A thread's name, set and get, and the name of a piece of memory."""
IOCTLS: Final = (0x5401, 0x541B, 0x5421, 0x5450, 0x5451)
"""TCGETS (is it a terminal?), FIONREAD, FIONBIO, FIONCLEX, FIOCLEX."""
FCNTLS: Final = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1033, 1034)
"""Copies, flags, locks and seals. Not who gets a descriptor's signals, which would be a way to signal others."""


def by_argument(pid: int) -> dict[str, Argument]:
    """List the calls that are allowed with some arguments, in a process with this number."""
    return {
        "clone": Argument(0, set=CLONE_THREAD, clear=CLONE_NEW),
        "fcntl": Argument(1, values=FCNTLS),
        "ioctl": Argument(1, values=IOCTLS),
        "kill": Argument(0, values=(pid,)),
        "prctl": Argument(0, values=PRCTL),
        "prlimit64": Argument(0, values=(0, pid)),
        "setsockopt": Argument(1, values=(socket.SOL_SOCKET,)),
        "tgkill": Argument(0, values=(pid,)),
    }


def program(machine: str, pid: int) -> list[Instruction]:
    """Write the filter for this machine, a key of ``ARCHITECTURES``, and for the process with this number."""
    allowed = numbers(machine)
    return bpf.program(
        ARCHITECTURES[machine],
        allowed.values(),
        {allowed[name]: argument for name, argument in by_argument(pid).items()},
        [number for number, _ in ALWAYS_REFUSED.values()],
        NEWEST,
    )
