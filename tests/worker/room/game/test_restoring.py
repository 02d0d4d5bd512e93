"""Going on from states that cores take, refuse, or take late."""

import struct
from pathlib import Path

import pytest

from tests.cores.build import build
from tests.cores.own_process import in_own_process
from worker.libretro import Core, CoreError
from worker.room.game.playback import Setting
from worker.room.game.restoring import set_battery, set_state, take_up
from worker.room.game.snapshot_format import Moment, seal

MARK = 0x600D


def opened(folder: Path, name: str = "fragile", define: str = "") -> Core:
    game = folder / "Game.test"
    game.write_bytes(b"game")
    core = Core(build(name, folder, define=define), system_directory=folder, save_directory=folder)
    core.load_game(game)
    return core


def state(frames: int, mark: int = MARK) -> bytes:
    return struct.pack("<II", frames, mark)


def frames(core: Core) -> int:
    return int.from_bytes(core.serialize()[:4], "little")


def snapshot(state: bytes, battery: bytes | None = None) -> bytes:
    moment = Moment(frame=77, state=state, battery=battery, setting=Setting(speed=2))
    return seal(moment, "Other", "3")


@in_own_process
def test_a_state_that_is_refused_half_way_loses_nothing(tmp_path: Path) -> None:
    core = opened(tmp_path)
    for _ in range(5):
        core.run()
    for broken in (state(9, mark=0), b"short", b""):
        with pytest.raises(CoreError):
            set_state(core, broken)
        assert frames(core) == 5
    set_state(core, memoryview(state(9)))
    assert frames(core) == 9


@pytest.mark.parametrize("define", ["", "LATE=1", "LATE=2"])
@in_own_process
def test_a_snapshot_is_taken_up_also_by_cores_that_must_run_first(tmp_path: Path, define: str) -> None:
    core = opened(tmp_path, define=define)
    moment = take_up(core, snapshot(state(1234)))
    assert frames(core) == 1234
    assert (moment.frame, moment.setting.speed) == (77, 2)


@pytest.mark.parametrize("define", ["", "LATE=1", "LATE=2"])
@in_own_process
def test_a_snapshot_that_is_refused_leaves_the_game_at_its_beginning(tmp_path: Path, define: str) -> None:
    core = opened(tmp_path, define=define)
    with pytest.raises(CoreError, match=r"^its core doesn't take its last snapshot, which is from Other 3$"):
        take_up(core, snapshot(state(1234, mark=0)))
    core.run()
    assert frames(core) <= 2


@in_own_process
def test_a_snapshot_that_is_damaged_or_empty(tmp_path: Path) -> None:
    core = opened(tmp_path, "echo")
    with pytest.raises(CoreError, match=r"^its last snapshot is damaged"):
        take_up(core, snapshot(state(1))[:-1])
    with pytest.raises(CoreError, match=r"^its core can't save its state$"):
        take_up(core, snapshot(b"", battery=b"\x05" + bytes(63)))
    assert (core.save_ram() or b"")[0] == 5, "what there is goes on"


@in_own_process
def test_a_battery_memory_is_read_by_a_game_that_begins_again(tmp_path: Path) -> None:
    core = opened(tmp_path, "echo")
    core.run()
    set_battery(core, b"\x09" + bytes(63))
    assert (core.save_ram() or b"")[0] == 9
    assert core.serialize() == bytes(8), "it was reset"


@in_own_process
def test_a_game_without_battery_takes_none(tmp_path: Path) -> None:
    with pytest.raises(CoreError, match="no battery memory"):
        set_battery(opened(tmp_path), b"x")
