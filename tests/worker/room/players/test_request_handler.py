"""Players' requests and their answers: a real core, peers that record, a store in memory."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.worker.room.fakes import FakeStore, RecordingPeer, order, playing, sit_down, storage_on
from tests.worker.stand_ins.rooms import until
from worker.messages.storing import Stored
from worker.room.game.emulator import Emulator
from worker.room.input.ports import InputPorts
from worker.room.players.request_handler import MAX_OUTSTANDING, RequestHandler
from worker.room.players.viewers import Viewer, Viewers
from worker.room.saves.slots import Slots
from worker.room.wire import requests
from worker.room.wire.notices import Done, File, Message, Playback, Saves
from worker.room.wire.requests import MAX_FILE_BYTES, REQUESTS_PER_SECOND
from worker.room.wire.transfers import STALLED_SECONDS


@dataclass
class LiveGame:
    """A running game with its request handler, viewers and store. ``now`` goes on by a second with each request."""

    emulator: Emulator
    handler: RequestHandler
    store: FakeStore
    viewers: Viewers
    inputs: InputPorts
    folder: Path
    now: float = 0.0

    def enter(self, name: str, seat: int | None, profile: str = "p") -> tuple[Viewer, RecordingPeer]:
        """Add a viewer in a seat."""
        return sit_down(self.viewers, self.inputs, name, seat, profile)

    def ask(self, viewer: Viewer, kind: str, **fields: Any) -> None:
        """Send a request from a viewer\'s page."""
        self.now += 1
        self.handler.handle(viewer, json.dumps({"type": kind, **fields}), self.now)

    async def state(self) -> bytes:
        """Return the game\'s state now."""
        return await asyncio.wrap_future(self.emulator.ask(lambda core: core.serialize()))


@pytest.fixture
async def game(tmp_path: Path) -> AsyncIterator[LiveGame]:
    inputs = InputPorts()
    async with playing(order(tmp_path), inputs) as emulator:
        store, viewers = FakeStore(), Viewers()
        slots = Slots(emulator, storage_on(store))
        handler = RequestHandler("/games/Duel.echo", emulator, slots, viewers)
        yield LiveGame(emulator, handler, store, viewers, inputs, tmp_path)
        await handler.close()


async def test_a_pause_is_everybody_s_and_said_to_all(game: LiveGame) -> None:
    one, page = game.enter("v1", 0)
    _, other = game.enter("v2", None)
    game.ask(one, "pause", paused=True)
    told = Playback(paused=True, by="Player 1")
    assert await page.expect(Playback) == await other.expect(Playback) == told == game.handler.playback()
    before = await game.state()
    assert await game.state() == before
    game.ask(one, "pause", paused=True)
    assert page.notices == [], "nothing changed"
    game.ask(one, "speed", factor=2)
    assert (await other.expect(Playback)).speed == 2


async def test_a_spectator_may_look_and_take_a_copy_and_no_more(game: LiveGame) -> None:
    spectator, page = game.enter("v1", None)
    game.ask(spectator, "reset")
    refused = Done(request="reset", ok=False, message="Only players can do that. Take a seat first.")
    assert await page.expect(Done) == refused
    game.ask(spectator, "list_saves")
    assert await page.expect(Saves) == Saves(slots=())
    game.ask(spectator, "export", what="state")
    assert (await page.expect(Done)).ok
    assert page.files[0][0] == File(name="Duel.state", size=8)


async def test_without_a_profile_there_are_no_saves(game: LiveGame) -> None:
    player, page = game.enter("v1", 0, profile="")
    for kind, fields in (("save", {"slot": 1}), ("load", {"slot": 1}), ("list_saves", {})):
        game.ask(player, kind, **fields)
        done = await page.expect(Done)
        assert (done.request, done.ok) == (kind, False)
        assert "profile" in done.message
    assert game.store.asked == []


async def test_save_change_load(game: LiveGame) -> None:
    one, page = game.enter("v1", 0)
    _, other = game.enter("v2", 1)
    game.ask(one, "pause", paused=True)
    game.ask(one, "save", slot=3)
    assert await page.expect(Done) == Done(request="save", ok=True, slot=3)
    assert [save.slot for save in (await page.expect(Saves)).slots] == [3]
    game.ask(one, "pause", paused=False)
    frames = game.emulator.counters.frames
    await until(lambda: game.emulator.counters.frames > frames)
    game.ask(one, "load", slot=3)
    assert await page.expect(Done) == Done(request="load", ok=True, slot=3)
    assert await other.expect(Message) == Message(text="Player 1 loaded a saved game.")
    game.ask(one, "delete_save", slot=3, version="v0000")
    assert (await page.expect(Saves)).slots == ()
    game.ask(one, "load", slot=3)
    failed = await page.expect(Done)
    while failed.ok:
        failed = await page.expect(Done)
    assert failed == Done(request="load", ok=False, slot=3, message="There is no save in this slot yet.")


async def test_a_store_that_is_down_is_said_and_what_waits_is_confirmed_later(game: LiveGame) -> None:
    player, page = game.enter("v1", 0)
    game.ask(player, "list_saves")
    await page.expect(Saves)
    game.store.error, game.store.waiting = "The store is down; the save is kept and tried again.", True
    game.ask(player, "save", slot=0)
    assert await page.expect(Done) == Done(request="save", ok=False, slot=0, message=game.store.error)
    game.store.answer(Stored(request=game.store.asked[-1].request, version="v1"))  # type: ignore[union-attr]
    assert await page.expect(Done) == Done(request="save", ok=True, slot=0)


async def test_reset_begins_again_and_is_told(game: LiveGame) -> None:
    player, page = game.enter("v1", 2)
    _, other = game.enter("v2", None)
    game.ask(player, "import", what="state", size=8)
    game.handler.handle_piece(player, (1 << 30).to_bytes(8, "little"), game.now)
    assert await page.expect(Done) == Done(request="import", ok=True)
    assert int.from_bytes((await game.state())[:4], "little") >= 1 << 30
    await other.expect(Message)
    game.ask(player, "reset")
    assert (await page.expect(Done)).ok
    assert int.from_bytes((await game.state())[:4], "little") < 1 << 30
    assert await other.expect(Message) == Message(text="Player 3 reset the game.")


async def test_rewind_ends_with_the_viewer_that_held_it(game: LiveGame) -> None:
    player, page = game.enter("v1", 0)
    game.ask(player, "rewind", on=True)
    assert (await page.expect(Playback)).rewinding
    game.handler.forget(player)
    assert not (await page.expect(Playback)).rewinding
    game.handler.forget(player)
    assert page.notices == []


async def test_a_battery_memory_goes_out_and_comes_in(game: LiveGame) -> None:
    player, page = game.enter("v1", 0)
    game.ask(player, "import", what="battery", size=64, name="Duel.srm")
    for piece in (b"\x09" + bytes(20), bytes(43)):
        game.handler.handle_piece(player, piece, game.now)
    assert await page.expect(Done) == Done(request="import", ok=True, message="The game was reset, to read it.")
    game.ask(player, "export", what="battery")
    assert (await page.expect(Done)).ok
    assert page.files == [(File(name="Duel.srm", size=64), b"\x09" + bytes(63))]


async def test_a_state_that_the_core_refuses_loses_nothing(game: LiveGame) -> None:
    player, page = game.enter("v1", 0)
    game.ask(player, "import", what="state", size=5)
    game.handler.handle_piece(player, b"wrong", game.now)
    done = await page.expect(Done)
    assert not done.ok
    assert done.message == "The core doesn't take this saved state; it is from another core, version or game."


async def test_files_that_are_too_large_too_long_or_not_announced(game: LiveGame) -> None:
    player, page = game.enter("v1", 0)
    other, page2 = game.enter("v2", 1)
    game.handler.handle_piece(player, b"nothing was announced", 0.0)
    game.ask(player, "import", what="state", size=MAX_FILE_BYTES + 1)
    assert "too large" in (await page.expect(Done)).message
    game.ask(player, "import", what="state", size=4)
    game.ask(other, "import", what="state", size=4)
    assert "Somebody's file" in (await page2.expect(Done)).message
    game.handler.handle_piece(other, b"not its turn", game.now)
    game.handler.handle_piece(player, b"longer", game.now)
    assert "longer than" in (await page.expect(Done)).message
    game.ask(player, "import", what="state", size=4)
    game.now += STALLED_SECONDS
    game.ask(other, "import", what="state", size=4)
    game.handler.forget(other)
    assert page2.notices == []


async def test_nonsense_and_floods_are_answered_once(game: LiveGame) -> None:
    player, page = game.enter("v1", 0)
    for text in ("", "{", '{"type":"fly"}'):
        game.handler.handle(player, text, 1.0)
    assert len(page.notices) == 1
    player.warned = False
    for _ in range(2 * REQUESTS_PER_SECOND):
        game.handler.handle(player, '{"type":"pause","paused":false}', 1.0)
    assert page.notices[1:] == [Message(text="This page asks for too much at once. Wait a moment.")]


async def test_no_viewer_has_many_requests_under_way(game: LiveGame) -> None:
    player, page = game.enter("v1", 0)
    game.store.silent = True
    for _ in range(MAX_OUTSTANDING + 1):
        game.ask(player, "list_saves")
    assert "still under way" in (await page.expect(Done)).message


async def test_a_frozen_game_takes_nothing_that_its_last_snapshot_would_lack(game: LiveGame) -> None:
    player, page = game.enter("v1", 0)
    data, frame = await asyncio.wrap_future(game.emulator.freeze())
    assert data
    assert frame > 0
    game.ask(player, "reset")
    assert "moving" in (await page.expect(Done)).message


async def test_each_request_has_one_handler(game: LiveGame) -> None:
    at_once, in_background = set(game.handler._at_once), set(game.handler._in_background)
    assert at_once | in_background == set(get_args(requests.Request))
    assert not at_once & in_background
