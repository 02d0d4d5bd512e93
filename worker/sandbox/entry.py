"""Enters the sandbox: afterwards there is no way back, and a core may be loaded.

What it takes away: every file but the interpreter's, the core's, the game's and its saves (Landlock); sockets but those
that are open, programs, other processes, and whatever else the kernel offers (seccomp); capabilities, and memory or
files without end. What it can't: a datagram may still go to any address from a socket that is open; that is for the
network around the worker to forbid. The existence and size of a file can be asked for without opening it.

Both need a recent Linux. Where one is missing, ``Mode.AUTO`` does without it, and ``Mode.REQUIRE`` refuses.
"""

import contextlib
import os
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from worker.runtime.errors import StartupError

from . import bpf, kernel, landlock, limits, rules, seccomp
from .landlock import Grant

CAP_DAC_OVERRIDE: Final = 1 << 1
"""All that root keeps: to read games that belong to somebody else. Which files at all, Landlock says."""

IO_URING_SETUP: Final = 425


class Mode(StrEnum):
    """What the worker's owner wants."""

    AUTO = "auto"
    """As much of the sandbox as this machine has."""
    REQUIRE = "require"
    """No game without all of it."""
    OFF = "off"


class SandboxRefusedError(StartupError):
    """``Mode.REQUIRE`` on a machine that hasn't all of the sandbox. Its text says what is missing."""

    code = "sandbox_missing"


def missing() -> list[str]:
    """List what this machine lacks of the sandbox, a few words for each part."""
    machine = kernel.machine()
    if machine is None:
        return ["this is not Linux on x86-64 or aarch64, so it has neither Landlock nor a seccomp filter for it"]
    lacks = []
    if (version := landlock.abi()) < landlock.LEAST_ABI:
        has = f"version {version}" if version else "none"
        lacks.append(f"the kernel has {has} of Landlock (Linux 6.2 has version {landlock.LEAST_ABI}, if switched on)")
    if not seccomp.available(machine, bpf.KILL):
        lacks.append("the kernel, or the container around it, has no seccomp filters")
    return lacks


def prepare() -> None:
    """Forbid io_uring, before the event loop is made: libuv uses one where there is one, and can't go back.

    A ring would carry out what the filter refuses. If the kernel refuses this, it will refuse the filter too.
    """
    machine = kernel.machine()
    if machine is not None:
        with contextlib.suppress(OSError):
            kernel.forbid_new_privileges()
            seccomp.install(machine, bpf.assemble(bpf.hiding((IO_URING_SETUP,))))


def enter(mode: Mode, grants: Iterable[Grant]) -> list[str]:
    """Enter the sandbox, on the process's only thread, and return what could not be had, as ``missing`` does.

    Raises SandboxRefusedError if the mode requires all of it.
    """
    if mode is Mode.OFF:
        return []
    lacks = [*missing(), *_other_threads()]
    if lacks and mode is Mode.REQUIRE:
        raise SandboxRefusedError("; ".join(lacks))
    limits.lower()
    machine = kernel.machine()
    if machine is not None:
        try:
            _restrict(machine, grants)
        except OSError as error:
            lacks.append(f"the kernel refuses it: {error.strerror}")
    if lacks and mode is Mode.REQUIRE:
        raise SandboxRefusedError("; ".join(lacks))
    return lacks


def _restrict(machine: str, grants: Iterable[Grant]) -> None:
    kernel.forbid_new_privileges()
    kernel.keep_capabilities(machine, CAP_DAC_OVERRIDE)
    version = landlock.abi()
    if version >= landlock.LEAST_ABI:
        landlock.restrict(version, grants)
    if seccomp.available(machine, bpf.KILL):
        seccomp.install(machine, bpf.assemble(rules.program(machine, os.getpid())))


def _other_threads() -> list[str]:
    """Complain of other threads: Landlock holds for the thread that asks for it, so these would stay outside."""
    try:
        count = len(os.listdir("/proc/self/task"))
    except OSError:
        return []
    return [f"{count - 1} threads were started before it"] if count > 1 else []
