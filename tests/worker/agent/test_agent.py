"""The whole agent, between a coordinator and scripted rooms."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args

import pytest

from coordinator.messages import (
    Admit,
    Admitted,
    CloseRoom,
    Dismiss,
    Draining,
    Freeze,
    Frozen,
    Gateways,
    Holding,
    Keep,
    Library,
    OpenRoom,
    Refused,
    Registered,
    RoomClosed,
    WorkerCommand,
    encode,
)
from tests.worker.cluster.api import outside
from tests.worker.cluster.api import running as api_running
from tests.worker.stand_ins.fake_coordinator import Connection, Coordinator
from tests.worker.stand_ins.rooms import SCRIPTED_ROOM, SECONDS, is_running, make_config, until
from worker.agent import agent, link
from worker.agent.agent import Agent, serve
from worker.config import Config
from worker.library import library
from worker.library.cores import SUFFIX
from worker.runtime import errors
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
        return [process.pid for process in self.agent._supervisor._processes]


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


async def test_every_command_of_a_coordinator_has_a_handler(config: Config) -> None:
    agent = Agent(config, command=SCRIPTED_ROOM)
    by_link = {Refused}
    assert {*agent._handlers, *agent._order_handler.handlers, *by_link} == set(get_args(WorkerCommand))
    await agent._supervisor.stop()


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
    assert await serve(configure(tmp_path, coordinator, sandbox=Mode.REQUIRE), asyncio.Event()) == errors.FAILED
    assert "COINOP_WORKER_SANDBOX=require" in caplog.text
    caplog.clear()
    async with running(configure(tmp_path, coordinator, sandbox=Mode.OFF)):
        await coordinator.connection()
    assert "too old" not in caplog.text


async def test_its_gateways_are_announced(tmp_path: Path, coordinator: Coordinator) -> None:
    gateways = ("turn:gateway.example:3478?transport=udp", "stun:gateway.example:3478")
    secret = "the gateway has it too"
    async with running(configure(tmp_path, coordinator, gateways=gateways, turn_secret=secret)):
        connection = await coordinator.connection()
        assert connection.registration is not None
        assert connection.registration.gateways == gateways
        assert connection.registration.turn_secret == secret


async def test_a_gateway_that_is_found_later_is_announced_then_and_to_the_next_coordinator(
    tmp_path: Path, coordinator: Coordinator
) -> None:
    own, found = "turn:own.example:3478", "turn:192.0.2.1:3478?transport=udp"
    settings = {"gateways": (own,), "turn_secret": "the gateway has it too"}
    async with running(configure(tmp_path, coordinator, **settings)) as worker:
        connection = await coordinator.connection()
        worker.agent._gateway_changed((found, own))
        message = await connection.expect(Gateways)
        assert message == Gateways(gateways=(own, found), turn_secret="the gateway has it too")
        await connection.close()
        connection = await coordinator.connection()
        assert connection.registration is not None
        assert connection.registration.gateways == (own, found)


async def test_a_gateway_is_followed_in_a_cluster_and_nowhere_else(
    tmp_path: Path, coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outside(monkeypatch)
    config = configure(tmp_path, coordinator, gateway_service="turn")
    assert await asyncio.wait_for(serve(config, asyncio.Event()), SECONDS) == errors.MISUSED
    (error,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert "COINOP_WORKER_GATEWAY_SERVICE works only in a pod of Kubernetes" in error

    async with api_running("stand-in", tmp_path, monkeypatch) as api:
        await api.server.allow(("list", "services"), ("watch", "services"))
        await api.service(externalIPs=["192.0.2.1"])
        async with running(config):
            connection = await coordinator.connection()
            assert connection.registration is not None
            assert connection.registration.gateways == ("turn:192.0.2.1:3478?transport=udp",)


async def held_rooms(connection: Connection) -> list[Holding]:
    """Read the rooms that a worker brings along, each with its viewers, until the last of them."""
    assert connection.registration is not None
    return [await connection.expect(Holding) for _ in range(connection.registration.holding)]


async def test_rooms_outlive_a_lost_link_and_are_handed_to_the_next_coordinator(
    config: Config, coordinator: Coordinator
) -> None:
    async with running(config) as worker:
        connection = await coordinator.connection()
        await open_room(connection)
        await connection.send(Keep(room="gone", record="of a room that has just ended"))
        await connection.send(Keep(room="r1", record="old"))
        await connection.send(Keep(room="r1", record="new"))
        await connection.send(Admit(room="r1", viewer="v2", seat=1, offer="second"))
        await connection.expect(Admitted)
        (room,) = worker.agent._supervisor
        assert room.process is not None
        await connection.close()
        connection = await coordinator.connection()
        assert await held_rooms(connection) == [Holding(room="r1", record="new", viewers=("v1", "v2"))]
        assert is_running(room.process.pid)
        assert list(worker.agent._held_rooms._records) == ["r1"]
        await connection.send(CloseRoom(room="r1"))
        assert (await connection.expect(RoomClosed)).code == "closed"


async def test_a_room_that_dies_without_a_coordinator_is_told_to_the_next(
    config: Config, coordinator: Coordinator
) -> None:
    async with running(config) as worker:
        connection = await coordinator.connection()
        await open_room(connection)
        await connection.send(Keep(room="r1", record="record"))
        await connection.send(Admit(room="r1", viewer="v2", seat=1, offer="second"))
        await connection.expect(Admitted)
        (room,) = worker.agent._supervisor
        assert room.process is not None
        coordinator.status = 503
        await connection.close()
        await until(lambda: not worker.agent._link.registered)
        os.kill(room.process.pid, signal.SIGKILL)
        await until(lambda: not len(worker.agent._supervisor))
        coordinator.status = 0
        connection = await coordinator.connection()
        assert await held_rooms(connection) == [Holding(room="r1", record="record")]
        assert (await connection.expect(RoomClosed)).code == "room_killed"


async def test_a_room_that_nobody_comes_back_to_ends_without_a_coordinator_too(
    config: Config, coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent, "EMPTY_ROOMS_SECONDS", 0.01)
    coordinator.welcome = [encode(Registered(worker="w1", room_grace=0.0))]
    async with running(config) as worker:
        connection = await coordinator.connection()
        await open_room(connection, "r1")
        await open_room(connection, "r2")
        await connection.send(Dismiss(room="r1", viewer="v1"))
        await connection.send(Admit(room="r2", viewer="v2", seat=1, offer="second"))
        await connection.expect(Admitted)
        coordinator.status = 503
        await connection.close()
        await until(lambda: [room.id for room in worker.agent._supervisor] == ["r2"])


async def test_an_older_copy_of_a_room_makes_way(config: Config, coordinator: Coordinator) -> None:
    async with running(config):
        connection = await coordinator.connection()
        assert connection.registration is not None
        await open_room(connection)
        game = connection.registration.games[0].id
        order = OpenRoom(room="r1", game=game, resume=True, epoch=2, codec="H264")
        await connection.send(order)
        refusal = await connection.expect(RoomClosed)
        assert (refusal.code, refusal.epoch) == ("room_exists", 2)
        assert (await connection.expect(RoomClosed)).epoch == 1
        await connection.send(order)
        await connection.send(Admit(room="r1", viewer="v2", seat=0, offer="back"))
        assert (await connection.expect(Admitted)).answer == "to back"


class TestDrain:
    @pytest.fixture
    def config(self, tmp_path: Path, coordinator: Coordinator) -> Config:
        options = {"echo": {"behaviour": "keeps"}}
        return configure(tmp_path, coordinator, drain_seconds=SECONDS, core_options=options)

    async def start(self, coordinator: Coordinator) -> Connection:
        connection = await coordinator.connection()
        assert connection.registration is not None
        game = connection.registration.games[0].id
        await connection.send(OpenRoom(room="r1", game=game, viewer="v1", seat=0, offer="offer"))
        await connection.expect(Admitted)
        return connection

    async def test_its_rooms_are_moved_away_and_it_ends(self, config: Config, coordinator: Coordinator) -> None:
        async with running(config) as worker:
            connection = await self.start(coordinator)
            worker.stop.set()
            await connection.expect(Draining)
            assert connection.registration is not None
            game = connection.registration.games[0].id
            await connection.send(OpenRoom(room="r2", game=game, viewer="v1", seat=0, offer="offer"))
            assert (await connection.expect(RoomClosed)).code == "no_seats"
            await connection.send(Freeze(room="r1"))
            assert await connection.expect(Frozen) == Frozen(room="r1")
            await asyncio.wait_for(worker.task, SECONDS)

    async def test_a_coordinator_that_comes_back_meanwhile_hears_of_it(
        self, config: Config, coordinator: Coordinator
    ) -> None:
        async with running(config) as worker:
            connection = await self.start(coordinator)
            await connection.send(Keep(room="r1", record="record"))
            worker.stop.set()
            await connection.expect(Draining)
            await connection.close()
            connection = await coordinator.connection()
            assert [held.room for held in await held_rooms(connection)] == ["r1"]
            await connection.expect(Draining)
            await connection.send(CloseRoom(room="r1"))
            await connection.expect(RoomClosed)

    async def test_what_found_no_place_is_stored(
        self, config: Config, coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with running(config.model_copy(update={"drain_seconds": 0.01})) as worker:
            connection = await self.start(coordinator)
            worker.stop.set()
            await connection.expect(Draining)
            assert await connection.expect(Frozen) == Frozen(room="r1")

    async def test_without_rooms_it_just_ends(self, config: Config, coordinator: Coordinator) -> None:
        async with running(config) as worker:
            await coordinator.connection()
            worker.stop.set()
            await asyncio.wait_for(worker.task, SECONDS)


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
    caplog.set_level(logging.INFO, "worker.agent.agent")
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
    assert await asyncio.wait_for(serve(config, asyncio.Event()), SECONDS) == errors.FAILED
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(said) == 1
    assert "set COINOP_WORKER_TOKEN to the coordinator's" in said[0]


async def test_a_busy_metrics_port_fails_with_one_sentence(
    coordinator: Coordinator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        config = configure(tmp_path, coordinator, metrics_port=other.getsockname()[1])
        assert await asyncio.wait_for(serve(config, asyncio.Event()), SECONDS) == errors.FAILED
    assert "choose a port with COINOP_WORKER_METRICS_PORT" in caplog.text


async def test_stopped_at_once_it_ends_well(config: Config) -> None:
    stop = asyncio.Event()
    stop.set()
    assert await asyncio.wait_for(serve(config, stop), SECONDS) == 0
