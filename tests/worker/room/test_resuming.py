"""A room process from which others go on, and its players' requests over real connections."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.worker.room.room_process import LiveRoom
from tests.worker.room.test_process import pad, until_cell
from tests.worker.room.viewer import Viewer
from worker.messages.control import ChangeSeat, Close, Closed, Exit, FreezeGame, Opened, ThawGame
from worker.messages.storing import FinalSnapshot, Listed, ListSaves, Snapshot, Stored, StoreSave
from worker.room.game.snapshot_format import unseal


@asynccontextmanager
async def opened(folder: Path, viewers: int = 1, **more: Any) -> AsyncIterator[tuple[LiveRoom, list[Viewer]]]:
    """Open a room with viewers that are seated in order."""
    room, present = await LiveRoom(folder).start(), [Viewer() for _ in range(viewers)]
    try:
        offer = await present[0].offer()
        room.open("echo", offer, **more)
        await room.expect(Opened)
        for seat, viewer in enumerate(present):
            await room.let_in(f"v{seat}", viewer, seat, offer if seat == 0 else None)
        await asyncio.gather(*(viewer.ready() for viewer in present))
        yield room, present
    finally:
        for viewer in present:
            await viewer.close()
        await room.clean_up()


def ask(viewer: Viewer, kind: str, **fields: Any) -> None:
    """Send a request over the room channel."""
    viewer.room.send(json.dumps({"type": kind, **fields}))


def frames(state: bytes | memoryview) -> int:
    """Read the frame number that the echo core keeps in its state."""
    return int.from_bytes(bytes(state[:4]), "little")


async def test_a_frozen_room_goes_on_elsewhere_without_losing_a_frame(tmp_path: Path) -> None:
    async with opened(tmp_path) as (room, (viewer,)):
        await viewer.picture()
        room.send(FreezeGame())
        frozen = await room.expect(FinalSnapshot)
        room.send(Close())
        await room.expect(Closed)
    moment = unseal(frozen.data)[1]
    assert frames(moment.state) == moment.frame == frozen.frame > 0
    async with opened(tmp_path, snapshot=frozen.data) as (room, (viewer,)):
        await viewer.picture()
        room.send(FreezeGame())
        later = await room.expect(FinalSnapshot)
        assert later.frame > frozen.frame
        assert frames(unseal(later.data)[1].state) == later.frame
        room.send(ThawGame())
        ask(viewer, "pause", paused=True)
        while not (notice := await viewer.notices.get()).get("paused"):
            if notice["type"] == "done":  # it came before the room had thawed, and was refused
                ask(viewer, "pause", paused=True)


async def test_a_viewer_that_comes_back_hears_that_the_game_begins_anew(tmp_path: Path) -> None:
    async with opened(tmp_path, snapshot=b"nonsense", words="Its saves are away.") as (_, (viewer,)):
        said = (await viewer.notice("message"))["text"]
        assert said.startswith("The game could not go on where it was, so it begins anew: its last snapshot is damaged")
        assert said.endswith(". Its saves are away.")


async def test_a_room_opens_without_anybody_and_plays_when_somebody_comes(tmp_path: Path) -> None:
    room, viewer = await LiveRoom(tmp_path).start(), Viewer("VP8")
    try:
        room.open("echo", "", codec="VP8")
        assert (await room.expect(Opened)).codec == "VP8"
        await room.let_in("v1", viewer, 0)
        await viewer.picture()
    finally:
        await viewer.close()
        await room.clean_up()


async def test_a_room_that_is_left_keeps_all_and_rests_until_somebody_comes_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as (room, (viewer,)):
        await viewer.picture()
        room.send(Exit(viewer="v0"))
        await viewer.close()
        room.send(FreezeGame())
        left = await room.expect(FinalSnapshot)
        room.send(ThawGame())
        other = Viewer()
        await room.let_in("back", other, 0)
        await other.picture()
        room.send(FreezeGame())
        assert (await room.expect(FinalSnapshot)).frame > left.frame
        await other.close()


async def test_snapshots_come_by_themselves(tmp_path: Path) -> None:
    async with opened(tmp_path) as (room, _):
        first = await room.expect(Snapshot)
        second = await room.expect(Snapshot)
        assert second.frame - first.frame > 60
        assert frames(unseal(second.data)[1].state) == second.frame


async def test_a_viewer_changes_its_seat_without_a_new_connection(tmp_path: Path) -> None:
    async with opened(tmp_path) as (room, (viewer,)):
        viewer.input.send(pad(1, 1 << 3))
        await asyncio.wait_for(until_cell(viewer, 0, 3, white=True), 10)
        assert (await viewer.notice("controls"))["buttons"]
        room.send(ChangeSeat(viewer="v0", seat=1))
        await asyncio.wait_for(until_cell(viewer, 0, 3, white=False), 10)
        assert await viewer.notice("controls") == {"type": "controls", "buttons": {}}
        viewer.input.send(pad(2, 1 << 3))
        await asyncio.wait_for(until_cell(viewer, 1, 3, white=True), 10)
        room.send(ChangeSeat(viewer="v0", seat=None))
        await asyncio.wait_for(until_cell(viewer, 1, 3, white=False), 10)


async def test_a_save_goes_to_the_agent_and_its_answer_to_the_page(tmp_path: Path) -> None:
    async with opened(tmp_path) as (room, (viewer,)):
        ask(viewer, "save", slot=1)
        assert "profile" in (await viewer.notice("done"))["message"]
        other = Viewer()
        await room.let_in("v9", other, 2, profile="p")
        room.send(Listed(request=(await room.expect(ListSaves)).request))
        assert (await other.notice("saves"))["slots"] == []
        ask(other, "save", slot=1)
        save = await room.expect(StoreSave)
        assert (save.profile, save.slot) == ("p", 1)
        room.send(Stored(request=save.request, version="v"))
        room.send(Listed(request=(await room.expect(ListSaves)).request))
        assert (await other.notice("done"))["ok"]
        await other.close()


async def test_a_file_comes_in_pieces_of_the_room_channel(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, (viewer,)):
        ask(viewer, "export", what="battery")
        notice = await viewer.notice("file")
        assert notice == {"type": "file", "name": "Game.srm", "size": 64}
        assert len(await asyncio.wait_for(viewer.pieces.get(), 10)) == 64
        assert (await viewer.notice("done"))["ok"]
        ask(viewer, "import", what="battery", size=64)
        viewer.room.send(b"\x07" + bytes(63))
        assert await viewer.notice("done") == {
            "type": "done",
            "request": "import",
            "ok": True,
            "slot": None,
            "message": "The game was reset, to read it.",
        }


async def test_a_viewer_that_comes_during_a_pause_sees_the_picture(tmp_path: Path) -> None:
    async with opened(tmp_path) as (room, (first,)):
        await first.picture()
        ask(first, "pause", paused=True)
        for number in range(3):
            viewer = Viewer()
            await room.let_in(f"c{number}", viewer, None)
            assert (await asyncio.wait_for(viewer.picture(), 20)).shape == (112, 128)
            assert (await viewer.notice("playback"))["by"] == "Player 1"
            room.send(Exit(viewer=f"c{number}"))
            await viewer.close()
