"""Savestates are all of a game: from one state, the same inputs always end in the same state, here and elsewhere."""

import random
import re
from pathlib import Path

import pytest

from tests.cores.own_process import run_in_own_process
from tests.worker.libretro.recording import Held, open_core, run
from tests.worker.libretro.test_real_cores import AIRSTRIKER, OUR_NES_GAMES, stable_retro
from worker.libretro.constants import JOYPAD_MASK, Device
from worker.libretro.core import Core

FRAMES = 600
GAMES = {"fceumm": OUR_NES_GAMES[0], "genesis_plus_gx": AIRSTRIKER}


def play(core: str, game: Path, folder: Path, state: bytes | None, times: int) -> list[bytes]:
    """Return the state after two seconds from the beginning, or those each time after FRAMES frames from ``state``."""
    machine = open_core(stable_retro() / "cores" / f"{core}_libretro.so", folder)
    machine.inputs = held = Held()
    machine.load_game(game)
    if state is None:
        machine.set_controller(0, Device.JOYPAD)
        run(machine, 120)
        return [machine.serialize()]
    run(machine, 7)
    return [_from(state, machine, held) for _ in range(times)]


def _from(state: bytes, machine: Core, held: Held) -> bytes:
    player = random.Random(7)
    machine.unserialize(state)
    for frame in range(FRAMES):
        if frame % 10 == 0:
            held.states[0, Device.JOYPAD, 0, JOYPAD_MASK] = player.getrandbits(12)
            held.states.update({(0, Device.JOYPAD, 0, id): player.getrandbits(1) for id in range(12)})
        run(machine, 1)
    return machine.serialize()


@pytest.mark.parametrize("core", GAMES)
def test_the_same_inputs_from_a_state_end_in_the_same_state(core: str, tmp_path: Path) -> None:
    game = GAMES[core]
    (state,) = run_in_own_process(play, core, game, tmp_path, None, 1)
    first, second = run_in_own_process(play, core, game, tmp_path, state, 2)
    (elsewhere,) = run_in_own_process(play, core, game, tmp_path, state, 1)
    assert first != state
    assert first == elsewhere
    assert without_noise(first) == without_noise(second)


def without_noise(state: bytes) -> bytes:
    """FCEUmm keeps out of its states at what fraction of a sample its sound is. So after a state is loaded into a game
    that has run, the register of the noise generator, which no game can read, may be steps apart. It is a chunk with a
    name and a length."""
    return re.sub(rb"(NREG\x02\0\0\0)..", rb"\1--", state, flags=re.S)
