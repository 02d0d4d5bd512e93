"""What players ask for, and what comes of it: a real core, pages that listen, a store in memory."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.worker.room.fakes import Page, Shelf, order, playing, sit_down, stored_on
from tests.worker.stand_ins.rooms import until
from worker.messages.storing import Stored
from worker.room.game.emulator import Emulator
from worker.room.input.inputs import Inputs
from worker.room.players.request_handler import MAX_OUTSTANDING, Console
from worker.room.players.viewers import Viewer, Viewers
from worker.room.saves.slots import Slots
from worker.room.wire.notices import Done, File, Message, Playback, Saves
from worker.room.wire.requests import MAX_FILE_BYTES, REQUESTS_PER_SECOND
from worker.room.wire.transfers import STALLED_SECONDS


@dataclass
class Stage:
    emulator: Emulator
    console: Console
    shelf: Shelf
    viewers: Viewers
    inputs: Inputs
    folder: Path
    now: float = 0.0

    def enter(self, name: str, seat: int | None, profile: str = "p") -> tuple[Viewer, Page]:
        return sit_down(self.viewers, self.inputs, name, seat, profile)

    def ask(self, viewer: Viewer, kind: str, **fields: Any) -> None:
        self.now += 1
        self.console.take(viewer, json.dumps({"type": kind, **fields}), self.now)

    async def state(self) -> bytes:
        return await asyncio.wrap_future(self.emulator.ask(lambda core: core.serialize()))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    inputs = Inputs()
    async with playing(order(tmp_path), inputs) as emulator:
        shelf, viewers = Shelf(), Viewers()
        slots = Slots(emulator, stored_on(shelf))
        console = Console("/games/Duel.echo", emulator, slots, viewers)
        yield Stage(emulator, console, shelf, viewers, inputs, tmp_path)
        await console.finish()


async def test_a_pause_is_everybody_s_and_said_to_all(stage: Stage) -> None:
    one, page = stage.enter("v1", 0)
    _, other = stage.enter("v2", None)
    stage.ask(one, "pause", paused=True)
    told = Playback(paused=True, by="Player 1")
    assert await page.expect(Playback) == await other.expect(Playback) == told == stage.console.playback()
    before = await stage.state()
    assert await stage.state() == before
    stage.ask(one, "pause", paused=True)
    assert page.notices == [], "nothing changed"
    stage.ask(one, "speed", factor=2)
    assert (await other.expect(Playback)).speed == 2


async def test_a_spectator_may_look_and_take_a_copy_and_no_more(stage: Stage) -> None:
    spectator, page = stage.enter("v1", None)
    stage.ask(spectator, "reset")
    refused = Done(request="reset", ok=False, message="Only players can do that. Take a seat first.")
    assert await page.expect(Done) == refused
    stage.ask(spectator, "list_saves")
    assert await page.expect(Saves) == Saves(slots=())
    stage.ask(spectator, "export", what="state")
    assert (await page.expect(Done)).ok
    assert page.files[0][0] == File(name="Duel.state", size=8)


async def test_without_a_profile_there_are_no_saves(stage: Stage) -> None:
    player, page = stage.enter("v1", 0, profile="")
    for kind, fields in (("save", {"slot": 1}), ("load", {"slot": 1}), ("list_saves", {})):
        stage.ask(player, kind, **fields)
        done = await page.expect(Done)
        assert (done.request, done.ok) == (kind, False)
        assert "profile" in done.message
    assert stage.shelf.asked == []


async def test_save_change_load(stage: Stage) -> None:
    one, page = stage.enter("v1", 0)
    _, other = stage.enter("v2", 1)
    stage.ask(one, "pause", paused=True)
    stage.ask(one, "save", slot=3)
    assert await page.expect(Done) == Done(request="save", ok=True, slot=3)
    assert [save.slot for save in (await page.expect(Saves)).slots] == [3]
    stage.ask(one, "pause", paused=False)
    frames = stage.emulator.counters.frames
    await until(lambda: stage.emulator.counters.frames > frames)
    stage.ask(one, "load", slot=3)
    assert await page.expect(Done) == Done(request="load", ok=True, slot=3)
    assert await other.expect(Message) == Message(text="Player 1 loaded a saved game.")
    stage.ask(one, "delete_save", slot=3, version="v0000")
    assert (await page.expect(Saves)).slots == ()
    stage.ask(one, "load", slot=3)
    failed = await page.expect(Done)
    while failed.ok:
        failed = await page.expect(Done)
    assert failed == Done(request="load", ok=False, slot=3, message="There is no save in this slot yet.")


async def test_a_store_that_is_down_is_said_and_what_waits_is_confirmed_later(stage: Stage) -> None:
    player, page = stage.enter("v1", 0)
    stage.ask(player, "list_saves")
    await page.expect(Saves)
    stage.shelf.error, stage.shelf.waiting = "The store is down; the save is kept and tried again.", True
    stage.ask(player, "save", slot=0)
    assert await page.expect(Done) == Done(request="save", ok=False, slot=0, message=stage.shelf.error)
    stage.shelf.answer(Stored(request=stage.shelf.asked[-1].request, version="v1"))  # type: ignore[union-attr]
    assert await page.expect(Done) == Done(request="save", ok=True, slot=0)


async def test_reset_begins_again_and_is_told(stage: Stage) -> None:
    player, page = stage.enter("v1", 2)
    _, other = stage.enter("v2", None)
    stage.ask(player, "import", what="state", size=8)
    stage.console.take_piece(player, (1 << 30).to_bytes(8, "little"), stage.now)
    assert await page.expect(Done) == Done(request="import", ok=True)
    assert int.from_bytes((await stage.state())[:4], "little") >= 1 << 30
    await other.expect(Message)
    stage.ask(player, "reset")
    assert (await page.expect(Done)).ok
    assert int.from_bytes((await stage.state())[:4], "little") < 1 << 30
    assert await other.expect(Message) == Message(text="Player 3 reset the game.")


async def test_rewind_ends_with_who_held_it(stage: Stage) -> None:
    player, page = stage.enter("v1", 0)
    stage.ask(player, "rewind", on=True)
    assert (await page.expect(Playback)).rewinding
    stage.console.forget(player)
    assert not (await page.expect(Playback)).rewinding
    stage.console.forget(player)
    assert page.notices == []


async def test_a_battery_memory_goes_out_and_comes_in(stage: Stage) -> None:
    player, page = stage.enter("v1", 0)
    stage.ask(player, "import", what="battery", size=64, name="Duel.srm")
    for piece in (b"\x09" + bytes(20), bytes(43)):
        stage.console.take_piece(player, piece, stage.now)
    assert await page.expect(Done) == Done(request="import", ok=True, message="The game was reset, to read it.")
    stage.ask(player, "export", what="battery")
    assert (await page.expect(Done)).ok
    assert page.files == [(File(name="Duel.srm", size=64), b"\x09" + bytes(63))]


async def test_a_state_that_the_core_refuses_loses_nothing(stage: Stage) -> None:
    player, page = stage.enter("v1", 0)
    stage.ask(player, "import", what="state", size=5)
    stage.console.take_piece(player, b"wrong", stage.now)
    done = await page.expect(Done)
    assert not done.ok
    assert done.message == "The core doesn't take this saved state; it is from another core, version or game."


async def test_files_that_are_too_large_too_long_or_not_announced(stage: Stage) -> None:
    player, page = stage.enter("v1", 0)
    other, page2 = stage.enter("v2", 1)
    stage.console.take_piece(player, b"nothing was announced", 0.0)
    stage.ask(player, "import", what="state", size=MAX_FILE_BYTES + 1)
    assert "too large" in (await page.expect(Done)).message
    stage.ask(player, "import", what="state", size=4)
    stage.ask(other, "import", what="state", size=4)
    assert "Somebody's file" in (await page2.expect(Done)).message
    stage.console.take_piece(other, b"not its turn", stage.now)
    stage.console.take_piece(player, b"longer", stage.now)
    assert "longer than" in (await page.expect(Done)).message
    stage.ask(player, "import", what="state", size=4)
    stage.now += STALLED_SECONDS
    stage.ask(other, "import", what="state", size=4)
    stage.console.forget(other)
    assert page2.notices == []


async def test_nonsense_and_floods_are_answered_once(stage: Stage) -> None:
    player, page = stage.enter("v1", 0)
    for text in ("", "{", '{"type":"fly"}'):
        stage.console.take(player, text, 1.0)
    assert len(page.notices) == 1
    player.complained = False
    for _ in range(2 * REQUESTS_PER_SECOND):
        stage.console.take(player, '{"type":"pause","paused":false}', 1.0)
    assert page.notices[1:] == [Message(text="This page asks for too much at once. Wait a moment.")]


async def test_no_viewer_has_many_requests_under_way(stage: Stage) -> None:
    player, page = stage.enter("v1", 0)
    stage.shelf.silent = True
    for _ in range(MAX_OUTSTANDING + 1):
        stage.ask(player, "list_saves")
    assert "still under way" in (await page.expect(Done)).message


async def test_a_frozen_game_takes_nothing_that_its_last_snapshot_would_lack(stage: Stage) -> None:
    player, page = stage.enter("v1", 0)
    data, frame = await asyncio.wrap_future(stage.emulator.freeze())
    assert data
    assert frame > 0
    stage.ask(player, "reset")
    assert "moving" in (await page.expect(Done)).message
