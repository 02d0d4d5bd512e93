"""Cores' announcements of their picture and sound."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.libretro.av import MAX_SIDE, AvInfo, Frame, read_av_info
from worker.libretro.constants import PixelFormat
from worker.libretro.declarations import CData, ffi
from worker.libretro.errors import CoreError


def av_info(
    width: int = 320,
    height: int = 240,
    max_width: int = 640,
    max_height: int = 480,
    aspect: float = 4 / 3,
    fps: float = 60.0,
    sample_rate: float = 44100.0,
) -> CData:
    geometry = (width, height, max_width, max_height, aspect)
    return ffi.new("struct retro_system_av_info *", (geometry, (fps, sample_rate)))


def test_a_usual_core() -> None:
    info = read_av_info(av_info(fps=60.0988, sample_rate=48000))
    assert info == AvInfo(320, 240, 640, 480, pytest.approx(4 / 3), 60.0988, 48000)


@pytest.mark.parametrize("aspect", [0, -1, math.nan, math.inf, 1e9])
def test_an_aspect_that_is_none_means_square_pixels(aspect: float) -> None:
    assert read_av_info(av_info(width=300, height=200, aspect=aspect)).aspect == 1.5


def test_a_maximum_below_the_size_or_beyond_reason_is_mended() -> None:
    info = read_av_info(av_info(max_width=0, max_height=2**32 - 1))
    assert (info.max_width, info.max_height) == (320, MAX_SIDE)


def test_a_core_without_sound() -> None:
    assert read_av_info(av_info(sample_rate=0)).sample_rate == 48000


@pytest.mark.parametrize("fps", [0, -60, math.nan, math.inf, 1e6])
def test_impossible_picture_rates(fps: float) -> None:
    with pytest.raises(CoreError, match="frames a second; it can't be paced"):
        read_av_info(av_info(fps=fps))


@pytest.mark.parametrize("rate", [-1, math.nan, math.inf, 5, 1e7])
def test_impossible_sample_rates(rate: float) -> None:
    with pytest.raises(CoreError, match="samples a second; it can't be played"):
        read_av_info(av_info(sample_rate=rate))


words = st.integers(0, 2**32 - 1)


@given(words, words, words, words, st.floats(width=32), st.floats(), st.floats())
def test_whatever_a_core_says_is_sane_or_refused(
    width: int, height: int, max_width: int, max_height: int, aspect: float, fps: float, rate: float
) -> None:
    try:
        info = read_av_info(av_info(width, height, max_width, max_height, aspect, fps, rate))
    except CoreError:
        return
    assert 1 <= info.width <= info.max_width <= MAX_SIDE
    assert 1 <= info.height <= info.max_height <= MAX_SIDE
    assert all(math.isfinite(value) and value > 0 for value in (info.aspect, info.fps, info.sample_rate))


@given(words, words, st.integers(0, 2**64 - 1), st.sampled_from(PixelFormat))
def test_a_frame_is_a_view_of_its_rows_or_refused(width: int, height: int, pitch: int, kind: PixelFormat) -> None:
    frame = Frame()
    try:
        frame.show(0x10000, width, height, pitch, kind)  # only looked at, never read
    except CoreError:
        assert not (
            1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE and width * kind.bytes_per_pixel <= pitch < 2**15
        )
    else:
        assert len(frame.data) == height * pitch
        assert (frame.width, frame.height, frame.pitch, frame.format) == (width, height, pitch, kind)


def test_a_frame_keeps_its_view_while_the_core_keeps_its_buffer() -> None:
    buffer = ffi.new("char[]", 64 * 48 * 2)
    address = int(ffi.cast("uintptr_t", buffer))
    frame = Frame()
    frame.show(address, 64, 48, 128, PixelFormat.RGB565)
    view = frame.data
    frame.show(address, 64, 48, 128, PixelFormat.RGB565)
    assert frame.data is view
    frame.show(address, 64, 24, 128, PixelFormat.RGB565)
    assert len(frame.data) == 128 * 24
