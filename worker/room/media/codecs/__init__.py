"""The video codecs that a room can encode: one file for each, and the table of them all.

A new codec is a file here with a ``VideoCodec``, its place in ``CODECS``, and its name in the contract
(``coordinator.messages.Codec``). Nothing else in a room knows a codec by its name.
"""

from collections.abc import Mapping
from typing import Final

from .codec import VideoCodec
from .h264 import H264
from .vp8 import VP8

__all__ = ["CODECS", "PREFERRED", "VideoCodec"]

CODECS: Final[Mapping[str, VideoCodec]] = {codec.name: codec for codec in (H264(), VP8())}
"""Codecs by the name that the contract gives them, in the order of preference: H.264 costs half of VP8 to encode and is
decoded in hardware more often."""

PREFERRED: Final[VideoCodec] = next(iter(CODECS.values()))
"""The codec of a room whose order and whose first viewer name none."""
