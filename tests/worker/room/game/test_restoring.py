"""States that cores take, refuse, or take late."""

import struct
from pathlib import Path

import pytest

from tests.cores.build import build
from tests.cores.own_process import in_own_process
from worker.libretro import Core, CoreError
from worker.room.game.playback import PlaybackSetting
from worker.room.game.restoring import restore_snapshot, set_battery, set_state
from worker.room.game.snapshot_format import SnapshotContent, pack_snapshot

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
    content = SnapshotContent(frame=77, state=state, battery=battery, setting=PlaybackSetting(speed=2))
    return pack_snapshot(content, "Other", "3")


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
def test_a_snapshot_is_restored_also_by_cores_that_must_run_first(tmp_path: Path, define: str) -> None:
    core = opened(tmp_path, define=define)
    content = restore_snapshot(core, snapshot(state(1234)))
    assert frames(core) == 1234
    assert (content.frame, content.setting.speed) == (77, 2)


@in_own_process
def test_a_state_that_the_core_ignores_is_no_loaded_state(tmp_path: Path) -> None:
    core = opened(tmp_path, define="DEAF")
    core.run()
    with pytest.raises(CoreError, match="nothing"):
        set_state(core, state(9))
    with pytest.raises(CoreError, match="snapshot"):
        restore_snapshot(core, snapshot(state(9)))
    assert frames(core) == 2  # the second one was tried again after a frame


@in_own_process
def test_the_state_that_a_game_is_in_is_taken(tmp_path: Path) -> None:
    core = opened(tmp_path)
    core.run()
    set_state(core, core.serialize())
    assert frames(core) == 1


@pytest.mark.parametrize("define", ["", "LATE=1", "LATE=2"])
@in_own_process
def test_a_snapshot_that_is_refused_leaves_the_game_at_its_beginning(tmp_path: Path, define: str) -> None:
    core = opened(tmp_path, define=define)
    with pytest.raises(CoreError, match=r"^its core doesn't take its last snapshot, which is from Other 3$"):
        restore_snapshot(core, snapshot(state(1234, mark=0)))
    core.run()
    assert frames(core) <= 2


@in_own_process
def test_a_snapshot_that_is_damaged_or_empty(tmp_path: Path) -> None:
    core = opened(tmp_path, "echo")
    with pytest.raises(CoreError, match=r"^its last snapshot is damaged"):
        restore_snapshot(core, snapshot(state(1))[:-1])
    with pytest.raises(CoreError, match=r"^its core can't save its state$"):
        restore_snapshot(core, snapshot(b"", battery=b"\x05" + bytes(63)))
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
