"""A small picture of a save, as a JPEG file. Not on the emulator's thread: it takes a millisecond or two."""

from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from worker.messages.storing import MAX_THUMBNAIL_BYTES

if TYPE_CHECKING:
    from worker.room.media.video import Shot

WIDTH: Final = 160
"""Pixels; the height follows the shape that the picture has on a screen."""
MAX_HEIGHT: Final = 240
QUANTIZERS: Final = (5, 31)
"""Of JPEG's 1 to 31: about 4 KB, and no blocks that catch the eye; and the coarsest, for pictures of noise."""


def jpeg(shot: "Shot", aspect: float) -> bytes:
    """The picture as JPEG, small enough to be stored; ``aspect`` is its width by its height as shown."""
    height, width = shot.pixels.shape
    source = av.VideoFrame(width, height, shot.layout)
    plane = np.frombuffer(memoryview(source.planes[0]), shot.pixels.dtype).reshape(height, -1)
    plane[:, :width] = shot.pixels
    small = VideoReformatter().reformat(
        source,
        width=WIDTH,
        height=max(2, min(MAX_HEIGHT, round(WIDTH / aspect))) & ~1,
        format="yuvj420p",
        interpolation=Interpolation.AREA,
        threads=1,
    )
    tries = (_encoded(small, quantizer) for quantizer in QUANTIZERS)
    return next((data for data in tries if len(data) <= MAX_THUMBNAIL_BYTES), b"")


def _encoded(picture: av.VideoFrame, quantizer: int) -> bytes:
    context = av.CodecContext.create("mjpeg", "w")
    assert isinstance(context, av.VideoCodecContext)  # noqa: S101 (narrows the declared type)
    context.width, context.height, context.pix_fmt = picture.width, picture.height, "yuvj420p"
    context.time_base = Fraction(1, 25)
    context.qmin = context.qmax = quantizer
    context.thread_count = 1
    return b"".join(bytes(packet) for packet in (*context.encode(picture), *context.encode(None)))
