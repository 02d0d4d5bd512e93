"""H.264 as a room sends it: baseline, in key frames from which a newcomer can start, of a fixed quality or limited."""

from fractions import Fraction

import av
import numpy as np
from av.video.frame import PictureType

from worker.room.media.codecs.codec import RTP_TICK
from worker.room.media.codecs.h264 import H264

SPS, PPS, IDR = 7, 8, 5
"""NAL unit types, ITU-T H.264 table 7-1."""


def encoded(kbps: int | None, count: int = 1) -> list[bytes]:
    """Encode noise, of which every frame is to be a key frame."""
    context = H264().open(64, 48, Fraction(60), kbps)
    noise = np.random.default_rng(1)
    data = []
    for index in range(count):
        picture = av.VideoFrame.from_ndarray(noise.integers(0, 256, (72, 64), np.uint8), format="yuv420p")
        picture.pts, picture.time_base, picture.pict_type = index * 1500, RTP_TICK, PictureType.I
        data += [bytes(packet) for packet in context.encode(picture)]
    return data


def units(frame: bytes) -> list[bytes]:
    """Split a frame at its start codes (ITU-T H.264 annex B)."""
    return [unit.rstrip(b"\0") for unit in frame.split(b"\0\0\1")[1:]]


def test_each_key_frame_brings_its_parameter_sets_and_an_idr_picture() -> None:
    for frame in encoded(None, 2):
        assert {SPS, PPS, IDR} <= {unit[0] & 0x1F for unit in units(frame)}


def test_the_profile_is_constrained_baseline_as_the_offer_says() -> None:
    (frame,) = encoded(None)
    (sps,) = (unit for unit in units(frame) if unit[0] & 0x1F == SPS)
    assert sps[1] == 0x42
    assert sps[2] & 0x40, "constraint_set1_flag"
    assert {parameters["profile-level-id"][:2] for parameters in H264.fmtp} == {"42"}


def test_a_fixed_quality_takes_what_noise_needs_and_a_limit_does_not() -> None:
    assert sum(map(len, encoded(200, 30))) < sum(map(len, encoded(None, 30))) / 2
