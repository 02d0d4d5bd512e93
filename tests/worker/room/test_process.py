"""The room process as its agent sees it, with real viewers: aiortc on the far side, a real core within."""

import asyncio
import os
import signal
import socket
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.worker.room.room_process import LiveRoom
from tests.worker.room.viewer import Viewer
from worker.messages.control import Close, Closed, Enter, Exit, Left, Opened, TurnedAway
from worker.messages.storing import Snapshot, StoreBattery
from worker.room.media.sockets import MediaSockets
from worker.room.process import MAX_UNSENT, OOM_SCORE, AgentConnection

Rooms = Callable[[], Awaitable[LiveRoom]]
Viewers = Callable[..., Viewer]


@pytest.fixture
async def new_room(tmp_path: Path) -> AsyncIterator[Rooms]:
    rooms = []

    async def start() -> LiveRoom:
        rooms.append(await LiveRoom(tmp_path).start())
        return rooms[-1]

    yield start
    for room in rooms:
        await room.clean_up()


@pytest.fixture
async def new_viewer() -> AsyncIterator[Viewers]:
    viewers = []

    def make(codec: str | None = None) -> Viewer:
        viewers.append(Viewer(codec))
        return viewers[-1]

    yield make
    for viewer in viewers:
        await viewer.close()


async def playing(room: LiveRoom, viewer: Viewer, core: str = "echo", **more: Any) -> None:
    """Open a room with its first viewer in seat 0."""
    offer = await viewer.offer()
    room.open(core, offer, **more)
    await room.expect(Opened)
    await room.let_in("v1", viewer, 0, offer)


def pad(sequence: int, buttons: int) -> bytes:
    """Build a pad datagram with one state."""
    return struct.pack("<BBHIH6h", 1, 1, 0, sequence, buttons, 0, 0, 0, 0, 0, 0)


async def until_cell(viewer: Viewer, row: int, column: int, *, white: bool) -> None:
    """Watch until one of the echo core's 8x8 cells is white, or black."""
    while (await viewer.picture())[8 * row + 4, 8 * column + 4] > 128 != white:
        pass


def oom_score_of(pid: int) -> int:
    """Read how early the kernel ends a process when memory runs out."""
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_a_press_is_seen_in_the_stream_and_confirmed(new_room: Rooms, new_viewer: Viewers, codec: str) -> None:
    room, viewer = await new_room(), new_viewer(codec)
    await playing(room, viewer)
    assert (await viewer.picture()).shape == (112, 128)
    await viewer.ready()
    viewer.input.send(pad(1, 1 << 8))
    await asyncio.wait_for(until_cell(viewer, 0, 8, white=True), 10)
    kind, _, _, sequence, _ = struct.unpack("<BBHII", await viewer.datagrams.get())
    assert (kind, sequence) == (129, 1)
    viewer.input.send(pad(2, 0))
    await asyncio.wait_for(until_cell(viewer, 0, 8, white=False), 10)
    assert await room.end() == 0


async def test_the_page_is_told_of_the_picture_and_the_controls_and_its_ping_comes_back(
    new_room: Rooms, new_viewer: Viewers
) -> None:
    room, viewer = await new_room(), new_viewer()
    await playing(room, viewer)
    picture = await viewer.notice("picture")
    assert (picture["width"], picture["height"]) == (128, 112)
    assert await viewer.notice("controls") == {
        "type": "controls",
        "buttons": {"0": "Weak rumble", "8": "Strong rumble, high beep"},
    }
    playback = await viewer.notice("playback")
    assert playback == {"type": "playback", "paused": False, "by": "", "speed": 1, "rewinding": False}
    await viewer.ready()
    ping = struct.pack("<BBHI", 9, 0, 0, 77)
    viewer.input.send(ping)
    assert await viewer.datagrams.get() == ping
    viewer.input.send(pad(1, 1 << 8))
    assert await viewer.notice("rumble") == {"type": "rumble", "strong": 0xFFFF, "weak": 0}


async def test_a_second_viewer_gets_a_key_frame_at_once_and_its_own_port(new_room: Rooms, new_viewer: Viewers) -> None:
    room, first, second = await new_room(), new_viewer(), new_viewer()
    await playing(room, first)
    await first.picture()
    await room.let_in("v2", second, 1)
    await second.picture()
    await second.ready()
    second.input.send(pad(1, 1 << 3))
    await asyncio.wait_for(until_cell(first, 1, 3, white=True), 10)
    room.send(Exit(viewer="v2"))
    await asyncio.wait_for(until_cell(first, 1, 3, white=False), 10)


async def test_a_viewer_who_cannot_decode_the_stream_is_told_so(new_room: Rooms, new_viewer: Viewers) -> None:
    room, first, second = await new_room(), new_viewer("H264"), new_viewer("VP8")
    await playing(room, first)
    room.send(Enter(viewer="v2", seat=1, offer=await second.offer()))
    refused = await room.expect(TurnedAway)
    assert (refused.viewer, refused.code) == ("v2", "codec_unsupported")
    assert "H264" in refused.message
    await first.picture()


async def test_nonsense_on_the_channels_is_answered_once_and_harms_nobody(new_room: Rooms, new_viewer: Viewers) -> None:
    room, viewer = await new_room(), new_viewer()
    await playing(room, viewer)
    await viewer.ready()
    for junk in (b"", b"\x01", b"\xff" * 8, os.urandom(1000), b"\x01" * 60000, "text", pad(1, 1)[:-1]):
        viewer.input.send(junk)
        viewer.room.send(junk)
    assert "can't read" in (await viewer.notice("message"))["text"]
    viewer.input.send(pad(1, 1))
    await asyncio.wait_for(until_cell(viewer, 0, 0, white=True), 10)


@pytest.mark.parametrize("offer", ["v=0", "nonsense", "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"])
async def test_an_offer_that_cannot_be_answered_closes_the_room_with_a_sentence(new_room: Rooms, offer: str) -> None:
    room = await new_room()
    room.open("echo", offer)
    closed = await room.expect(Closed)
    assert closed.code in ("bad_offer", "codec_unsupported")
    assert closed.message.endswith(".")
    assert await asyncio.wait_for(room.process.wait(), 10) == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"core": "/nowhere/none_libretro.so"}, "core_missing"),
        ({"game": "/nowhere/none.echo"}, "game_unreadable"),
        ({"core": sys.executable}, "core_failed"),
    ],
)
async def test_what_cannot_be_loaded_closes_the_room_with_a_sentence(
    new_room: Rooms, new_viewer: Viewers, change: dict[str, str], code: str
) -> None:
    room, viewer = await new_room(), new_viewer()
    offer = await viewer.offer()
    room.open("echo", offer, **change)
    room.send(Enter(viewer="v1", seat=0, offer=offer))
    closed = await room.expect(Closed)
    assert closed.code == code
    assert closed.message[0].isupper()
    assert closed.message.endswith(".")


@pytest.mark.parametrize("while_it_is", ["", "SAVING", "LEAVING"])
async def test_a_core_that_hangs_is_noticed(new_room: Rooms, new_viewer: Viewers, while_it_is: str) -> None:
    room, viewer = await new_room(), new_viewer()
    await playing(room, viewer, "hang", define=while_it_is)
    closed = await room.expect(Closed)
    assert closed.code == "core_hung"
    assert (await viewer.notice("ended"))["code"] == "core_hung"
    assert await asyncio.wait_for(room.process.wait(), 10) == 0


async def test_a_room_goes_before_its_agent_when_memory_runs_out(new_room: Rooms) -> None:
    room = await new_room()
    assert oom_score_of(room.process.pid) >= OOM_SCORE


async def test_nothing_piles_up_for_an_agent_that_stands_still() -> None:
    near, far = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=near)
    connection = AgentConnection(reader, writer, MediaSockets(far))
    for number in range(100):
        connection._send(Snapshot(data=bytes(MAX_UNSENT), frame=number))
    assert writer.transport.get_write_buffer_size() <= 3 * MAX_UNSENT
    connection._send(Closed(code="closed", message="Sent all the same."))
    writer.transport.abort()
    far.close()


async def test_a_core_that_crashes_takes_its_own_process_alone(new_room: Rooms, new_viewer: Viewers) -> None:
    room, viewer = await new_room(), new_viewer()
    await playing(room, viewer, "crash")
    assert await asyncio.wait_for(room.process.wait(), 20) == -signal.SIGSEGV


async def test_a_viewer_who_vanishes_leaves_and_the_room_goes_on(new_room: Rooms, new_viewer: Viewers) -> None:
    room, first, second = await new_room(), new_viewer(), new_viewer()
    await playing(room, first)
    await room.let_in("v2", second, 1)
    await second.picture()
    await second.close()
    assert (await room.expect(Left)).viewer == "v2"
    await first.picture()


async def test_battery_memory_outlives_the_room(new_room: Rooms, new_viewer: Viewers) -> None:
    room, viewer = await new_room(), new_viewer()
    await playing(room, viewer)
    await viewer.ready()
    viewer.input.send(pad(1, 1 << 3))
    await asyncio.wait_for(until_cell(viewer, 0, 3, white=True), 10)
    room.send(Close())
    assert (await room.expect(StoreBattery)).data[0] > 0
    await room.expect(Closed)


async def test_the_figures_tell_of_the_stream(new_room: Rooms, new_viewer: Viewers) -> None:
    room, viewer = await new_room(), new_viewer()
    await playing(room, viewer)
    for _ in range(120):
        await viewer.picture()
    room.send(Exit(viewer="v1"))
    await room.end()
    figures = room.figures[-1]
    assert figures.frames >= 50
    assert figures.keyframes >= 1
    assert figures.video_bytes > 0
    assert figures.audio_bytes > 0
    assert figures.run_seconds + figures.encode_seconds > 0


async def test_the_process_ends_when_its_agent_is_gone(new_room: Rooms) -> None:
    room = await new_room()
    room.hang_up()
    assert await asyncio.wait_for(room.process.wait(), 10) == 0
