"""Pictures through the real encoders, decoded again."""

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.worker.room.media.decoding import decode
from worker.libretro import PixelFormat
from worker.room.media.codecs import CODECS, PREFERRED, VideoCodec
from worker.room.media.video import JOIN_INTERVAL, KEYFRAME_INTERVAL, LeakyBucket, VideoEncoder

every_codec = pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS.keys())

FPS = Fraction(60)
FRAME = 1500
"""RTP ticks."""
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def picture(rgb: np.ndarray[Any, Any], pixel_format: PixelFormat, padding: int = 0) -> Any:
    """Make a core's frame of a (height, width, 3) picture, with rows that are ``padding`` pixels longer."""
    red, green, blue = (rgb[..., index].astype(np.uint32) for index in range(3))
    words = {
        PixelFormat.XRGB8888: (red << 16 | green << 8 | blue).astype(np.uint32),
        PixelFormat.RGB565: (red >> 3 << 11 | green >> 2 << 5 | blue >> 3).astype(np.uint16),
        PixelFormat.XRGB1555: (red >> 3 << 10 | green >> 3 << 5 | blue >> 3).astype(np.uint16),
    }[pixel_format]
    height, width = words.shape
    rows = np.full((height, width + padding), 0xAAAA, words.dtype)
    rows[:, :width] = words
    return SimpleNamespace(
        data=memoryview(rows.tobytes()), width=width, height=height, pitch=rows.strides[0], format=pixel_format
    )


def quarters(width: int = 64, height: int = 48) -> np.ndarray[Any, Any]:
    """Paint a picture, shape (height, width, 3): red and green above blue and white."""
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[: height // 2, : width // 2], rgb[: height // 2, width // 2 :] = RED, GREEN
    rgb[height // 2 :, : width // 2], rgb[height // 2 :, width // 2 :] = BLUE, WHITE
    return rgb


def colours(rgb: np.ndarray[Any, Any]) -> list[str]:
    """Name the colours of the four quarters of a picture."""
    height, width, _ = rgb.shape
    names = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE}
    points = [(height // 4, width // 4), (height // 4, 3 * width // 4)]
    points += [(3 * height // 4, width // 4), (3 * height // 4, 3 * width // 4)]
    return [min(names, key=lambda name: distance(rgb[point], names[name])) for point in points]


def distance(a: np.ndarray[Any, Any], b: tuple[int, int, int]) -> int:
    return int(np.abs(a.astype(int) - b).sum())


@every_codec
@pytest.mark.parametrize("pixel_format", list(PixelFormat))
def test_every_pixel_format_arrives_in_its_colours(codec: VideoCodec, pixel_format: PixelFormat) -> None:
    encoder = VideoEncoder(codec, FPS)
    encoder.set_picture(picture(quarters(), pixel_format, padding=24), 0)
    seen = decode(codec.name, encoder.encode(0))
    assert seen.shape == (48, 64, 3)
    assert colours(seen) == ["red", "green", "blue", "white"]


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [
        (1, ["green", "white", "red", "blue"]),
        (2, ["white", "blue", "green", "red"]),
        (3, ["blue", "red", "white", "green"]),
    ],
)
def test_rotation_is_counter_clockwise(rotation: int, expected: list[str]) -> None:
    encoder = VideoEncoder(PREFERRED, FPS)
    encoder.set_picture(picture(quarters(), PixelFormat.RGB565), rotation)
    seen = decode(PREFERRED.name, encoder.encode(0))
    assert seen.shape[:2] == ((64, 48) if rotation % 2 else (48, 64))
    assert colours(seen) == expected


def test_upscaling_is_whole_and_odd_sides_are_cropped() -> None:
    encoder = VideoEncoder(PREFERRED, FPS, scale=3)
    encoder.set_picture(picture(quarters(63, 49), PixelFormat.XRGB8888), 0)
    assert decode(PREFERRED.name, encoder.encode(0)).shape == (144, 186, 3)


@every_codec
@pytest.mark.parametrize(
    ("width", "height", "shape"), [(1, 1, (16, 16, 3)), (3, 1, (16, 48, 3)), (64, 5, (20, 256, 3))]
)
def test_a_picture_that_is_too_small_to_encode_is_scaled_up(
    codec: VideoCodec, width: int, height: int, shape: tuple[int, ...]
) -> None:
    encoder = VideoEncoder(codec, FPS)
    encoder.set_picture(picture(np.full((height, width, 3), 255, np.uint8), PixelFormat.RGB565), 0)
    seen = decode(codec.name, encoder.encode(0))
    assert seen.shape == shape
    assert seen.min() > 240


@every_codec
def test_one_key_frame_until_another_is_asked_for(codec: VideoCodec) -> None:
    encoder = VideoEncoder(codec, FPS)
    moving = quarters()
    for index in range(400):
        encoder.set_picture(picture(np.roll(moving, index, 1), PixelFormat.RGB565), 0)
        encoder.encode(index * FRAME)
        assert encoder.is_keyframe == (index == 0)
    encoder.request_keyframe()
    encoder.encode(400 * FRAME)
    assert encoder.is_keyframe
    assert encoder.keyframes == 2


@every_codec
def test_a_new_viewer_can_start_from_a_requested_key_frame(codec: VideoCodec) -> None:
    encoder = VideoEncoder(codec, FPS)
    encoder.set_picture(picture(quarters(), PixelFormat.RGB565), 0)
    for index in range(6):
        encoder.encode(index * FRAME)
    encoder.request_keyframe(urgent=True)
    assert colours(decode(codec.name, encoder.encode(6 * FRAME))) == ["red", "green", "blue", "white"]


def test_losses_are_answered_at_most_every_third_of_a_second_and_newcomers_sooner() -> None:
    encoder = VideoEncoder(PREFERRED, FPS)
    encoder.set_picture(picture(quarters(), PixelFormat.RGB565), 0)
    keys = []
    for timestamp in range(0, 3 * KEYFRAME_INTERVAL, FRAME):
        encoder.request_keyframe()
        encoder.encode(timestamp)
        keys.append(encoder.is_keyframe)
    assert sum(keys) == 3
    keys = []
    for timestamp in range(3 * KEYFRAME_INTERVAL, 3 * KEYFRAME_INTERVAL + 2 * JOIN_INTERVAL, FRAME):
        if timestamp < 3 * KEYFRAME_INTERVAL + JOIN_INTERVAL:
            encoder.request_keyframe(urgent=True)  # a dozen viewers, all within a tenth of a second
        encoder.encode(timestamp)
        keys.append(encoder.is_keyframe)
    assert keys[0]
    assert sum(keys) == 2
    assert not encoder.keyframe_wanted


def test_a_new_size_or_bit_rate_starts_with_a_key_frame() -> None:
    encoder = VideoEncoder(PREFERRED, FPS)
    encoder.set_picture(picture(quarters(), PixelFormat.RGB565), 0)
    encoder.encode(0)
    encoder.set_picture(picture(quarters(32, 32), PixelFormat.RGB565), 0)
    assert decode(PREFERRED.name, encoder.encode(FRAME)).shape == (32, 32, 3)
    encoder.set_bitrate(300)
    encoder.encode(2 * FRAME)
    assert encoder.keyframes == 3


def test_the_limit_holds_for_noise() -> None:
    encoder = VideoEncoder(PREFERRED, FPS, max_kbps=1000)
    noise = np.random.default_rng(1)
    size = 0
    for index in range(240):
        rgb = noise.integers(0, 256, (240, 256, 3), dtype=np.uint8)
        encoder.set_picture(picture(rgb, PixelFormat.RGB565), 0)
        size += sum(map(len, encoder.encode(index * FRAME))) if index >= 60 else 0
    assert 8 * size / 3 / 1000 < 1.3 * 1000
    assert encoder.keyframes == 2, "one at the start, one when it turned out that a limit is needed"


def test_a_burst_of_a_quarter_second_is_allowed_and_no_more() -> None:
    bucket = LeakyBucket(800)
    assert bucket.pour(25_000, 0), "200 kbit are a quarter of a second's"
    assert not bucket.pour(1, 0)
    assert bucket.pour(12_000, 90_000 // 8)
    assert not bucket.pour(1_000, 90_000 // 8)


def test_before_the_first_picture_there_is_nothing_to_send() -> None:
    assert VideoEncoder(PREFERRED, FPS).encode(0) == []


@every_codec
def test_payloads_fit_a_path_with_headers(codec: VideoCodec) -> None:
    encoder = VideoEncoder(codec, FPS)
    rgb = np.random.default_rng(1).integers(0, 256, (240, 256, 3), dtype=np.uint8)
    encoder.set_picture(picture(rgb, PixelFormat.RGB565), 0)
    assert max(map(len, encoder.encode(0))) <= 1300


def test_a_screenshot_stays_as_it_was() -> None:
    encoder = VideoEncoder(PREFERRED, FPS)
    assert encoder.screenshot() is None
    encoder.set_picture(picture(quarters(), PixelFormat.XRGB8888, padding=8), 0)
    screenshot = encoder.screenshot()
    encoder.set_picture(picture(np.zeros((48, 64, 3), np.uint8), PixelFormat.XRGB8888), 0)
    assert screenshot is not None
    assert screenshot.pixels.shape == (48, 64)
    assert screenshot.pixels[0, 0] & 0xFFFFFF == 0xFF0000
