"""The emulator's thread with a real core: loading, pacing, battery memory, and its one last word."""

import threading
from pathlib import Path
from typing import Any

import pytest

from tests.cores.build import build
from tests.cores.own_process import in_own_process
from worker.room.control import Open
from worker.room.emulator import Emulator, EmulatorEvents, Tick
from worker.room.inputs import Devices, Inputs

START = 3


class Recorder(EmulatorEvents):
    """Keeps what the thread reports, and lets a test wait for it."""

    def __init__(self) -> None:
        self.ticks: list[Tick] = []
        self.words: list[tuple[str, str]] = []
        self.pictures: list[Any] = []
        self.over = threading.Event()
        self.enough = threading.Event()
        self.loaded = lambda core: None
        self.av_info = lambda av_info, rotation: self.pictures.append((av_info, rotation))
        self.message = lambda text, seconds: None
        self.rumble = lambda port, strong, weak: None
        self.snapshots: list[tuple[bytes, int]] = []
        self.batteries: list[bytes] = []
        self.snapshot = lambda data, frame: self.snapshots.append((data, frame))
        self.battery = self.batteries.append
        self.tick = self._tick
        self.ended = self._ended

    def _tick(self, tick: Tick) -> None:
        self.ticks.append(tick)
        if len(self.ticks) >= 30:
            self.enough.set()

    def _ended(self, code: str, message: str) -> None:
        self.words.append((code, message))
        self.over.set()


def order(folder: Path, name: str, **more: Any) -> Open:
    game = folder / f"Game.{name}"
    game.write_bytes(b"game" * 16)
    fields: dict[str, Any] = {
        "room": "r1",
        "core": str(build(name, folder)),
        "game": str(game),
        "system_directory": str(folder),
        "save_directory": str(folder / "saves"),
        "offer": "",
    }
    return Open(**{**fields, **more})


def run(order: Open, inputs: Inputs | None = None) -> tuple[Emulator, Recorder]:
    """Run until 30 frames are done or it ends by itself, then stop."""
    recorder = Recorder()
    emulator = Emulator(order, "H264", inputs or Inputs(), recorder)
    emulator.load()
    emulator.watch(True)
    while not (recorder.enough.wait(0.05) or recorder.over.is_set()):
        pass
    emulator.stop()
    assert emulator.join(10)
    return emulator, recorder


@in_own_process
def test_frames_come_with_picture_and_sound_from_one_key_frame(tmp_path: Path) -> None:
    emulator, recorder = run(order(tmp_path, "echo"))
    assert [tick.keyframe for tick in recorder.ticks[:30]] == [True] + [False] * 29
    assert all(tick.video for tick in recorder.ticks)
    steps = {b.timestamp - a.timestamp for a, b in zip(recorder.ticks, recorder.ticks[1:], strict=False)}
    assert min(steps) == 1500, "a frame at 60 Hz is 1500 ticks of the RTP clock"
    sounds = [timestamp for tick in recorder.ticks for timestamp, _ in tick.audio]
    assert sounds == list(range(sounds[0], sounds[0] + 480 * len(sounds), 480))
    assert recorder.words == [("closed", "The room was closed.")]
    assert emulator.counters.frames == len(recorder.ticks)
    assert recorder.pictures[0][0].width == 128


@in_own_process
def test_a_held_button_reaches_the_core_and_its_battery_memory_the_agent(tmp_path: Path) -> None:
    inputs = Inputs()
    Devices(inputs, 0).receive(bytes.fromhex("0101000001000000 0800 000000000000000000000000".replace(" ", "")))
    _, recorder = run(order(tmp_path, "echo"), inputs)
    assert [tick.applied for tick in recorder.ticks if tick.applied] == [[(0, 1)]]
    assert recorder.batteries[-1][0] >= 30


@in_own_process
def test_battery_memory_is_there_again_in_the_next_game(tmp_path: Path) -> None:
    inputs = Inputs()
    Devices(inputs, 0).receive(bytes.fromhex("0101000001000000 0800 000000000000000000000000".replace(" ", "")))
    _, recorder = run(order(tmp_path, "echo", battery=b"\x07" + bytes(63)), inputs)
    assert recorder.batteries[-1][0] >= 37


@in_own_process
def test_options_reach_the_core(tmp_path: Path) -> None:
    _, recorder = run(order(tmp_path, "echo", options={"echo_format": "RGB565", "echo_rows": "wide"}))
    assert all(tick.video for tick in recorder.ticks)


@pytest.mark.parametrize(
    ("change", "code"),
    [({"core": "/none/none_libretro.so"}, "core_missing"), ({"game": "/none/none.echo"}, "game_unreadable")],
)
def test_what_cannot_be_loaded_is_the_last_word(tmp_path: Path, change: dict[str, str], code: str) -> None:
    _, recorder = run(order(tmp_path, "echo", **change))
    assert [word for word, _ in recorder.words] == [code]
    assert recorder.ticks == []


def test_half_a_game_is_refused_before_the_core_sees_it(tmp_path: Path) -> None:
    half = tmp_path / "half.nes"
    half.write_bytes(b"NES\x1a\x02\x01" + bytes(10) + bytes(5000))
    _, recorder = run(order(tmp_path, "echo", game=str(half)))
    ((code, message),) = recorder.words
    assert code == "game_unreadable"
    assert message == "The file half.nes is incomplete, 35,960 bytes are missing: copy it again."
