"""Pictures in a core's memory, and cores that want to draw with a GPU."""

import pytest

from worker.libretro.constants import Command, PixelFormat
from worker.libretro.declarations import ffi
from worker.libretro.errors import CoreError, CoreUnsupportedError
from worker.libretro.video.driver import HARDWARE_FRAME, VideoDriver
from worker.libretro.video.software import SoftwareVideo


def test_a_picture_is_where_the_core_drew_it() -> None:
    driver: VideoDriver = SoftwareVideo()
    pixels = ffi.new("char[]", bytes(range(32)))
    frame = driver.refresh(int(ffi.cast("uintptr_t", pixels)), 2, 4, 8, PixelFormat.RGB565)
    assert (frame.width, frame.height, frame.pitch, frame.format) == (2, 4, 8, PixelFormat.RGB565)
    assert bytes(frame.data) == bytes(range(32))


def test_an_impossible_picture_is_the_cores_fault() -> None:
    with pytest.raises(CoreError, match="that is no XRGB8888"):
        SoftwareVideo().refresh(4096, 64, 48, 64, PixelFormat.XRGB8888)


def test_a_context_is_refused_and_that_is_why_the_game_can_not_load() -> None:
    driver = SoftwareVideo()
    assert driver.refusal("Test") is None
    assert not driver.handlers[Command.SET_HW_RENDER].answer(ffi.NULL)
    assert str(driver.refusal("Test")).startswith("Test draws with a GPU, which can't be done here")


def test_a_picture_in_the_gpu_can_not_be_read() -> None:
    with pytest.raises(CoreUnsupportedError, match=r"^the core draws with a GPU"):
        SoftwareVideo().refresh(HARDWARE_FRAME, 64, 48, 0, PixelFormat.XRGB8888)
