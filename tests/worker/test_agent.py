"""The whole agent, between a coordinator and scripted rooms."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from coordinator.messages import Admitted, Library, OpenRoom, RoomClosed
from tests.worker.rooms.harness import SCRIPTED_ROOM, SECONDS, is_running, make_config, until
from tests.worker.rooms.stand_in import Connection, Coordinator
from worker import agent, library, link
from worker.agent import Agent, serve
from worker.config import Config
from worker.cores import SUFFIX
from worker.sandbox import Mode


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(library, "DEBOUNCE_MS", 50)
    monkeypatch.setattr(library, "RESCAN_MS", 200)


@pytest.fixture
async def coordinator() -> AsyncIterator[Coordinator]:
    found = Coordinator()
    async with found.serving():
        yield found


@pytest.fixture
def config(tmp_path: Path, coordinator: Coordinator) -> Config:
    return configure(tmp_path, coordinator)


def configure(tmp_path: Path, coordinator: Coordinator, **settings: Any) -> Config:
    (tmp_path / "games").mkdir(exist_ok=True)
    (tmp_path / "games" / "a.echo").write_text("a")
    (tmp_path / "games" / "b.gba").write_text("b")
    (tmp_path / "cores").mkdir(exist_ok=True)
    (tmp_path / "cores" / f"echo{SUFFIX}").touch()
    return make_config(
        tmp_path,
        coordinator=coordinator.url,
        cores=(tmp_path / "cores",),
        core_overrides={"echo": "echo"},
        **settings,
    )


class Running:
    """An agent at work."""

    def __init__(self, config: Config) -> None:
        self.stop = asyncio.Event()
        self.agent = Agent(config, command=SCRIPTED_ROOM)
        self.task = asyncio.create_task(self.agent.run(self.stop))

    def pids(self) -> list[int]:
        return [child.pid for child in self.agent._supervisor._children]


@asynccontextmanager
async def running(config: Config) -> AsyncIterator[Running]:
    found = Running(config)
    try:
        yield found
    finally:
        found.stop.set()
        await asyncio.wait_for(found.task, SECONDS)


async def open_room(connection: Connection, room: str = "r1") -> None:
    assert connection.registration is not None
    game = connection.registration.games[0].id
    await connection.send(OpenRoom(room=room, game=game, viewer="v1", seat=0, offer="offer"))
    assert await connection.expect(Admitted) == Admitted(room=room, viewer="v1", answer="to offer", codec="H264")


async def test_a_room_from_order_to_stop(config: Config, coordinator: Coordinator) -> None:
    async with running(config) as worker:
        connection = await coordinator.connection()
        assert connection.registration is not None
        assert connection.registration.capacity == config.capacity
        assert [game.title for game in connection.registration.games] == ["a"]
        await open_room(connection)
        await until(lambda: len(worker.pids()) == 2)  # the room, and the next spare
        pids = worker.pids()
        worker.stop.set()
        assert (await connection.expect(RoomClosed)).code == "worker_stopped"
    assert not any(is_running(pid) for pid in pids)


async def test_a_machine_without_a_sandbox_is_said_once_or_refused_as_its_owner_wants(
    tmp_path: Path, coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(agent, "missing", lambda: ["the kernel is too old"])
    async with running(configure(tmp_path, coordinator)):
        await coordinator.connection()
    assert [record.message for record in caplog.records if "too old" in record.message] == [
        "Games are not fully locked in, so run only cores that you trust: the kernel is too old."
    ]
    caplog.clear()
    assert await serve(configure(tmp_path, coordinator, sandbox=Mode.REQUIRE), asyncio.Event()) == agent.FAILED
    assert "COINOP_WORKER_SANDBOX=require" in caplog.text
    caplog.clear()
    async with running(configure(tmp_path, coordinator, sandbox=Mode.OFF)):
        await coordinator.connection()
    assert "too old" not in caplog.text


async def test_its_gateways_are_announced(tmp_path: Path, coordinator: Coordinator) -> None:
    gateways = ("turn:gateway.example:3478?transport=udp", "stun:gateway.example:3478")
    async with running(configure(tmp_path, coordinator, gateways=gateways)):
        connection = await coordinator.connection()
        assert connection.registration is not None
        assert connection.registration.gateways == gateways


async def test_a_lost_link_closes_the_rooms(config: Config, coordinator: Coordinator) -> None:
    async with running(config) as worker:
        connection = await coordinator.connection()
        await open_room(connection)
        (room,) = worker.agent._supervisor
        assert room.child is not None
        await connection.close()
        connection = await coordinator.connection()
        assert not is_running(room.child.pid)
        await open_room(connection)


async def test_a_missing_core_is_refused_with_the_remedy(config: Config, coordinator: Coordinator) -> None:
    async with running(config) as worker:
        connection = await coordinator.connection()
        (missing,) = worker.agent._library.missing
        await connection.send(OpenRoom(room="r1", game=missing.game.id, viewer="v1", seat=0, offer="offer"))
        refusal = await connection.expect(RoomClosed)
        assert (refusal.code, refusal.message) == ("core_missing", missing.remedy)


async def test_a_new_game_is_announced(
    config: Config, coordinator: Coordinator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "worker.agent")
    async with running(config):
        connection = await coordinator.connection()
        (tmp_path / "games" / "new.echo").write_text("new")
        announced = await connection.expect(Library)
        assert [game.title for game in announced.games] == ["a", "new"]
    assert "1 more can't: No core for Game Boy Advance games is installed." in caplog.text
    assert "2 games can be played." in caplog.text


async def test_a_wrong_token_fails_with_one_sentence(
    config: Config, coordinator: Coordinator, caplog: pytest.LogCaptureFixture
) -> None:
    coordinator.status = 401
    assert await asyncio.wait_for(serve(config, asyncio.Event()), SECONDS) == agent.FAILED
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 1
    assert "set COINOP_WORKER_TOKEN to the coordinator's" in errors[0]


async def test_a_busy_metrics_port_fails_with_one_sentence(
    coordinator: Coordinator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        config = configure(tmp_path, coordinator, metrics_port=other.getsockname()[1])
        assert await asyncio.wait_for(serve(config, asyncio.Event()), SECONDS) == agent.FAILED
    assert "choose a port with COINOP_WORKER_METRICS_PORT" in caplog.text


async def test_stopped_at_once_it_ends_well(config: Config) -> None:
    stop = asyncio.Event()
    stop.set()
    assert await asyncio.wait_for(serve(config, stop), SECONDS) == 0
