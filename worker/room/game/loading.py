"""Loads a core with the game of an ``Open``, its pads plugged in: at its beginning, or where a snapshot left it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from worker.libretro import PORTS, Core, CoreError, GameUnreadableError
from worker.room.game.restoring import restore_snapshot
from worker.room.game.rom_size import missing_bytes
from worker.room.input.devices import LIBRETRO_DEVICES, PLUGGED

if TYPE_CHECKING:
    from worker.messages.control import Open
    from worker.room.game.snapshot_format import SnapshotContent
    from worker.room.input.ports import InputPorts


def load_core(order: Open, inputs: InputPorts) -> Core:
    """Load the core with its game, at its beginning. Raises CoreError with the reason if that fails."""
    saves = Path(order.save_directory)
    core = Core(
        Path(order.core),
        system_directory=Path(order.system_directory),
        save_directory=saves,
        options=order.options,
        devices=LIBRETRO_DEVICES,
    )
    try:
        core.inputs = inputs
        game = Path(order.game) if order.game is not None else None
        if game is not None:
            _check_size(game)
        core.load_game(game)
        for port in range(PORTS):  # some cores (Nestopia) read no input from a port until something is plugged in
            core.set_controller(port, PLUGGED)
        if order.battery is not None:
            core.load_save_ram(order.battery)
    except BaseException:
        core.close()
        raise
    return core


def resume(core: Core, order: Open) -> tuple[SnapshotContent | None, str]:
    """Go on from the order's snapshot, if it has one, and return what that holds.

    If the core refuses it, the game stays at its beginning, and a sentence for the players says so.
    """
    if order.snapshot is None:
        return None, ""
    try:
        return restore_snapshot(core, order.snapshot), ""
    except CoreError as error:
        return None, f"The game could not go on where it was, so it begins anew: {error}."


def _check_size(game: Path) -> None:
    """Raise GameUnreadableError if a part of the file is missing."""
    with contextlib.suppress(OSError):  # loading it fails too, in words of its own
        missing = missing_bytes(game)
        if missing:
            raise GameUnreadableError(
                f"the file {game.name} is incomplete, {missing:,} bytes are missing: copy it again"
            )
