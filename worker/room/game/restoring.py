"""Restores states: without losing the game in progress, and after the start of a process.

Whether it worked is known from the core alone, and a core that a state has broken says yes as well.
"""

import contextlib
import logging

from worker.formats.savestate import StateHeader
from worker.libretro import Core, CoreError, SerializationQuirk
from worker.room.game.snapshot_format import SnapshotContent, SnapshotError, unpack_snapshot

logger = logging.getLogger(__name__)


def set_state(core: Core, state: bytes | memoryview) -> None:
    """Go on from a state. Raises CoreError if the core refuses it or ignores it; the game is then as it was."""
    before = core.serialize() if core.savestates else None
    try:
        core.unserialize(bytes(state))
        if before is not None and before != bytes(state) and core.serialize() == before:
            # Some cores say yes to another game's state and do nothing (mGBA 0.7.0). The reverse proves nothing: in
            # several cores two states of the same moment differ.
            raise CoreError(
                "the core took nothing from this saved state: it is from another core, version or game, or from this"
                " very moment"
            )
    except CoreError:
        if before is not None:
            # A core may have read half of the state before it found that it can't use it.
            with contextlib.suppress(CoreError):
                core.unserialize(before)
        raise


def set_battery(core: Core, memory: bytes) -> None:
    """Put the battery memory in and press reset, for games read it when they start.

    Raises CoreError if the game has none.
    """
    if core.save_ram() is None:
        raise CoreError("this game has no battery memory")
    core.load_save_ram(memory)
    core.reset()


def restore_snapshot(core: Core, snapshot: bytes) -> SnapshotContent:
    """Go on from a snapshot in a core that has just loaded its game.

    Raises CoreError if the snapshot is damaged or the core refuses it; the game is then at its beginning.
    """
    try:
        header, content = unpack_snapshot(snapshot)
    except SnapshotError as error:
        raise CoreError(f"its last snapshot is damaged: {error}") from error
    if content.battery is not None:
        core.load_save_ram(content.battery)
    if not content.state:
        raise CoreError("its core can't save its state")
    try:
        _set_first_state(core, content.state)
    except CoreError as error:
        raise CoreError(f"its core doesn't take its last snapshot{_other_core(core, header)}") from error
    if content.battery is not None:
        core.load_save_ram(content.battery)  # a state may hold an older one
    return content


def _set_first_state(core: Core, state: bytes | memoryview) -> None:
    """Set the state of a game that has not run: some cores take none, or not all of it, before their first frame."""
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


def _other_core(core: Core, header: StateHeader) -> str:
    """Say from which core the state is, unless it is from this one."""
    if (header.core, header.core_version) == (core.info.name, core.info.version):
        return ""
    return f", which is from {header.core} {header.core_version}"
