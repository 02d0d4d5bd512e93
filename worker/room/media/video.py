"""Pictures to RTP payloads: one conversion and one encoding per frame, whatever the number of viewers.

Runs on the emulator's thread; only ``request_keyframe`` and ``set_bitrate`` are called from elsewhere. The differences
between codecs are in ``codecs``; RTP headers are made in ``sender.py``, and ``room.py`` gives the payloads to viewers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import Interpolation, VideoReformatter

from worker.libretro import PixelFormat
from worker.room.media.codecs.codec import RTP_TICK, VIDEO_CLOCK

if TYPE_CHECKING:
    from fractions import Fraction

    from worker.libretro import Frame
    from worker.room.media.codecs import VideoCodec

KEYFRAME_INTERVAL: Final = 27_000
"""RTP ticks (0.3 s) between key frames that viewers ask for after losses: a picture of 10 KB for each report of a
burst would make the loss worse."""
JOIN_INTERVAL: Final = 9_000
"""RTP ticks (0.1 s) between those for viewers that have no picture yet: many who come at once share one."""

LEAST_SIDE: Final = 16
"""Pixels of a picture's shorter side, a macroblock's. Smaller ones, which cores draw before they begin, are scaled."""

_LAYOUTS: Final[dict[PixelFormat, tuple[str, type[np.uint16] | type[np.uint32]]]] = {
    PixelFormat.XRGB1555: ("rgb555le", np.uint16),
    PixelFormat.RGB565: ("rgb565le", np.uint16),
    PixelFormat.XRGB8888: ("bgr0", np.uint32),
}

Pixels = np.ndarray[tuple[int, int], np.dtype[np.uint16 | np.uint32]]
"""Shape (height, width), one number for each pixel."""


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A copy of the core's picture, which outlives its frame."""

    pixels: Pixels
    layout: str
    """FFmpeg's name of the pixel format."""


class PictureConverter:
    """Turns the core's frames into YUV 4:2:0: cropped to even sides, rotated, scaled up. Its buffers are reused."""

    def __init__(self, scale: int) -> None:
        self._scale = scale
        self._reformatter = VideoReformatter()
        self._shape: tuple[int, ...] = ()
        self._source: av.VideoFrame | None = None
        self._pixels: Pixels = np.zeros((0, 0), np.uint16)
        self._yuv: av.VideoFrame | None = None

    def copy(self, frame: Frame, rotation: int) -> None:
        """Copy the core's pixels, which last only for its callback. ``rotation``: quarter turns counter-clockwise."""
        name, dtype = _LAYOUTS[frame.format]
        rows = np.frombuffer(frame.data, np.uint8, frame.pitch * frame.height).reshape(frame.height, frame.pitch)
        core = rows[:, : frame.width * frame.format.bytes_per_pixel].view(dtype)
        if rotation:
            core = np.rot90(core, rotation)
        if min(core.shape) < LEAST_SIDE:
            times = -(-LEAST_SIDE // min(core.shape))
            core = core.repeat(times, axis=0).repeat(times, axis=1)
        height, width = core.shape[0] & ~1, core.shape[1] & ~1
        core = core[:height, :width]
        shape = (width, height, frame.format, rotation)
        if shape != self._shape:
            self._shape = shape
            self._source = av.VideoFrame(width, height, name)
            plane = np.frombuffer(memoryview(self._source.planes[0]), dtype).reshape(height, -1)
            self._pixels = cast("Pixels", plane[:, :width])
        elif np.array_equal(self._pixels, core):
            return
        np.copyto(self._pixels, core)
        self._yuv = None

    def screenshot(self) -> Screenshot | None:
        """Copy the picture, cropped and rotated; None before the core's first."""
        return Screenshot(self._pixels.copy(), self._source.format.name) if self._source is not None else None

    def yuv(self) -> av.VideoFrame | None:
        """Return the picture for the encoder, converted once; None before the core's first."""
        if self._yuv is None and self._source is not None:
            self._yuv = self._reformatter.reformat(
                self._source,
                width=self._source.width * self._scale,
                height=self._source.height * self._scale,
                format="yuv420p",
                interpolation=Interpolation.POINT if self._scale > 1 else Interpolation.FAST_BILINEAR,
                threads=1,  # left alone it starts one for each core, and waking them costs more than they do
            )
        return self._yuv


class LeakyBucket:
    """Tells whether a stream stays below its bit rate, a quarter of a second's burst aside."""

    def __init__(self, kbps: int) -> None:
        self._bits_per_tick = kbps * 1000 / VIDEO_CLOCK
        self._size = kbps * 250
        self._level = 0.0
        self._last = 0

    def pour(self, size: int, timestamp: int) -> bool:
        """Add a frame of ``size`` bytes at an RTP timestamp; return False if the bucket runs over."""
        leaked = (timestamp - self._last) * self._bits_per_tick
        self._level = max(0.0, self._level - leaked) + 8 * size
        self._last = timestamp
        return self._level <= self._size


class VideoEncoder:
    """Encodes a room's picture, once for all viewers."""

    def __init__(self, codec: VideoCodec, fps: Fraction, *, scale: int = 1, max_kbps: int = 6000) -> None:
        self.codec = codec
        self._fps = fps
        self._kbps = max_kbps
        self._picture = PictureConverter(scale)
        self._packetize = codec.packetizer()
        self._context: av.VideoCodecContext | None = None
        self._settings: tuple[int, int, int, bool] | None = None
        self._bucket = LeakyBucket(max_kbps)
        # A target costs more than a fixed quality, which small pictures can afford: where the codec leaves the choice,
        # a limit is set when the stream turns out to need one, and then stays.
        self._limited = codec.always_limited
        self._wanted = True
        self._urgent = False
        self._last_key: int | None = None
        self.keyframes = 0
        self.is_keyframe = False
        """Whether the last encoded frame is a key frame."""

    def request_keyframe(self, *, urgent: bool = False) -> None:
        """Let the next frame be a key frame, once the last is ``KEYFRAME_INTERVAL`` ago.

        It has to be ``JOIN_INTERVAL`` ago if ``urgent``: a viewer has no picture yet.
        """
        self._urgent |= urgent
        self._wanted = True

    @property
    def keyframe_wanted(self) -> bool:
        """Whether a viewer waits for a key frame."""
        return self._wanted

    def screenshot(self) -> Screenshot | None:
        """Copy the last picture; None before the core's first."""
        return self._picture.screenshot()

    def set_bitrate(self, kbps: int) -> None:
        """Limit the stream from the next frame on. This opens a new encoder, so it costs a key frame."""
        self._kbps = kbps
        self._limited = True

    def set_picture(self, frame: Frame, rotation: int) -> None:
        """Copy the core's new picture; without a new one, ``encode`` repeats the last.

        ``rotation``: quarter turns counter-clockwise.
        """
        self._picture.copy(frame, rotation)

    def encode(self, timestamp: int) -> list[bytes]:
        """Encode the picture as the frame at ``timestamp`` (90 kHz) and return its RTP payloads.

        They are none before the core's first picture, and if the encoder drops the frame.
        """
        yuv = self._picture.yuv()
        if yuv is None:
            return []
        settings = (yuv.width, yuv.height, self._kbps, self._limited)
        if self._context is None or settings != self._settings:
            self._context = self.codec.open(yuv.width, yuv.height, self._fps, self._kbps if self._limited else None)
            self._settings = settings
            self._wanted, self._last_key = True, None
        yuv.pts = timestamp
        yuv.time_base = RTP_TICK
        yuv.pict_type = PictureType.I if self._key_is_due(timestamp) else PictureType.NONE
        payloads: list[bytes] = []
        self.is_keyframe = False
        for packet in self._context.encode(yuv):
            self.is_keyframe |= packet.is_keyframe
            payloads += self._packetize(packet)[0]
            self._limited |= not self._bucket.pour(packet.size, timestamp)
        self.keyframes += self.is_keyframe
        return payloads

    def _key_is_due(self, timestamp: int) -> bool:
        interval = JOIN_INTERVAL if self._urgent else KEYFRAME_INTERVAL
        if not self._wanted or (self._last_key is not None and timestamp - self._last_key < interval):
            return False
        self._wanted = self._urgent = False
        self._last_key = timestamp
        return True
