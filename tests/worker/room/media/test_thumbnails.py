"""The small picture of a save, seen again."""

import av
import numpy as np
import pytest

from worker.messages.storing import MAX_THUMBNAIL_BYTES
from worker.room.media.thumbnails import WIDTH, jpeg
from worker.room.media.video import Shot


def seen(data: bytes) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    decoder = av.CodecContext.create("mjpeg", "r")
    (frame,) = decoder.decode(av.Packet(data))  # type: ignore[attr-defined]
    return np.asarray(frame.to_ndarray(format="rgb24"))


@pytest.mark.parametrize(("layout", "red"), [("bgr0", 0xFF0000), ("rgb565le", 0xF800), ("rgb555le", 0x7C00)])
def test_a_red_half_is_seen_in_the_right_shape(layout: str, red: int) -> None:
    pixels = np.zeros((112, 126), np.uint32 if layout == "bgr0" else np.uint16)
    pixels[:, :63] = red
    picture = seen(jpeg(Shot(pixels, layout), 4 / 3))
    assert picture.shape == (WIDTH * 3 // 4, WIDTH, 3)
    assert (picture[60, 20] > (200, -1, -1)).all()
    assert (picture[60, 20] < (256, 60, 60)).all()
    assert picture[60, WIDTH - 20].max() < 40


def test_even_the_worst_noise_is_small_enough() -> None:
    """Black and white in every channel, as wide as the small picture: nothing is averaged away."""
    channels = np.random.default_rng(0).integers(0, 2, (3, 240, WIDTH), np.uint32) * 0xFF
    noise = channels[0] << 16 | channels[1] << 8 | channels[2]
    assert 0 < len(jpeg(Shot(noise, "bgr0"), 0.1)) <= MAX_THUMBNAIL_BYTES
