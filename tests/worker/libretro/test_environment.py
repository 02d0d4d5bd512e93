"""A core's questions and changes, before and while its game runs."""

from pathlib import Path

import pytest

from tests.cores.build import Builder
from tests.cores.own_process import in_own_process
from tests.worker.libretro.recording import Recording, notes, open_core, run
from worker.libretro.av import AvInfo
from worker.libretro.constants import AvEnable, SavestateContext
from worker.libretro.errors import CoreError


@in_own_process
def test_answers(build: Builder, tmp_path: Path, game: Path) -> None:
    path = build("asks")
    core = open_core(path, tmp_path)
    core.load_game(game)
    assert notes(core) == {
        "can_dupe": "1,1",
        "overscan": "1,0",
        "fast_forwarding": "1,0",
        "language": "1,0",
        "max_users": "1,4",
        "message_version": "1,1",
        "options_version": "1,2",
        "disk_version": "1,1",
        "sample_rate": "1,48000",
        "system": f"1,{tmp_path}/system",
        "save": f"1,{tmp_path}/saves",
        "core": f"1,{path}",
        "username": "1,player",
        "capabilities": f"1,{1 << 1 | 1 << 2 | 1 << 3 | 1 << 5}",
        "quirks": "1,12",  # a variable size, and that we can take it
        "vfs": "0",
        "memory_maps": "1",
        "null": "0,0,1,0",
        "unheard_of": "0",
    }


@in_own_process
def test_answers_in_each_frame(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("asks"), tmp_path)
    core.load_game(game)
    core.run()
    first = notes(core)
    assert first["av_enable"] == "1,3"
    assert first["savestate_context"] == "1,0"
    assert first["throttle"] == "1,0,60"
    core.av_enable = AvEnable.AUDIO | AvEnable.FAST_SAVESTATES
    core.savestate_context = SavestateContext.RUNAHEAD_SAME_INSTANCE
    core.fast_forward = True
    core.run()
    second = notes(core)
    assert second["av_enable"] == "1,6"
    assert second["savestate_context"] == "1,1"
    assert second["throttle"] == "1,2,60"


@in_own_process
def test_sizes_and_rates_change_in_mid_game(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("changes"), tmp_path)
    recording = Recording(core)
    assert core.load_game(game) == AvInfo(64, 48, 128, 96, 1.5, 50, 32000)
    run(core, 3)
    smaller, other = recording.av_infos
    assert smaller == AvInfo(32, 24, 128, 96, pytest.approx(32 / 24), 50, 32000)
    assert other == core.av_info == AvInfo(128, 96, 128, 96, 2, 60, 44100)


@in_own_process
def test_rotation(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("changes"), tmp_path)
    core.load_game(game)
    assert core.rotation == 0
    run(core, 4)
    told: list[int] = []
    core.on_av_info = lambda _: told.append(core.rotation)
    run(core, 1)
    assert core.rotation == 1
    assert told == [1]


@in_own_process
def test_messages_and_shutdown(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("changes"), tmp_path)
    recording = Recording(core)
    core.load_game(game)
    run(core, 8)
    assert recording.messages == [("plain message", pytest.approx(100 / 60)), ("extended message", 2.5)]
    assert recording.shutdowns == 0
    core.run()
    assert recording.shutdowns == 1


@in_own_process
def test_impossible_sizes_and_rates_are_reported_and_change_nothing(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("changes"), tmp_path)
    core.load_game(game)
    run(core, 9)
    before = core.av_info
    with pytest.raises(CoreError, match=r"draws nan frames a second; it can't be paced"):
        core.run()
    with pytest.raises(CoreError, match=r"has a side of 0 pixels"):
        core.run()
    assert core.av_info == before
