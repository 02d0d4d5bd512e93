"""From an ``Open`` to a core with its game, plugged in and ready to run: new, or where a snapshot left it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from worker.libretro import PORTS, Core, CoreError, GameUnreadableError
from worker.room.game.restoring import take_up
from worker.room.game.rom_size import missing_bytes
from worker.room.input.devices import LIBRETRO_DEVICES, PLUGGED

if TYPE_CHECKING:
    from worker.messages.control import Open
    from worker.room.game.snapshot_format import Moment
    from worker.room.input.ports import InputPorts


def load_core(order: Open, inputs: InputPorts) -> Core:
    """The core with its game, at its beginning. Raises CoreError with the reason why not."""
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
            _check_whole(game)
        core.load_game(game)
        for port in range(PORTS):  # some cores (Nestopia) read no input from a port until something is plugged in
            core.set_controller(port, PLUGGED)
        if order.battery is not None:
            core.load_save_ram(order.battery)
    except BaseException:
        core.close()
        raise
    return core


def go_on(core: Core, order: Open) -> tuple[Moment | None, str]:
    """The moment of the order's snapshot, if the core took it; else a sentence for the players, or none if the game is
    meant to begin."""
    if order.snapshot is None:
        return None, ""
    try:
        return take_up(core, order.snapshot), ""
    except CoreError as error:
        return None, f"The game could not go on where it was, so it begins anew: {error}."


def _check_whole(game: Path) -> None:
    """Raises GameUnreadableError if a part of the file is missing."""
    with contextlib.suppress(OSError):  # the core wrapper says that in its own words
        missing = missing_bytes(game)
        if missing:
            raise GameUnreadableError(
                f"the file {game.name} is incomplete, {missing:,} bytes are missing: copy it again"
            )
