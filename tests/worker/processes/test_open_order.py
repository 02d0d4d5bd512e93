"""What a process is told to open."""

import logging
from pathlib import Path

import msgspec
import pytest

from tests.worker.stand_ins.rooms import make_config, make_entry, order_for
from worker.processes.open_order import open_order, owner
from worker.store.keeper import Beginning


def test_it_is_told_what_the_order_the_library_and_the_store_say(tmp_path: Path) -> None:
    config = make_config(tmp_path, max_kbps=500)
    order = msgspec.structs.replace(order_for("r1"), profile="a" * 64, scale=2, codec="VP8")
    told = open_order(config, order, make_entry(), Beginning(b"snapshot", b"battery"))
    assert (told.room, told.core, told.game, told.options) == (
        "r1",
        "scripted_libretro.so",
        "game.bin",
        {"behaviour": "obedient"},
    )
    assert (told.profile, told.scale, told.codec, told.max_kbps) == ("a" * 64, 2, "VP8", 500)
    assert (told.snapshot, told.battery, told.sandbox) == (b"snapshot", b"battery", config.sandbox)
    assert Path(told.save_directory).is_dir()
    assert Path(told.system_directory).is_dir()


def test_the_store_is_told_whose_game_it_is(tmp_path: Path) -> None:
    order = msgspec.structs.replace(order_for("r1"), profile="a" * 64, epoch=3)
    found = owner(make_config(tmp_path), order, make_entry())
    assert (found.room, found.game, found.profile, found.epoch) == ("r1", "id-obedient", "a" * 64, 3)
    assert found.legacy_battery == tmp_path / "saves" / "id-obedient" / "game.srm"


def test_a_folder_that_can_not_be_made_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    (tmp_path / "saves").write_text("a file in the way")
    open_order(make_config(tmp_path), order_for("r1"), make_entry(), Beginning(None, None))
    assert "can't be made" in caplog.text
