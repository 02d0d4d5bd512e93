"""Savestates and battery saves."""

from pathlib import Path

import numpy as np
import pytest

from tests.cores.build import Builder
from tests.cores.own_process import in_own_process
from tests.worker.libretro.recording import Held, Recording, open_core, run
from worker.libretro.constants import JOYPAD_MASK, Device, SerializationQuirk
from worker.libretro.errors import CoreError

START = 1 << 3


@in_own_process
def test_a_game_goes_on_from_its_state(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("echo"), tmp_path)
    recording = Recording(core)
    core.load_game(game)
    run(core, 10)
    assert core.savestates
    state = core.serialize()
    run(core, 5)
    expected = recording.picture
    core.unserialize(state)
    run(core, 5)
    assert (recording.picture == expected).all()
    assert recording.picture[80, 100] == 15


@in_own_process
def test_a_state_into_a_buffer_that_is_kept(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("echo"), tmp_path)
    core.load_game(game)
    buffer = np.full(core.state_size + 3, 9, np.uint8)
    for _ in range(2):
        core.run()
        assert core.serialize_into(buffer) == core.state_size
        assert buffer[:-3].tobytes() == core.serialize()
        assert list(buffer[-3:]) == [9, 9, 9]
    with pytest.raises(CoreError, match=r"^the core can't save the game's state now$"):
        core.serialize_into(bytearray(core.state_size - 1))


@in_own_process
def test_a_state_that_the_core_refuses(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("echo"), tmp_path)
    core.load_game(game)
    state = core.serialize()
    for broken in (b"", state[:-1], state + b"more"):
        with pytest.raises(CoreError, match=r"^the core doesn't take this saved state; it is from another core"):
            core.unserialize(broken)


@in_own_process
def test_a_core_without_states(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("changes"), tmp_path)
    core.load_game(game)
    assert not core.savestates
    with pytest.raises(CoreError, match=r"^the core can't save the game's state now$"):
        core.serialize()


@in_own_process
def test_states_that_begin_late_and_change_size(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("states"), tmp_path)
    core.load_game(game)
    assert not core.savestates
    sizes = []
    for _ in range(3):
        core.run()
        sizes.append(len(core.serialize()))
    assert sizes == [16, 32, 48]


@in_own_process
def test_a_core_that_reads_more_than_it_is_given(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("states"), tmp_path)
    core.load_game(game)
    core.run()
    state = core.serialize()
    run(core, 59)  # the core now reads 960 bytes, whatever the length
    with pytest.raises(CoreError, match="doesn't take this saved state"):
        core.unserialize(state)


@in_own_process
def test_quirks(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("asks"), tmp_path)
    core.load_game(game)
    assert core.quirks == SerializationQuirk.CORE_VARIABLE_SIZE | SerializationQuirk.FRONT_VARIABLE_SIZE


@in_own_process
def test_a_battery_save_comes_back(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("echo"), tmp_path)
    core.inputs = Held({(0, Device.JOYPAD, 0, JOYPAD_MASK): START})
    core.load_game(game)
    core.load_save_ram(b"\x05" + bytes(63))
    run(core, 2)
    assert core.save_ram() == b"\x07" + bytes(63)


@pytest.mark.parametrize("size", [1, 100])
@in_own_process
def test_a_battery_save_of_another_size(build: Builder, tmp_path: Path, game: Path, size: int) -> None:
    core = open_core(build("echo"), tmp_path)
    core.load_game(game)
    core.load_save_ram(b"\x09" * size)
    assert core.save_ram() == (b"\x09" * size + bytes(64))[:64]


@in_own_process
def test_a_game_without_a_battery(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("changes"), tmp_path)
    core.load_game(game)
    assert core.save_ram() is None
    core.load_save_ram(b"ignored")
    assert core.save_ram() is None
