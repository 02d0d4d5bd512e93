"""What a browser does with a room's payloads: put together what packets carry, and decode it. One entry a codec."""

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
"""By the codec's name: FFmpeg's decoder, and what makes a payload a piece of its input."""


class Decoder:
    """Decodes payloads as a browser would."""

    def __init__(self, codec: str) -> None:
        name, self._depayload = DECODERS[codec]
        self._context: Any = av.CodecContext.create(name, "r")

    def decode(self, payloads: list[bytes]) -> np.ndarray[Any, Any]:
        """Return the last picture that the payloads complete, shape (height, width, 3)."""
        data = b"".join(bytes(self._depayload(payload)) for payload in payloads)
        frames = [*self._context.decode(av.Packet(data))]
        return np.asarray(frames[-1].to_ndarray(format="rgb24"))
