"""Pictures to RTP payloads: one conversion and one encoding per frame, whatever the number of viewers.

Runs on the emulator's thread; only ``request_keyframe`` and ``set_bitrate`` are called from elsewhere. It leaves RTP
headers, and who gets a packet, to ``sender.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import av
import numpy as np
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from av.video.frame import PictureType
from av.video.reformatter import Interpolation, VideoReformatter

from worker.libretro import PixelFormat

if TYPE_CHECKING:
    from worker.libretro import Frame

H264: Final = "H264"
VP8: Final = "VP8"

KEYFRAME_INTERVAL: Final = 27_000
"""RTP ticks (0.3 s) between key frames that viewers ask for after losses: a picture of 10 KB for each report of a
burst would make the loss worse."""
JOIN_INTERVAL: Final = 9_000
"""RTP ticks (0.1 s) between those for viewers that have no picture yet: many who come at once share one."""

_LAYOUTS: Final[dict[PixelFormat, tuple[str, type[np.unsignedinteger[Any]]]]] = {
    PixelFormat.XRGB1555: ("rgb555le", np.uint16),
    PixelFormat.RGB565: ("rgb565le", np.uint16),
    PixelFormat.XRGB8888: ("bgr0", np.uint32),
}
_TICK: Final = Fraction(1, 90_000)


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture that is kept beyond its frame."""

    pixels: np.ndarray[Any, Any]
    """Shape (height, width)."""
    layout: str
    """FFmpeg's name for how the pixels lie in memory."""


class Picture:
    """The core's frame as YUV 4:2:0: cropped to even sides, rotated, scaled up. Its buffers are kept."""

    def __init__(self, scale: int) -> None:
        self._scale = scale
        self._reformatter = VideoReformatter()
        self._shape: tuple[int, ...] = ()
        self._source: av.VideoFrame | None = None
        self._pixels: np.ndarray[Any, Any] = np.zeros((0, 0), np.uint8)
        self._yuv: av.VideoFrame | None = None

    def take(self, frame: Frame, rotation: int) -> None:
        """Copy the core's pixels, which last only for its callback. ``rotation``: quarter turns counter-clockwise."""
        name, dtype = _LAYOUTS[frame.format]
        rows = np.frombuffer(frame.data, np.uint8, frame.pitch * frame.height).reshape(frame.height, frame.pitch)
        core = rows[:, : frame.width * frame.format.bytes_per_pixel].view(dtype)
        if rotation:
            core = np.rot90(core, rotation)
        height, width = core.shape[0] & ~1, core.shape[1] & ~1
        core = core[:height, :width]
        shape = (width, height, frame.format, rotation)
        if shape != self._shape:
            self._shape = shape
            self._source = av.VideoFrame(width, height, name)
            self._pixels = np.frombuffer(memoryview(self._source.planes[0]), dtype).reshape(height, -1)[:, :width]
        elif np.array_equal(self._pixels, core):
            return
        np.copyto(self._pixels, core)
        self._yuv = None

    def shot(self) -> Shot | None:
        """A copy of the picture, cropped and rotated; None before the core's first."""
        return Shot(self._pixels.copy(), self._source.format.name) if self._source is not None else None

    def yuv(self) -> av.VideoFrame | None:
        """The picture for the encoder, converted once; None before the core's first."""
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


class Allowance:
    """A leaky bucket: whether a stream stays below its rate, a quarter of a second's burst aside."""

    def __init__(self, kbps: int) -> None:
        self._bits_per_tick = kbps * 1000 / 90_000
        self._size = kbps * 250
        self._level = 0.0
        self._last = 0

    def take(self, size: int, timestamp: int) -> bool:
        """Count a frame of ``size`` bytes at an RTP timestamp; False if the bucket runs over."""
        leaked = (timestamp - self._last) * self._bits_per_tick
        self._level = max(0.0, self._level - leaked) + 8 * size
        self._last = timestamp
        return self._level <= self._size


class VideoEncoder:
    """A room's one encoder. ``encode`` gives the payloads of one frame, ready for RTP headers."""

    def __init__(self, codec: str, fps: Fraction, *, scale: int = 1, max_kbps: int = 6000) -> None:
        self.codec = codec
        self._fps = fps
        self._kbps = max_kbps
        self._picture = Picture(scale)
        self._pack = (H264Encoder if codec == H264 else Vp8Encoder)().pack
        self._context: av.VideoCodecContext | None = None
        self._settings: tuple[int, int, int, bool] | None = None
        self._allowance = Allowance(max_kbps)
        # VP8 has a target at any rate; for H.264 it costs a third more than a fixed quality, which small pictures can
        # afford: a limit is set when the stream turns out to need one, and then stays.
        self._limited = codec == VP8
        self._wanted = True
        self._urgent = False
        self._last_key: int | None = None
        self.keyframes = 0
        self.is_keyframe = False
        """Whether the last encoded frame is one."""

    def request_keyframe(self, *, urgent: bool = False) -> None:
        """The next frame that may be one is a key frame; ``urgent``: soon, for a viewer that has no picture yet."""
        self._urgent |= urgent
        self._wanted = True

    @property
    def keyframe_wanted(self) -> bool:
        """Whether somebody waits for one."""
        return self._wanted

    def shot(self) -> Shot | None:
        """A copy of the last picture; None before the core's first."""
        return self._picture.shot()

    def set_bitrate(self, kbps: int) -> None:
        """Limit the stream from the next frame on. The encoder is made anew, so this costs a key frame."""
        self._kbps = kbps
        self._limited = True

    def take(self, frame: Frame, rotation: int) -> None:
        """The core's new picture; without one, ``encode`` repeats the last."""
        self._picture.take(frame, rotation)

    def encode(self, timestamp: int) -> list[bytes]:
        """The RTP payloads of the frame at ``timestamp`` (90 kHz); none before the core's first picture."""
        yuv = self._picture.yuv()
        if yuv is None:
            return []
        settings = (yuv.width, yuv.height, self._kbps, self._limited)
        if self._context is None or settings != self._settings:
            self._context = _open_encoder(self.codec, yuv, self._fps, self._kbps if self._limited else None)
            self._settings = settings
            self._wanted, self._last_key = True, None
        yuv.pts = timestamp
        yuv.time_base = _TICK
        yuv.pict_type = PictureType.I if self._key_is_due(timestamp) else PictureType.NONE
        payloads: list[bytes] = []
        self.is_keyframe = False
        for packet in self._context.encode(yuv):
            self.is_keyframe |= packet.is_keyframe
            payloads += self._pack(packet)[0]
            self._limited |= not self._allowance.take(packet.size, timestamp)
        self.keyframes += self.is_keyframe
        return payloads

    def _key_is_due(self, timestamp: int) -> bool:
        interval = JOIN_INTERVAL if self._urgent else KEYFRAME_INTERVAL
        if not self._wanted or (self._last_key is not None and timestamp - self._last_key < interval):
            return False
        self._wanted = self._urgent = False
        self._last_key = timestamp
        return True


def _open_encoder(codec: str, yuv: av.VideoFrame, fps: Fraction, kbps: int | None) -> av.VideoCodecContext:
    """No look-ahead, no B frames, key frames on request only; one thread, for rooms share the cores among them.

    Without ``kbps`` the quality is fixed and the rate what it takes.
    """
    context: av.VideoCodecContext
    if codec == H264:
        context = av.CodecContext.create("libx264", "w")
        context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "baseline",
            "forced-idr": "1",  # or a forced key frame is a plain I-frame, from which no new viewer can start
            "x264-params": "keyint=infinite:scenecut=0",
            **({"qp": "18"} if kbps is None else {"crf": "20", **_ceiling(kbps)}),
        }
    else:
        context = av.CodecContext.create("libvpx", "w")
        context.gop_size = 1 << 30
        assert kbps is not None  # noqa: S101 (VP8 is always limited)
        context.bit_rate = kbps * 1000
        context.qmin, context.qmax = 4, 50
        context.options = {
            "deadline": "realtime",
            "cpu-used": "16",
            "lag-in-frames": "0",
            "crf": "14",
            **_ceiling(kbps),
        }
    context.width, context.height = yuv.width, yuv.height
    context.pix_fmt = "yuv420p"
    context.time_base = _TICK
    context.framerate = fps
    context.thread_count = 1
    return context


def _ceiling(kbps: int) -> dict[str, str]:
    """A buffer of a quarter of a second keeps a key frame from being a burst that fills the viewer's link."""
    return {"maxrate": f"{kbps}k", "bufsize": f"{kbps // 4}k"}
