"""How a room ended, as a code for programs and a sentence for its players."""

import re
import signal
from dataclasses import dataclass

from worker.messages.control import Closed
from worker.store.errors import StoreError

_CODE = re.compile(r"[a-z][a-z0-9_]{0,47}")
_MAX_MESSAGE = 2048
"""Of a ``coordinator.messages.Sentence``."""

_CRASHES = {
    signal.SIGSEGV: "segmentation fault",
    signal.SIGBUS: "bus error",
    signal.SIGILL: "illegal instruction",
    signal.SIGFPE: "arithmetic error",
    signal.SIGABRT: "it aborted",
    signal.SIGTRAP: "trap",
}
"""What broken native code dies of."""

_AGAIN = "Start the game again; if that doesn't help, tell whoever runs this arcade."


@dataclass(frozen=True)
class Ending:
    """Why a room is gone."""

    code: str
    message: str


CLOSED = Ending("closed", "The room was closed.")
SUPERSEDED = Ending("superseded", "The room goes on as another copy of it.")
WORKER_STOPPED = Ending("worker_stopped", "The worker is being stopped, so its rooms were closed.")
HUNG = Ending("core_hung", f"The game's core stopped responding. {_AGAIN}")
GARBLED = Ending("room_failed", f"The game's core damaged its room, which had to be ended. {_AGAIN}")
MOVED = Ending("moved", "The room goes on at another worker.")
NOT_FROZEN = Ending("store_failed", "The room can't be moved now, because the store doesn't take its last snapshot.")
NOT_STARTED = Ending(
    "no_process", "The worker can't start a room at the moment. Try again later; its log says what is wrong."
)


OVER = ("closed", "game_over")
"""Codes after which nobody will go on with the game, so that its snapshots can go too. Others are left to expire."""


def unreadable(error: StoreError) -> Ending:
    """Make the ending of a room that was to go on from a snapshot which can't be read.

    A new game in its place would hide that the old one is still there.
    """
    return Ending(error.code, f"The game can't go on now: {error}. Try again in a moment.")


def from_room(closed: Closed) -> Ending:
    """Make a room's own ending fit to be passed on: a crashing core may have written over it."""
    code = closed.code if _CODE.fullmatch(closed.code) else "room_failed"
    return Ending(code, closed.message[:_MAX_MESSAGE] or "The room ended.")


def from_exit_code(exit_code: int) -> Ending:
    """Explain an exit code, if nothing better is known; minus the signal's number, as ``subprocess`` has it."""
    if exit_code == -signal.SIGKILL:
        return Ending(
            "room_killed", "The room's process was killed, perhaps because memory ran out. Start the game again."
        )
    if -exit_code in _CRASHES:
        return Ending("core_crashed", f"The game's core crashed ({_CRASHES[signal.Signals(-exit_code)]}). {_AGAIN}")
    how = f"exit code {exit_code}" if exit_code >= 0 else f"signal {-exit_code}"
    return Ending("room_failed", f"The room ended unexpectedly ({how}). {_AGAIN}")
