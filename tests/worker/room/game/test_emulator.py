"""The emulator's thread with a real core: loading, pacing, battery memory, and its one last word."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cores.build import build
from tests.cores.own_process import in_own_process
from worker.libretro import CoreError
from worker.messages.control import Open
from worker.room.game.emulator import Emulator, EmulatorEvents, Tick
from worker.room.game.playback import Setting
from worker.room.game.snapshot_format import Moment, seal, unseal
from worker.room.input.ports import InputPorts
from worker.room.input.viewer_input import ViewerInput

START = 3


class Recorder(EmulatorEvents):
    """Keeps what the thread reports, and lets a test wait for it."""

    def __init__(self) -> None:
        self.ticks: list[Tick] = []
        self.words: list[tuple[str, str]] = []
        self.pictures: list[Any] = []
        self.over = threading.Event()
        self.enough = threading.Event()
        self.loaded = lambda core, words: None
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


def run(order: Open, inputs: InputPorts | None = None) -> tuple[Emulator, Recorder]:
    """Run until 30 frames are done or it ends by itself, then stop."""
    recorder = Recorder()
    emulator = Emulator(order, "H264", inputs or InputPorts(), recorder)
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
    inputs = InputPorts()
    ViewerInput(inputs, 0).receive(bytes.fromhex("0101000001000000 0800 000000000000000000000000".replace(" ", "")))
    _, recorder = run(order(tmp_path, "echo"), inputs)
    assert [tick.applied for tick in recorder.ticks if tick.applied] == [[(0, 1)]]
    assert recorder.batteries[-1][0] >= 30


@in_own_process
def test_battery_memory_is_there_again_in_the_next_game(tmp_path: Path) -> None:
    inputs = InputPorts()
    ViewerInput(inputs, 0).receive(bytes.fromhex("0101000001000000 0800 000000000000000000000000".replace(" ", "")))
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
    assert message == (
        "The file half.nes is incomplete, 35,960 bytes are missing: copy it again."
        " Choose another game, or tell whoever runs this arcade."
    )


class Playing:
    """A game on its thread, and waiting for what it gives."""

    def __init__(self, order: Open) -> None:
        self.recorder = Recorder()
        self.emulator = Emulator(order, "H264", InputPorts(), self.recorder)
        self.emulator.load()
        self.emulator.watch(True)
        self.until(lambda: self.emulator.counters.frames)

    def until(self, condition: Callable[[], object]) -> None:
        while not condition():
            assert not self.recorder.over.wait(0.005), self.recorder.words

    def state(self) -> bytes:
        return self.emulator.ask(lambda core: core.serialize()).result(20)

    def pause(self, paused: bool) -> None:
        self.emulator.playback.pause(paused, "Player 1")
        self.emulator.wake()
        if paused:
            self.until(lambda: self.emulator._game is not None and self.emulator._game.resting)

    def end(self) -> None:
        self.emulator.stop()
        assert self.emulator.join(20)


@in_own_process
def test_a_pause_keeps_a_snapshot_and_shows_newcomers_the_picture(tmp_path: Path) -> None:
    playing = Playing(order(tmp_path, "echo"))
    recorder, emulator = playing.recorder, playing.emulator
    playing.pause(True)
    state = playing.state()
    playing.until(lambda: recorder.snapshots and recorder.snapshots[-1][1] == int.from_bytes(state[:4], "little"))
    assert bytes(unseal(recorder.snapshots[-1][0])[1].state) == state
    ticks = len(recorder.ticks)
    emulator.request_keyframe(urgent=True)
    playing.until(lambda: any(tick.keyframe for tick in recorder.ticks[ticks:]))
    assert playing.state() == state, "no frame was run for it"
    playing.pause(False)
    playing.until(lambda: playing.state() != state)
    timestamps = [tick.timestamp for tick in recorder.ticks]
    assert timestamps == sorted(set(timestamps))
    playing.end()


@in_own_process
def test_a_game_rests_while_nobody_is_there(tmp_path: Path) -> None:
    playing = Playing(order(tmp_path, "echo"))
    playing.emulator.watch(False)
    playing.until(lambda: playing.emulator._game is not None and playing.emulator._game.resting)
    state = playing.state()
    frames = len(playing.recorder.ticks)
    playing.emulator.request_keyframe(urgent=True)
    assert playing.state() == state
    assert len(playing.recorder.ticks) == frames
    playing.emulator.watch(True)
    playing.until(lambda: playing.state() != state)
    playing.end()


@in_own_process
def test_a_load_in_a_pause_is_seen(tmp_path: Path) -> None:
    playing = Playing(order(tmp_path, "echo"))
    playing.pause(True)
    frames = playing.emulator.counters.frames
    playing.emulator.ask(lambda core: core.unserialize(b"\x64" + bytes(7)), changes=True).result(20)
    playing.until(lambda: playing.emulator.counters.frames == frames + 1)
    playing.until(lambda: playing.emulator._game is not None and playing.emulator._game.resting)
    assert int.from_bytes(playing.state()[:4], "little") == 101
    playing.end()


@in_own_process
def test_a_frozen_game_gives_its_last_snapshot_and_goes_on_if_it_is_thawed(tmp_path: Path) -> None:
    playing = Playing(order(tmp_path, "echo"))
    data, frame = playing.emulator.freeze().result(20)
    state = playing.state()
    assert bytes(unseal(data)[1].state) == state
    assert unseal(data)[1].frame == frame
    snapshots = len(playing.recorder.snapshots)
    playing.emulator.thaw()
    playing.until(lambda: playing.state() != state)
    playing.emulator.freeze().result(20)
    playing.end()
    assert len(playing.recorder.snapshots) <= snapshots + 1, "what went with the room is not handed on again"


@in_own_process
def test_a_game_that_is_thawed_before_it_came_to_freeze_goes_on(tmp_path: Path) -> None:
    playing = Playing(order(tmp_path, "echo"))
    busy = threading.Event()
    playing.emulator.ask(lambda core: busy.wait())
    frozen = playing.emulator.freeze()
    playing.emulator.thaw()
    busy.set()
    _, frame = frozen.result(20)
    playing.until(lambda: int.from_bytes(playing.state()[:4], "little") > frame)
    playing.end()


@in_own_process
def test_a_room_goes_on_from_a_snapshot_as_it_was(tmp_path: Path) -> None:
    moment = Moment(
        frame=500, state=b"\x64" + bytes(7), battery=b"\x05" + bytes(63), setting=Setting(paused=True, by="Player 2")
    )
    playing = order(tmp_path, "echo", snapshot=seal(moment, "Echo", "1.0"), battery=b"\x04" + bytes(63))
    recorder = Recorder()
    emulator = Emulator(playing, "H264", InputPorts(), recorder)
    emulator.load()
    assert emulator.ask(lambda core: core.serialize()).result(20) == b"\x64" + bytes(7)
    assert emulator.playback.setting == moment.setting
    emulator.watch(True)
    emulator.playback.pause(False, "Player 1")
    emulator.wake()
    assert recorder.enough.wait(20)
    emulator.stop()
    assert emulator.join(20)
    assert recorder.snapshots[-1][1] >= 530
    assert recorder.batteries == [b"\x05" + bytes(63)], "the snapshot's is newer than the store's"


@in_own_process
def test_who_asks_too_late_is_answered(tmp_path: Path) -> None:
    emulator, _ = run(order(tmp_path, "echo"))
    with pytest.raises(CoreError, match="the game has ended"):
        emulator.ask(lambda core: core.serialize()).result(1)
