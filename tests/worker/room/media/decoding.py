"""A browser's side of a room's payloads: joins them into frames and decodes these, with one row for each codec."""

from collections.abc import Callable
from typing import Any

import av
import numpy as np
from aiortc.codecs.h264 import h264_depayload
from aiortc.codecs.vpx import vp8_depayload

DECODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "H264": ("h264", h264_depayload),
    "VP8": ("vp8", vp8_depayload),
}
"""By the codec's name: FFmpeg's decoder, and the function that makes a payload a piece of its input."""


def decode(codec: str, payloads: list[bytes]) -> np.ndarray[Any, Any]:
    """Decode the payloads of one or several frames from the first on; return the last picture, (height, width, 3)."""
    name, depayload = DECODERS[codec]
    decoder: Any = av.CodecContext.create(name, "r")
    data = b"".join(bytes(depayload(payload)) for payload in payloads)
    frames = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    return np.asarray(frames[-1].to_ndarray(format="rgb24"))
