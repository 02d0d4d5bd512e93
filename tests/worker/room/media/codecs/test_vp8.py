"""VP8 as a room sends it: with a bit rate from the start, and pictures that are counted."""

from fractions import Fraction

import av
import numpy as np
import pytest
from aiortc.codecs.vpx import VpxPayloadDescriptor

from worker.room.media.codecs.codec import RTP_TICK
from worker.room.media.codecs.vp8 import VP8


def test_it_is_never_opened_without_a_bit_rate() -> None:
    assert VP8.always_limited
    with pytest.raises(ValueError, match="needs a bit rate"):
        VP8().open(64, 48, Fraction(60), None)


def test_the_bit_rate_is_the_encoders_target() -> None:
    assert VP8().open(64, 48, Fraction(60), 800).bit_rate == 800_000


def test_payloads_of_one_picture_have_one_number_and_those_of_the_next_the_next() -> None:
    context, packetize = VP8().open(640, 480, Fraction(60), 6000), VP8().packetizer()
    noise = np.random.default_rng(1)
    numbers = []
    for index in range(2):
        picture = av.VideoFrame.from_ndarray(noise.integers(0, 256, (720, 640), np.uint8), format="yuv420p")
        picture.pts, picture.time_base = index * 1500, RTP_TICK
        payloads = [payload for packet in context.encode(picture) for payload in packetize(packet)[0]]
        descriptors = [VpxPayloadDescriptor.parse(payload)[0] for payload in payloads]
        assert [descriptor.partition_start for descriptor in descriptors] == [1] + [0] * (len(descriptors) - 1)
        (number,) = {descriptor.picture_id for descriptor in descriptors}
        assert number is not None
        numbers.append(number)
    assert numbers[1] == (numbers[0] + 1) % (1 << 15)
