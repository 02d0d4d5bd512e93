"""The room's own decisions, with a core on its thread and viewers that are not browsers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.cores.build import build
from tests.worker.room.viewer import Viewer
from worker.messages import control
from worker.messages.control import Answer, Closed, Enter, Figures, Left, Open, TurnedAway
from worker.messages.storing import StoreState
from worker.room.players.liveness import GONE_SECONDS
from worker.room.players.viewers import MAX_VIEWERS
from worker.room.room import CONNECT_SECONDS, MAX_DATAGRAMS_PER_SECOND, RoomServer

PING = bytes.fromhex("0900000001000000")


class FakeAgent:
    """Keeps what the room sends."""

    def __init__(self) -> None:
        self.messages: list[control.RoomMessage] = []
        self.arrived = asyncio.Event()

    def send(self, message: control.RoomMessage) -> None:
        """Keep a message."""
        self.messages.append(message)
        self.arrived.set()

    def all_of(self, kind: type) -> list[Any]:
        """Return the messages of a kind so far."""
        return [message for message in self.messages if isinstance(message, kind)]

    async def expect(self, kind: type) -> Any:
        """Wait for a message of a kind, and return the last."""
        async with asyncio.timeout(20):
            while not self.all_of(kind):
                await self.arrived.wait()
                self.arrived.clear()
        return self.all_of(kind)[-1]


@pytest.fixture(autouse=True)
def on_the_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


@pytest.fixture
async def agent() -> FakeAgent:
    return FakeAgent()


@pytest.fixture
async def viewer() -> AsyncIterator[Viewer]:
    viewer = Viewer()
    yield viewer
    await viewer.close()


@pytest.fixture
async def room(agent: FakeAgent, viewer: Viewer, tmp_path: Path) -> AsyncIterator[RoomServer]:
    """Open a room whose first viewer has its answer, but has not connected."""
    game = tmp_path / "Game.echo"
    game.write_bytes(b"echo")
    offer = await viewer.offer()
    order = Open(
        room="r1",
        core=str(build("echo", tmp_path)),
        game=str(game),
        system_directory=str(tmp_path),
        save_directory=str(tmp_path),
        offer=offer,
    )
    room = RoomServer(order, agent.send)
    room.open()
    await room.enter(Enter(viewer="v1", seat=0, offer=offer))
    yield room
    await room.close_connections()
    await room.close()
    await asyncio.wait_for(room.closed.wait(), 20)


def now() -> float:
    """Return the loop's time, which is the steady clock's."""
    return asyncio.get_running_loop().time()


async def echoed(viewer: Viewer) -> bytes:
    """Ping until an answer comes: the channel repeats nothing, and a flood before may have cost one."""
    while True:
        viewer.input.send(PING)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(viewer.datagrams.get(), 0.2)


async def test_a_viewer_who_never_connects_leaves(room: RoomServer, agent: FakeAgent) -> None:
    room.check_viewers(now() + CONNECT_SECONDS - 1)
    assert agent.all_of(Left) == []
    room.check_viewers(now() + CONNECT_SECONDS + 1)
    assert agent.all_of(Left) == [Left(viewer="v1")]


async def test_a_viewer_who_stops_pinging_leaves(room: RoomServer, agent: FakeAgent, viewer: Viewer) -> None:
    await viewer.take(agent.all_of(Answer)[0].answer)
    await viewer.ready()
    room.check_viewers(now() + GONE_SECONDS + 1)
    assert agent.all_of(Left) == [], "a viewer that never pinged is not missed"
    viewer.input.send(PING)
    assert await viewer.datagrams.get() == PING
    room.check_viewers(now() + GONE_SECONDS - 1)
    assert agent.all_of(Left) == []
    room.check_viewers(now() + GONE_SECONDS + 1)
    assert agent.all_of(Left) == [Left(viewer="v1")]


async def test_a_flood_is_ignored_and_said_once(room: RoomServer, agent: FakeAgent, viewer: Viewer) -> None:
    await viewer.take(agent.all_of(Answer)[0].answer)
    await viewer.ready()
    complaint = asyncio.create_task(viewer.notice("message"))
    sent = 0
    while not complaint.done():  # some are lost on the way, for the channel repeats nothing
        sent += 1
        viewer.input.send(bytes.fromhex("0200000001000000"))
        await asyncio.sleep(0)
    assert sent > MAX_DATAGRAMS_PER_SECOND
    assert "more input than any pad" in complaint.result()["text"]
    room.check_game(now())
    assert await echoed(viewer) == PING


async def test_how_the_store_does_is_said_to_all(room: RoomServer, agent: FakeAgent, viewer: Viewer) -> None:
    await viewer.take(agent.all_of(Answer)[0].answer)
    await viewer.ready()
    for trouble, words in (("Nothing can be saved.", "Nothing can be saved."), ("", "Games can be saved again.")):
        room.handle_store_answer(StoreState(message=trouble))
        assert (await viewer.notice("message"))["text"] == words


async def test_the_same_viewer_twice_and_one_too_many_are_turned_away(room: RoomServer, agent: FakeAgent) -> None:
    extra = [Viewer() for _ in range(MAX_VIEWERS)]
    offer = await extra[0].offer()
    await room.enter(Enter(viewer="v1", seat=1, offer=offer))
    assert agent.all_of(TurnedAway)[-1].viewer == "v1"
    for number in range(MAX_VIEWERS):
        await room.enter(Enter(viewer=f"more{number}", seat=None, offer=offer))
    assert [away.viewer for away in agent.all_of(TurnedAway)] == ["v1", f"more{MAX_VIEWERS - 1}"]
    for viewer in extra:
        await viewer.close()


async def test_figures_are_told_once_the_game_is_loaded(room: RoomServer, agent: FakeAgent, viewer: Viewer) -> None:
    await viewer.take(agent.all_of(Answer)[0].answer)
    for _ in range(10):
        await viewer.picture()
    room.check_game(now() + 1)
    figures = agent.all_of(Figures)[-1]
    assert figures.frames > 0
    assert [viewer.viewer for viewer in figures.viewers] == ["v1"]


async def test_closed_is_the_last_message_and_sent_once(room: RoomServer, agent: FakeAgent) -> None:
    await room.close()
    assert (await agent.expect(Closed)).code == "closed"
    room.check_game(now() + 100)
    assert len(agent.all_of(Closed)) == 1
    assert agent.messages[-1] == agent.all_of(Closed)[0]
