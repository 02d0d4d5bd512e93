"""States that are captured while a core runs."""

import itertools
import threading
from pathlib import Path

import pytest

from tests.cores.build import build
from tests.cores.own_process import in_own_process
from worker.libretro import Core
from worker.room.game import snapshots as module
from worker.room.game.battery import Battery
from worker.room.game.playback import PlaybackSetting
from worker.room.game.snapshot_format import unpack_snapshot
from worker.room.game.snapshots import BUFFERS, REWIND_STEP_SECONDS, SNAPSHOT_SECONDS, Position, Snapshots


class CapturedGame:
    """A core that runs by hand, and the snapshots and battery memories that are published of it."""

    def __init__(self, folder: Path, name: str = "echo") -> None:
        game = folder / "Game.test"
        game.write_bytes(b"game")
        self.core = Core(build(name, folder), system_directory=folder, save_directory=folder)
        self.core.load_game(game)
        self.published: list[tuple[bytes, int]] = []
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
        self.published.append((data, frame))

    @property
    def position(self) -> Position:
        return Position(self.frame, self.frame, PlaybackSetting(speed=2))

    def run(self, seconds: float, start: float = 0.0) -> None:
        """Run at 60 frames a second, on a clock of our own."""
        for step in range(round(seconds * 60)):
            self.core.run()
            self.frame += 1
            now = start + step / 60
            if now >= self.snapshots.due:
                self.snapshots.capture(self.core, self.position, now)
                self.snapshots.flush()


@in_own_process
def test_snapshots_come_every_few_seconds_and_hold_all(tmp_path: Path) -> None:
    game = CapturedGame(tmp_path)
    game.core.load_save_ram(b"\x07" + bytes(63))
    game.run(2 * SNAPSHOT_SECONDS + 0.5)
    assert [frame for _, frame in game.published] == [1, 181, 361]
    header, content = unpack_snapshot(game.published[-1][0])
    assert (header.core, header.core_version) == ("Echo", "1.0")
    assert (content.frame, content.battery, content.setting) == (361, b"\x07" + bytes(63), PlaybackSetting(speed=2))
    assert int.from_bytes(bytes(content.state[:4]), "little") == 361
    assert game.batteries == [b"\x07" + bytes(63)], "stored once, for it did not change"
    game.snapshots.stop()


@in_own_process
def test_there_is_a_state_to_rewind_to_for_each_quarter_of_a_second(tmp_path: Path) -> None:
    game = CapturedGame(tmp_path)
    game.run(2.0)
    frames = []
    for _ in range(8):
        captured = game.snapshots.step_back()
        assert captured is not None
        state, frame = captured
        assert int.from_bytes(state[:4].tobytes(), "little") == frame
        frames.append(frame)
    step = round(60 * REWIND_STEP_SECONDS)
    assert all(step <= late - early <= step + 1 for late, early in itertools.pairwise(frames))
    game.snapshots.stop()


@in_own_process
def test_a_large_state_has_snapshots_as_often(tmp_path: Path) -> None:
    module.REWIND_BYTES_PER_SECOND = 1  # type: ignore[misc]  # this process's own
    game = CapturedGame(tmp_path)
    game.run(2 * SNAPSHOT_SECONDS + 0.5)
    assert [frame for _, frame in game.published] == [1, 181, 361]
    game.snapshots.stop()


@in_own_process
def test_nothing_is_sent_twice(tmp_path: Path) -> None:
    game = CapturedGame(tmp_path)
    game.run(0.1)
    for now in (10.0, 20.0):
        game.snapshots.capture(game.core, game.position, now, publish=True)
        game.snapshots.flush()
    assert [frame for _, frame in game.published] == [1, 6]
    game.snapshots.stop()


@in_own_process
def test_a_thread_that_is_behind_holds_no_frame_up(tmp_path: Path) -> None:
    game = CapturedGame(tmp_path)
    game.gate.clear()
    for frame in range(1, 10):
        game.core.run()
        game.frame = frame
        game.snapshots.capture(game.core, game.position, 10.0 * frame)
    game.gate.set()
    game.snapshots.flush()
    assert len(game.published) == BUFFERS
    game.snapshots.stop()


@in_own_process
def test_a_core_whose_states_begin_late_and_grow(tmp_path: Path) -> None:
    game = CapturedGame(tmp_path, "states")
    game.run(SNAPSHOT_SECONDS + 0.5)
    sizes = [len(unpack_snapshot(data)[1].state) for data, _ in game.published]
    assert sizes == [16 * frame for _, frame in game.published]
    assert len(sizes) == 2
    game.snapshots.stop()


@pytest.mark.parametrize("name", ["echo", "changes"])
@in_own_process
def test_the_last_state_has_what_there_is(tmp_path: Path, name: str) -> None:
    game = CapturedGame(tmp_path, name)
    game.run(0.1)
    content = unpack_snapshot(game.snapshots.final(game.core, game.position))[1]
    assert content.frame == 6
    assert bool(content.state) == (name == "echo"), "one of these cores has no states"
    game.snapshots.stop()
