"""Picture, sound and input of every frame, through a core that shows what it is given."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.cores.build import Builder
from tests.cores.own_process import in_own_process
from tests.worker.libretro.recording import Grey, Held, Recording, open_core, run
from worker.libretro.av import Frame
from worker.libretro.constants import JOYPAD_MASK, Device, PixelFormat
from worker.libretro.errors import CoreError

START, A, B, R3 = 3, 8, 0, 15
CELL = 8


def cell(picture: Grey, row: int, column: int) -> int:
    block = picture[row * CELL : (row + 1) * CELL, column * CELL : (column + 1) * CELL]
    assert (block == block[0, 0]).all()
    return int(block[0, 0])


def shown(library: Path, folder: Path, game: Path, states: Mapping[tuple[int, int, int, int], int]) -> Grey:
    core = open_core(library, folder)
    recording = Recording(core)
    core.inputs = Held(states)
    core.load_game(game)
    core.run()
    return recording.picture


@pytest.mark.parametrize("rows", ["tight", "wide"])
@pytest.mark.parametrize("name", [pixel_format.name for pixel_format in PixelFormat])
@in_own_process
def test_each_pixel_format_and_pitch(build: Builder, tmp_path: Path, game: Path, name: str, rows: str) -> None:
    core = open_core(build("echo"), tmp_path, echo_format=name, echo_rows=rows)
    recording = Recording(core)
    frames: list[tuple[PixelFormat, int, int]] = []
    keep = core.on_video

    def look(frame: Frame | None) -> None:
        assert frame is not None
        frames.append((frame.format, frame.pitch, len(frame.data)))
        keep(frame)

    core.on_video = look
    core.inputs = Held({(0, Device.JOYPAD, 0, JOYPAD_MASK): 1 << A})
    core.load_game(game)
    core.run()
    expected = PixelFormat[name]
    pitch = 128 * expected.bytes_per_pixel * (2 if rows == "wide" else 1)
    assert frames == [(expected, pitch, pitch * 112)]
    assert recording.picture.shape == (112, 128)
    assert [cell(recording.picture, 0, id) for id in range(16)] == [255 if id == A else 0 for id in range(16)]


@in_own_process
def test_the_frame_is_one_object_that_follows_the_core(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("changes"), tmp_path)
    seen: list[tuple[int, int, int]] = []
    frames: set[int] = set()

    def look(frame: Frame | None) -> None:
        if frame is not None:
            frames.add(id(frame))
            seen.append((frame.width, frame.height, len(frame.data)))

    core.on_video = look
    core.load_game(game)
    run(core, 3)
    assert seen == [(64, 48, 256 * 48), (64, 48, 256 * 48), (128, 96, 256 * 96)]
    assert len(frames) == 1


@in_own_process
def test_a_duplicate_frame_is_none(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("changes"), tmp_path)
    recording = Recording(core)
    core.load_game(game)
    run(core, 5)
    assert [frame is None for frame in recording.frames] == [False, False, False, True, False]


@in_own_process
def test_all_sixteen_buttons_of_four_ports(build: Builder, tmp_path: Path, game: Path) -> None:
    masks = {(port, int(Device.JOYPAD), 0, JOYPAD_MASK): 0xFFFF >> port for port in range(4)}
    picture = shown(build("echo"), tmp_path, game, masks)
    for port in range(4):
        assert [cell(picture, port, id) > 0 for id in range(16)] == [id < 16 - port for id in range(16)]


@in_own_process
def test_buttons_read_one_by_one(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("echo"), tmp_path, echo_buttons="single")
    recording = Recording(core)
    core.inputs = held = Held({(1, Device.JOYPAD, 0, R3): 1})
    core.load_game(game)
    core.run()
    assert cell(recording.picture, 1, R3) == 255
    assert held.polls == 1
    assert (0, Device.JOYPAD, 0, JOYPAD_MASK) not in held.queries


@in_own_process
def test_analog_sticks_and_triggers(build: Builder, tmp_path: Path, game: Path) -> None:
    states = {(0, 5, 0, 0): -32768, (0, 5, 0, 1): 32767, (0, 5, 1, 0): 256, (0, 5, 2, 12): 0x4000, (1, 5, 1, 1): -512}
    picture = shown(build("echo"), tmp_path, game, states)
    assert [cell(picture, 4, column) for column in range(6)] == [0, 255, 129, 128, 192, 128]
    assert cell(picture, 4, 8 + 3) == 126


@in_own_process
def test_mouse_and_keyboard(build: Builder, tmp_path: Path, game: Path) -> None:
    states = {(0, 2, 0, 0): -3, (0, 2, 0, 1): 4, (0, 2, 0, 3): 1, (0, 2, 0, 6): 1, (0, 3, 0, ord("a")): 1}
    picture = shown(build("echo"), tmp_path, game, states)
    assert [cell(picture, 5, column) for column in (0, 1, 2, 3, 4, 8)] == [125, 132, 0, 255, 255, 255]


@in_own_process
def test_an_impossible_input_value_is_reported_and_the_game_goes_on(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("echo"), tmp_path)
    recording = Recording(core)
    core.load_game(game)
    core.inputs = Held({(0, 5, 0, 0): 1 << 40})
    with pytest.raises(OverflowError):
        core.run()
    core.inputs = Held()
    core.run()
    assert cell(recording.picture, 4, 0) == 128


@pytest.mark.parametrize("way", ["batch", "single"])
@in_own_process
def test_sound_comes_once_a_frame_either_way(build: Builder, tmp_path: Path, game: Path, way: str) -> None:
    core = open_core(build("echo"), tmp_path, echo_audio=way)
    recording = Recording(core)
    core.load_game(game)
    run(core, 60)
    assert [samples.shape for samples in recording.sound] == [(800, 2)] * 60
    sound = np.concatenate(recording.sound)
    assert sound.dtype == np.int16
    assert (sound[:, 0] == sound[:, 1]).all()
    assert np.abs(np.fft.rfft(sound[:, 0])).argmax() == 440  # a second of sound, so the bins are Hz


@in_own_process
def test_samples_one_by_one_and_in_batches_keep_their_order(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("echo"), tmp_path, echo_audio="single")
    recording = Recording(core)
    core.load_game(game)
    core.run()
    core.set_option("echo_audio", "batch")
    run(core, 59)
    assert np.abs(np.fft.rfft(np.concatenate(recording.sound)[:, 0])).argmax() == 440


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (12, r"^the core drew 128 pixels in rows of 10 bytes"),
        (13, r"^the core says that its picture has a side of 60000 pixels"),
        (14, r"^the core gave \d+ samples of sound at once; it is broken$"),
    ],
)
@in_own_process
def test_what_no_core_should_send(build: Builder, tmp_path: Path, game: Path, frame: int, sentence: str) -> None:
    core = open_core(build("changes"), tmp_path)
    core.load_game(game)
    run(core, 9)
    for number in range(10, frame + 1):
        if number < frame:
            try:
                core.run()
            except CoreError:
                continue  # the ones before
        else:
            with pytest.raises(CoreError, match=sentence):
                core.run()
