"""ChannelData, and streams that are cut anywhere."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.wire import channel, stun
from turn.wire.channel import Deframer
from turn.wire.errors import Malformed
from turn.wire.stun import Writer

numbers = st.integers(channel.FIRST_CHANNEL, channel.LAST_CHANNEL)
channel_data = st.builds(channel.encode, numbers, st.binary(max_size=60))
stun_messages = st.builds(
    lambda payload: Writer(stun.BINDING, stun.REQUEST, bytes(12)).add(0x8022, payload).finish(),
    st.binary(max_size=60),
)


@given(numbers, st.binary(max_size=1500), st.booleans())
def test_there_and_back(number: int, payload: bytes, padded: bool) -> None:
    data = channel.encode(number, payload, padded=padded)
    assert channel.decode(data) == (number, payload)
    assert channel.is_channel_data(data[0])
    assert not padded or len(data) % 4 == 0
    assert len(data) <= 4 + len(payload) + 3


@given(st.binary(max_size=40))
def test_any_datagram_is_channel_data_or_malformed(data: bytes) -> None:
    try:
        number, payload = channel.decode(data)
    except Malformed:
        return
    assert channel.FIRST_CHANNEL <= number <= channel.LAST_CHANNEL
    assert len(payload) <= len(data) - channel.HEADER


@pytest.mark.parametrize("data", [b"", b"\x40\x00\x00", b"\x3f\xff\x00\x00", b"\x80\x00\x00\x00", b"\x40\x00\x00\x01"])
def test_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        channel.decode(data)


@given(st.lists(st.one_of(channel_data, stun_messages), max_size=8), st.data())
def test_a_stream_may_be_cut_anywhere(frames: list[bytes], data) -> None:
    stream = b"".join(frame + bytes(-len(frame) % 4) for frame in frames)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=8)) | {0, len(stream)})
    deframer = Deframer()
    received = [bytes(frame) for start, end in pairwise(cuts) for frame in deframer.feed(stream[start:end])]
    assert received == frames
    assert deframer.held == 0


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_any_stream_is_frames_or_malformed_and_little_is_held(chunks: list[bytes]) -> None:
    deframer = Deframer(limit=256)
    try:
        for chunk in chunks:
            for frame in deframer.feed(chunk):
                assert channel.HEADER <= len(frame) <= 256
            assert deframer.held < 256
    except Malformed:
        return


@pytest.mark.parametrize(
    "start",
    [
        b"GET / HTTP/1.1\r\n",  # "G" is a channel's first byte, "T /" is too long for a stranger
        b"\x16\x03\x01\x02\x00\x01\x00\x01",  # TLS on a TCP port
        b"\x80\x00\x00\x00",
        b"\x00\x01\x00\x02",  # STUN's length is a multiple of 4
    ],
)
def test_what_is_neither_ends_the_stream(start: bytes) -> None:
    with pytest.raises(Malformed, match=r"neither|allowed"):
        Deframer().feed(start)


def test_a_stranger_cannot_make_us_hold_much() -> None:
    head = b"\x40\x00\xff\xff"
    with pytest.raises(Malformed, match="allowed"):
        Deframer().feed(head)
    trusted = Deframer(channel.MAX_FRAME)
    assert trusted.feed(head + bytes(65_534)) == []
    (frame,) = trusted.feed(bytes(2))
    assert len(frame) == 4 + 65_535


def test_whole_frames_are_not_copied() -> None:
    data = channel.encode(0x4000, b"abcd")
    (frame,) = Deframer().feed(data)
    assert frame.obj is data


def test_an_empty_read_changes_nothing() -> None:
    deframer = Deframer()
    assert deframer.feed(b"\x40") == []
    assert deframer.feed(b"") == []
    assert deframer.held == 1
