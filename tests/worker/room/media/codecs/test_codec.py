"""The table of codecs against the contract, and what every codec's encoder and packetizer have to hold to."""

import re
from fractions import Fraction
from pathlib import Path
from typing import get_args

import av
import numpy as np
import pytest
from av.video.frame import PictureType

from coordinator.messages import Codec
from worker.room.media.codecs import CODECS, PREFERRED, VideoCodec
from worker.room.media.codecs.codec import RTP_TICK, rate_ceiling

every_codec = pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS.keys())

KBPS = 2000
SETTINGS = Path(__file__).parents[5] / "web" / "core" / "session" / "settings.js"


def pictures(count: int) -> list[av.VideoFrame]:
    """Noise, each frame another."""
    noise = np.random.default_rng(1)
    return [
        av.VideoFrame.from_ndarray(noise.integers(0, 256, (72, 64), np.uint8), format="yuv420p") for _ in range(count)
    ]


def test_the_table_has_the_codecs_of_the_contract_and_no_others() -> None:
    assert set(CODECS) == set(get_args(Codec)) - {""}
    assert all(name == codec.name == name.upper() for name, codec in CODECS.items())


def test_the_page_lets_its_player_choose_each_of_them() -> None:
    [row] = re.findall(r"export const CODECS = Object\.freeze\(\{ (.+) \}\);", SETTINGS.read_text(encoding="utf-8"))
    assert dict(re.findall(r'(\w+): "([^"]+)"', row)) == {
        "auto": "Automatic",
        **{name.lower(): codec.title for name, codec in CODECS.items()},
    }
    assert PREFERRED.name == "H264"


@every_codec
def test_key_frames_come_when_they_are_asked_for_and_at_no_other_time(codec: VideoCodec) -> None:
    context = codec.open(64, 48, Fraction(60), KBPS)
    keys = []
    for index, picture in enumerate(pictures(8)):
        picture.pts, picture.time_base = index * 1500, RTP_TICK
        picture.pict_type = PictureType.I if index in (0, 5) else PictureType.NONE
        (packet,) = context.encode(picture)
        keys.append(packet.is_keyframe)
    assert [index for index, key in enumerate(keys) if key] == [0, 5]


@every_codec
def test_an_encoder_has_one_thread_and_the_size_and_rate_that_were_asked_for(codec: VideoCodec) -> None:
    context = codec.open(64, 48, Fraction(60), KBPS)
    assert (context.width, context.height, context.framerate, context.thread_count) == (64, 48, 60, 1)
    assert context.name == codec.encoder


@every_codec
def test_payloads_of_the_largest_frame_fit_a_packet_and_have_its_time(codec: VideoCodec) -> None:
    context, packetize = codec.open(640, 480, Fraction(60), KBPS), codec.packetizer()
    noise = np.random.default_rng(1).integers(0, 256, (720, 640), np.uint8)
    picture = av.VideoFrame.from_ndarray(noise, format="yuv420p")
    picture.pts, picture.time_base = 4500, RTP_TICK
    for packet in context.encode(picture):
        payloads, timestamp = packetize(packet)
        assert timestamp == 4500
        assert len(payloads) > 1
        assert max(map(len, payloads)) <= 1300


def test_the_ceiling_has_a_buffer_of_a_quarter_of_a_second() -> None:
    assert rate_ceiling(1000) == {"maxrate": "1000k", "bufsize": "250k"}
