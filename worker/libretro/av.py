"""A core's announcements of its picture and sound, checked, and the frames that it draws."""

import math
from dataclasses import dataclass, replace

from .constants import PixelFormat
from .declarations import CData, ffi
from .errors import CoreError

MAX_SIDE = 4096
"""The widest or highest picture: several times any software-rendered core's, and as large as video encoders take."""

MAX_PITCH = 8 * MAX_SIDE
"""The longest row in bytes: the widest picture at 4 bytes, in a buffer twice as wide."""

MIN_FPS, MAX_FPS = 1.0, 1000.0
"""Beyond these it is no picture rate but a core's uninitialised field."""

MIN_SAMPLE_RATE, MAX_SAMPLE_RATE = 1_000.0, 400_000.0
"""Some cores give the chip's own rate: 65,536 Hz and 131,072 Hz on Game Boys, 384,000 Hz at the most."""

SILENT_SAMPLE_RATE = 48_000.0
"""For cores without sound, which may say 0 Hz: nothing ever comes at it, but nothing divides by zero."""


@dataclass(frozen=True, slots=True)
class AvInfo:
    """Sizes in pixels, before rotation. No frame should be larger than the maximum, but cores exist that err."""

    width: int
    height: int
    max_width: int
    max_height: int
    aspect: float
    """The picture's width by its height as shown; pixels need not be square."""
    fps: float
    sample_rate: float

    def resized(self, geometry: CData) -> "AvInfo":
        """Return a copy with the sizes of a ``retro_game_geometry``; its maximum does not count. Raises CoreError."""
        width, height = _side(geometry.base_width), _side(geometry.base_height)
        return replace(
            self,
            width=width,
            height=height,
            max_width=max(self.max_width, width),
            max_height=max(self.max_height, height),
            aspect=_aspect(geometry.aspect_ratio, width, height),
        )


def read_av_info(info: CData) -> AvInfo:
    """Read a ``retro_system_av_info``. Raises CoreError."""
    geometry, timing = info.geometry, info.timing
    width, height = _side(geometry.base_width), _side(geometry.base_height)
    if not MIN_FPS <= timing.fps <= MAX_FPS:  # also refuses NaN
        raise CoreError(f"the core says that it draws {timing.fps:g} frames a second; it can't be paced")
    return AvInfo(
        width=width,
        height=height,
        max_width=max(width, min(geometry.max_width, MAX_SIDE)),
        max_height=max(height, min(geometry.max_height, MAX_SIDE)),
        aspect=_aspect(geometry.aspect_ratio, width, height),
        fps=timing.fps,
        sample_rate=_sample_rate(timing.sample_rate),
    )


def _side(pixels: int) -> int:
    if not 1 <= pixels <= MAX_SIDE:
        raise CoreError(f"the core says that its picture has a side of {pixels} pixels; 1 to {MAX_SIDE} can be shown")
    return pixels


def _aspect(ratio: float, width: int, height: int) -> float:
    """Return the ratio, or that of square pixels for 0, negative numbers and nonsense, which cores write for them."""
    return ratio if math.isfinite(ratio) and 0.1 <= ratio <= 10 else width / height


def _sample_rate(rate: float) -> float:
    if rate == 0:
        return SILENT_SAMPLE_RATE
    if not MIN_SAMPLE_RATE <= rate <= MAX_SAMPLE_RATE:
        raise CoreError(f"the core says that its sound has {rate:g} samples a second; it can't be played")
    return rate


class Frame:
    """A picture in the core's own memory. One object for each core, filled anew: nothing of it outlives the callback.

    ``data`` is a memoryview of ``pitch * height`` bytes. A row begins every ``pitch`` bytes, and only its first
    ``width * format.bytes_per_pixel`` are picture: the rest is the row's end in a core that crops, and for the
    last row anything that follows its buffer. Copy rows, not the whole view.
    """

    __slots__ = ("_address", "data", "format", "height", "pitch", "width")

    data: memoryview
    format: PixelFormat

    def __init__(self) -> None:
        self._address = self.width = self.height = self.pitch = 0

    def show(self, address: int, width: int, height: int, pitch: int, pixel_format: PixelFormat) -> None:
        """Point to the picture at ``address``. Raises CoreError if no picture can be like that."""
        if (
            address == self._address
            and pitch == self.pitch
            and height == self.height
            and width == self.width
            and pixel_format is self.format
        ):
            return  # the same buffer as before, as most cores have it: the view of it still holds
        _side(width)
        _side(height)
        if not width * pixel_format.bytes_per_pixel <= pitch <= MAX_PITCH:
            raise CoreError(f"the core drew {width} pixels in rows of {pitch} bytes; that is no {pixel_format.name}")
        self.data = memoryview(ffi.buffer(ffi.cast("char *", address), pitch * height))
        self._address, self.width, self.height, self.pitch = address, width, height, pitch
        self.format = pixel_format
