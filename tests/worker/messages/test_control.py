"""The agent's and the room's messages over a stream."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.messages import Candidate
from worker.messages import control, storing

AGENT = [
    control.Open(
        room="r", core="/c.so", game=None, system_directory="/s", save_directory="/v", offer="v=0", options={"a": "b"}
    ),
    control.Enter(viewer="v", seat=None, offer="v=0"),
    control.ChangeSeat(viewer="v", seat=2),
    control.AddCandidate(viewer="v", candidate=Candidate(candidate="candidate:1")),
    control.Exit(viewer="v"),
    control.Close(),
    control.FreezeGame(),
    control.ThawGame(),
    storing.Stored(request=1, error="It waits.", waiting=True),
    storing.Fetched(request=2, version="v", data=b"state"),
    storing.Listed(request=3, saves=(storing.Save(slot=0, version="v", time=1, core="c", core_version="1"),)),
    storing.Deleted(request=4),
    storing.StoreState(message=""),
]
ROOM = [
    control.Ready(),
    control.Opened(codec="H264"),
    control.Answer(viewer="v", answer="v=0"),
    control.TurnedAway(viewer="v", code="c", message="m"),
    control.Left(viewer="v"),
    control.Closed(code="c", message="m"),
    control.Figures(
        frames=1,
        late_frames=0,
        run_seconds=0.1,
        encode_seconds=0.1,
        video_bytes=1,
        audio_bytes=1,
        keyframes=1,
        fps=60.1,
        bitrate=1e6,
        viewers=(control.ViewerFigures(viewer="v", rtt_seconds=0.01, loss=0.0),),
    ),
    storing.Snapshot(data=b"state", frame=1),
    storing.FinalSnapshot(data=b"state", frame=2),
    storing.StoreSave(request=1, profile="p", slot=0, data=b"state", thumbnail=b"png", based_on="v"),
    storing.FetchSave(request=2, profile="p", slot=storing.AUTO_SLOT),
    storing.ListSaves(request=3, profile="p"),
    storing.DeleteSave(request=4, profile="p", slot=9, version="v"),
    storing.StoreBattery(request=5, data=bytes(8192)),
]


def stream(*chunks: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    for chunk in chunks:
        reader.feed_data(chunk)
    reader.feed_eof()
    return reader


async def test_messages_come_back_whole_one_byte_at_a_time() -> None:
    data = b"".join(map(control.frame, AGENT))
    reader = stream(*(data[i : i + 1] for i in range(len(data))))
    assert [await control.read_agent_message(reader) for _ in AGENT] == AGENT
    assert await control.read_agent_message(reader) is None
    reader = stream(*map(control.frame, ROOM))
    assert [await control.read_room_message(reader) for _ in ROOM] == ROOM


async def test_the_largest_open_fits() -> None:
    opening = control.Open(
        room="r",
        core="/c.so",
        game=None,
        system_directory="/s",
        save_directory="/v",
        offer="o" * (64 << 10),
        snapshot=bytes(storing.MAX_STATE_BYTES),
        battery=bytes(storing.MAX_BATTERY_BYTES),
    )
    assert await control.read_agent_message(stream(control.frame(opening))) == opening


async def test_a_slot_that_does_not_exist_is_refused() -> None:
    wrong = storing.FetchSave(request=1, profile="p", slot=storing.AUTO_SLOT + 1)
    with pytest.raises(ValueError, match="slot"):
        await control.read_room_message(stream(control.frame(wrong)))


@pytest.mark.parametrize(
    "data",
    [b"\xff\xff\xff\xff", b"\x00\x00\x00\x01\xc1", control.frame(control.Close())],
    ids=["long", "junk", "agent"],
)
async def test_what_is_no_room_message_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="control message"):
        await control.read_room_message(stream(data))


@given(st.binary(max_size=64))
def test_any_bytes_are_messages_an_end_or_a_value_error(data: bytes) -> None:
    async def read() -> Any:
        return await control.read_room_message(stream(data))

    try:
        assert asyncio.run(read()) is None or len(data) > 4
    except ValueError:
        assert len(data) >= 4
