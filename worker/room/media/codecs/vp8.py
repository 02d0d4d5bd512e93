"""VP8 by libvpx, packetized as RFC 7741 says."""

import av
from aiortc.codecs.vpx import Vp8Encoder

from .codec import Packetizer, VideoCodec, rate_ceiling

NEVER = 1 << 30
"""Frames from one key frame to the next of the encoder's own accord: more than a year of them."""


class VP8(VideoCodec):
    """VP8: for browsers without H.264."""

    name = "VP8"
    title = "VP8"
    encoder = "libvpx"
    always_limited = True  # libvpx has a target at any rate

    def configure(self, context: av.VideoCodecContext, kbps: int | None) -> None:
        """Set libvpx's options. Raises ValueError without a limit."""
        if kbps is None:
            raise ValueError("VP8 needs a bit rate")
        context.gop_size = NEVER
        context.bit_rate = kbps * 1000
        context.qmin, context.qmax = 4, 50
        context.options = {
            "deadline": "realtime",
            "cpu-used": "16",
            "lag-in-frames": "0",
            "crf": "14",
            **rate_ceiling(kbps),
        }

    def packetizer(self) -> Packetizer:
        """Make a packetizer; its payload descriptors count the pictures."""
        return Vp8Encoder().pack
