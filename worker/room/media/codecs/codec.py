"""The interface of a video codec: its names, its encoder's options and its RTP payload format.

``video.py`` decides which frames are encoded, when a key frame is due and when the bit rate changes.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, ClassVar, Final, cast

import av

VIDEO_CLOCK: Final = 90_000
"""Hz, of the RTP clock of every video codec."""

RTP_TICK: Final = Fraction(1, VIDEO_CLOCK)
"""Seconds."""

Packetizer = Callable[["av.Packet[Any]"], tuple[list[bytes], int]]
"""Split an encoded frame into RTP payloads of at most 1,300 bytes; beside them, its RTP timestamp."""


class VideoCodec(ABC):
    """One codec, without state: encoders and packetizers are made for each room."""

    name: ClassVar[str]
    """The encoding name of its RTP payload format, upper case, as in SDP; it is also the contract's name."""
    title: ClassVar[str]
    """The name for people."""
    encoder: ClassVar[str]
    """FFmpeg's name of the encoder."""
    fmtp: ClassVar[tuple[Mapping[str, str], ...]] = ({},)
    """The format parameters (SDP's ``a=fmtp``) that a room offers to send, one mapping for each payload type."""
    always_limited: ClassVar[bool] = False
    """Whether the encoder needs a bit rate from the first frame on; others begin with a fixed quality."""

    @abstractmethod
    def configure(self, context: av.VideoCodecContext, kbps: int | None) -> None:
        """Set the encoder's options: no look-ahead, no B frames.

        A frame whose ``pict_type`` is I has to become a key frame from which a new viewer can start, and no other frame
        may become one. ``kbps`` is the most that the stream may take; None stands for a fixed quality, whatever it
        takes, and comes only to codecs that are not ``always_limited``.
        """

    @abstractmethod
    def packetizer(self) -> Packetizer:
        """Make the packetizer of one stream; it may count its frames."""

    def open(self, width: int, height: int, fps: Fraction, kbps: int | None) -> av.VideoCodecContext:
        """Open an encoder for pictures of this size in pixels, in YUV 4:2:0. ``fps`` is the nominal frame rate.

        It has one thread, for the rooms of a machine share its cores among them. Raises FFmpegError.
        """
        context = cast(av.VideoCodecContext, av.CodecContext.create(self.encoder, "w"))
        self.configure(context, kbps)
        context.width, context.height = width, height
        context.pix_fmt = "yuv420p"
        context.time_base = RTP_TICK
        context.framerate = fps
        context.thread_count = 1
        return context


def rate_ceiling(kbps: int) -> dict[str, str]:
    """Return FFmpeg's options for a ceiling of the bit rate.

    A buffer of a quarter of a second keeps a key frame from being a burst that fills the viewer's link.
    """
    return {"maxrate": f"{kbps}k", "bufsize": f"{kbps // 4}k"}
