"""Going on from a state: without losing the game in progress, and after the start of a process.

What a core says is all there is to know: one that takes a state and is broken by it says yes as well.
"""

import contextlib
import logging

from worker.formats.savestate import StateHeader
from worker.libretro import Core, CoreError, SerializationQuirk
from worker.room.game.snapshot_format import Moment, MomentError, unseal

logger = logging.getLogger(__name__)


def set_state(core: Core, state: bytes | memoryview) -> None:
    """Go on from the state. Raises CoreError if the core refuses it; the game is then as it was."""
    before = core.serialize() if core.savestates else None
    try:
        core.unserialize(bytes(state))
    except CoreError:
        if before is not None:
            # A core may have read half of the state before it found that it can't use it.
            with contextlib.suppress(CoreError):
                core.unserialize(before)
        raise


def set_battery(core: Core, memory: bytes) -> None:
    """Put the battery memory in and press reset, for games read it when they start. Raises CoreError."""
    if core.save_ram() is None:
        raise CoreError("this game has no battery memory")
    core.load_save_ram(memory)
    core.reset()


def take_up(core: Core, snapshot: bytes) -> Moment:
    """Go on from a snapshot in a core that has just loaded its game.

    Raises CoreError if that can't be; the game is then at its beginning.
    """
    try:
        header, moment = unseal(snapshot)
    except MomentError as error:
        raise CoreError(f"its last snapshot is damaged: {error}") from error
    if moment.battery is not None:
        core.load_save_ram(moment.battery)
    if not moment.state:
        raise CoreError("its core can't save its state")
    try:
        _set_first_state(core, moment.state)
    except CoreError as error:
        raise CoreError(f"its core doesn't take its last snapshot{_stranger(core, header)}") from error
    if moment.battery is not None:
        core.load_save_ram(moment.battery)  # a state may hold an older one
    return moment


def _set_first_state(core: Core, state: bytes | memoryview) -> None:
    """Some cores take no state, or not all of it, before they have run a frame."""
    late = not core.savestates or bool(core.quirks & SerializationQuirk.MUST_INITIALIZE)
    if not late:
        try:
            set_state(core, state)
            return
        except CoreError:
            logger.info("= the core takes no state before its first frame; again after it")
    beginning = core.serialize() if core.savestates else None
    core.run()
    try:
        set_state(core, state)
    except CoreError:
        if beginning is not None:
            with contextlib.suppress(CoreError):
                core.unserialize(beginning)
        raise


def _stranger(core: Core, header: StateHeader) -> str:
    """In what the state's core is another than this one."""
    if (header.core, header.core_version) == (core.info.name, core.info.version):
        return ""
    return f", which is from {header.core} {header.core_version}"
