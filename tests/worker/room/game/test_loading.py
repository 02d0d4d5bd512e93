"""From an order to a core that is ready to run."""

from pathlib import Path

import pytest

from tests.cores.own_process import in_own_process
from tests.worker.room.fakes import order
from worker.libretro import CoreError, GameUnreadableError
from worker.room.game.loading import go_on, load_core
from worker.room.game.playback import Setting
from worker.room.game.snapshot_format import Moment, seal
from worker.room.input.ports import InputPorts


def snapshot(state: bytes) -> bytes:
    return seal(Moment(frame=5, state=state, battery=None, setting=Setting()), "Echo", "1.0")


@in_own_process
def test_a_new_game_has_its_battery_memory_and_no_excuse(tmp_path: Path) -> None:
    wanted = order(tmp_path, battery=b"\x03" + bytes(63))
    core = load_core(wanted, InputPorts())
    assert (core.save_ram() or b"")[0] == 3
    assert go_on(core, wanted) == (None, "")


@in_own_process
def test_a_game_goes_on_from_its_snapshot(tmp_path: Path) -> None:
    wanted = order(tmp_path, snapshot=snapshot(b"\x2a" + bytes(7)))
    core = load_core(wanted, InputPorts())
    moment, excuse = go_on(core, wanted)
    assert moment is not None
    assert (moment.frame, excuse) == (5, "")
    assert core.serialize()[0] == 42


@in_own_process
def test_a_snapshot_that_is_refused_is_said_in_words(tmp_path: Path) -> None:
    wanted = order(tmp_path, snapshot=snapshot(b"too short"))
    moment, excuse = go_on(load_core(wanted, InputPorts()), wanted)
    assert moment is None
    assert excuse == (
        "The game could not go on where it was, so it begins anew: its core doesn't take its last snapshot."
    )


@in_own_process
def test_what_cannot_be_loaded_is_an_error_with_its_reason(tmp_path: Path) -> None:
    half = tmp_path / "half.nes"
    half.write_bytes(b"NES\x1a\x02\x01" + bytes(10) + bytes(5000))
    with pytest.raises(GameUnreadableError, match="35,960 bytes are missing"):
        load_core(order(tmp_path, game=str(half)), InputPorts())
    with pytest.raises(CoreError):
        load_core(order(tmp_path, game=None), InputPorts())
