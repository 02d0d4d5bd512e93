"""States that are kept while a core runs."""

import itertools
import threading
from pathlib import Path

import pytest

from tests.cores.build import build
from tests.cores.own_process import in_own_process
from worker.libretro import Core
from worker.room.game import snapshots as module
from worker.room.game.battery import Battery
from worker.room.game.playback import Setting
from worker.room.game.snapshot_format import unseal
from worker.room.game.snapshots import BUFFERS, REWIND_STEP_SECONDS, SNAPSHOT_SECONDS, Present, Snapshots


class Stage:
    """A core that runs by hand, and what its snapshots give."""

    def __init__(self, folder: Path, name: str = "echo") -> None:
        game = folder / "Game.test"
        game.write_bytes(b"game")
        self.core = Core(build(name, folder), system_directory=folder, save_directory=folder)
        self.core.load_game(game)
        self.snapshots_: list[tuple[bytes, int]] = []
        self.batteries: list[bytes] = []
        self.gate = threading.Event()
        self.gate.set()
        self.frame = 0
        self.snapshots = Snapshots(
            self.core,
            Battery(None),
            fps=60,
            on_snapshot=self._snapshot,
            on_battery=self.batteries.append,
        )

    def _snapshot(self, data: bytes, frame: int) -> None:
        self.gate.wait()
        self.snapshots_.append((data, frame))

    @property
    def present(self) -> Present:
        return Present(self.frame, self.frame, Setting(speed=2))

    def run(self, seconds: float, start: float = 0.0) -> None:
        """Run at 60 frames a second, on a clock of our own."""
        for step in range(round(seconds * 60)):
            self.core.run()
            self.frame += 1
            now = start + step / 60
            if now >= self.snapshots.due:
                self.snapshots.capture(self.core, self.present, now)
                self.snapshots.flush()


@in_own_process
def test_snapshots_come_every_few_seconds_and_hold_all(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.core.load_save_ram(b"\x07" + bytes(63))
    stage.run(2 * SNAPSHOT_SECONDS + 0.5)
    assert [frame for _, frame in stage.snapshots_] == [1, 181, 361]
    header, moment = unseal(stage.snapshots_[-1][0])
    assert (header.core, header.core_version) == ("Echo", "1.0")
    assert (moment.frame, moment.battery, moment.setting) == (361, b"\x07" + bytes(63), Setting(speed=2))
    assert int.from_bytes(bytes(moment.state[:4]), "little") == 361
    assert stage.batteries == [b"\x07" + bytes(63)], "stored once, for it did not change"
    stage.snapshots.stop()


@in_own_process
def test_the_way_back_has_a_state_for_each_quarter_of_a_second(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.run(2.0)
    frames = []
    for _ in range(8):
        kept = stage.snapshots.step_back()
        assert kept is not None
        assert int.from_bytes(kept[0][:4].tobytes(), "little") == kept[1]
        frames.append(kept[1])
    step = round(60 * REWIND_STEP_SECONDS)
    assert all(step <= late - early <= step + 1 for late, early in itertools.pairwise(frames))
    stage.snapshots.stop()


@in_own_process
def test_a_large_state_has_snapshots_as_often(tmp_path: Path) -> None:
    module.REWIND_BYTES_PER_SECOND = 1  # type: ignore[misc]  # this process's own
    stage = Stage(tmp_path)
    stage.run(2 * SNAPSHOT_SECONDS + 0.5)
    assert [frame for _, frame in stage.snapshots_] == [1, 181, 361]
    stage.snapshots.stop()


@in_own_process
def test_nothing_is_sent_twice(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.run(0.1)
    for now in (10.0, 20.0):
        stage.snapshots.capture(stage.core, stage.present, now, publish=True)
        stage.snapshots.flush()
    assert [frame for _, frame in stage.snapshots_] == [1, 6]
    stage.snapshots.stop()


@in_own_process
def test_a_thread_that_is_behind_holds_no_frame_up(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.gate.clear()
    for frame in range(1, 10):
        stage.core.run()
        stage.frame = frame
        stage.snapshots.capture(stage.core, stage.present, 10.0 * frame)
    stage.gate.set()
    stage.snapshots.flush()
    assert len(stage.snapshots_) == BUFFERS
    stage.snapshots.stop()


@in_own_process
def test_a_core_whose_states_begin_late_and_grow(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "states")
    stage.run(SNAPSHOT_SECONDS + 0.5)
    sizes = [len(unseal(data)[1].state) for data, _ in stage.snapshots_]
    assert sizes == [16 * frame for _, frame in stage.snapshots_]
    assert len(sizes) == 2
    stage.snapshots.stop()


@pytest.mark.parametrize("name", ["echo", "changes"])
@in_own_process
def test_the_last_state_has_what_there_is(tmp_path: Path, name: str) -> None:
    stage = Stage(tmp_path, name)
    stage.run(0.1)
    moment = unseal(stage.snapshots.last(stage.core, stage.present))[1]
    assert moment.frame == 6
    assert bool(moment.state) == (name == "echo"), "one of these cores has no states"
    stage.snapshots.stop()
