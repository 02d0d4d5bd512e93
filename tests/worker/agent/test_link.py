"""The link against a real WebSocket server in the coordinator's place."""

import asyncio
import base64
import hashlib
import logging
import socket
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from coordinator.messages import (
    MAX_MESSAGE_BYTES,
    CloseRoom,
    Game,
    Holding,
    Refused,
    Register,
    Registered,
    RoomClosed,
    ViewerLeft,
    WorkerCommand,
    WorkerMessage,
    encode,
)
from tests.worker.stand_ins.fake_coordinator import Coordinator
from tests.worker.stand_ins.rooms import SECONDS, TOKEN, until
from worker.agent import link
from worker.agent.link import CoordinatorRefusedError, Link

REGISTER = Register(name="test", capacity=2, games=(Game(id="id", title="Title", system="NES"),))


class Worker:
    """A link, and what it brings."""

    def __init__(self, url: str) -> None:
        self.commands: asyncio.Queue[WorkerCommand] = asyncio.Queue()
        self.introduction: list[WorkerMessage] = [REGISTER]
        self.link = Link(url, SecretStr(TOKEN), introduce=lambda: self.introduction, handle=self.commands.put_nowait)
        self.task = asyncio.create_task(self.link.run())

    async def command(self) -> WorkerCommand:
        """Return the next command after a registration."""
        while isinstance(command := await asyncio.wait_for(self.commands.get(), SECONDS), Registered):
            continue
        return command

    async def refused(self) -> str:
        with pytest.raises(CoordinatorRefusedError) as caught:
            await asyncio.wait_for(self.task, SECONDS)
        return str(caught.value)


@pytest.fixture
async def coordinator() -> AsyncIterator[Coordinator]:
    found = Coordinator()
    async with found.serving():
        yield found


@pytest.fixture
async def worker(coordinator: Coordinator) -> AsyncIterator[Worker]:
    found = Worker(coordinator.url)
    yield found
    found.task.cancel()
    await asyncio.gather(found.task, return_exceptions=True)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(link, "MAX_DELAY", 0.02)


async def test_it_registers_and_brings_messages_both_ways(coordinator: Coordinator, worker: Worker) -> None:
    connection = await coordinator.connection()
    assert connection.registration == REGISTER
    assert coordinator.headers == [f"Bearer {TOKEN}"]
    await connection.socket.send_str(encode(CloseRoom(room="r1")))
    assert await worker.command() == CloseRoom(room="r1")
    assert worker.link.registered
    worker.link.send(ViewerLeft(room="r1", viewer="v1"))
    assert await connection.receive() == ViewerLeft(room="r1", viewer="v1")


async def test_what_is_no_command_disturbs_nothing(
    coordinator: Coordinator, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    connection = await coordinator.connection()
    for garbage in ("", "{", "[]", '{"type": "from_the_future"}', '{"type": "close_room"}', '{"type": "register"}'):
        await connection.socket.send_str(garbage)
    await connection.socket.send_bytes(b"\xff\x00")
    await connection.socket.send_str(encode(CloseRoom(room="r1")))
    assert await worker.command() == CloseRoom(room="r1")
    assert worker.link.registered
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 7


async def test_it_comes_back_after_a_loss(
    coordinator: Coordinator, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    first = await coordinator.connection()
    await until(lambda: worker.link.registered)
    await first.close()
    second = await coordinator.connection()
    await until(lambda: worker.link.registered)
    worker.link.send(RoomClosed(room="r1", code="closed", message="Closed."))
    assert isinstance(await second.receive(), RoomClosed)
    assert caplog.text.count("is lost; rooms go on") == 1


async def test_it_brings_its_rooms_along_right_after_its_registration(coordinator: Coordinator, worker: Worker) -> None:
    first = await coordinator.connection()
    worker.introduction.append(Holding(room="r1", record="{}", viewers=("v1",)))
    await first.close()
    second = await coordinator.connection()
    worker.link.send(ViewerLeft(room="r1", viewer="v1"))
    assert await second.receive() == Holding(room="r1", record="{}", viewers=("v1",))
    assert await second.receive() == ViewerLeft(room="r1", viewer="v1")


async def test_a_message_that_is_none_costs_the_connection_alone(coordinator: Coordinator, worker: Worker) -> None:
    await coordinator.connection()
    await until(lambda: worker.link.registered)
    worker.link.send(ViewerLeft(room="\ud800", viewer="v1"))
    again = await coordinator.connection()
    await until(lambda: worker.link.registered)
    worker.link.send(ViewerLeft(room="r1", viewer="v1"))
    assert await again.receive() == ViewerLeft(room="r1", viewer="v1")


async def test_an_oversized_message_costs_the_connection_alone(coordinator: Coordinator, worker: Worker) -> None:
    first = await coordinator.connection()
    await first.socket.send_str("x" * (MAX_MESSAGE_BYTES + 1))
    await coordinator.connection()
    first.done.set()


async def test_messages_for_nobody_are_dropped(coordinator: Coordinator) -> None:
    worker = Worker("ws://127.0.0.1:1/")
    worker.link.send(ViewerLeft(room="r1", viewer="v1"))
    await worker.link.flush()
    worker.task.cancel()
    await asyncio.gather(worker.task, return_exceptions=True)


async def test_the_last_messages_are_sent_before_the_end(coordinator: Coordinator, worker: Worker) -> None:
    connection = await coordinator.connection()
    for number in range(100):
        worker.link.send(RoomClosed(room=f"r{number}", code="worker_stopped", message="Stopped."))
    await worker.link.flush()
    worker.task.cancel()
    closed = [await connection.receive() for _ in range(100)]
    assert closed[99] == RoomClosed(room="r99", code="worker_stopped", message="Stopped.")


@pytest.mark.parametrize("status", [401, 403])
async def test_a_wrong_token_ends_it_in_one_sentence(
    coordinator: Coordinator, worker: Worker, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    coordinator.status = status
    assert await worker.refused() == (
        f"The coordinator at {coordinator.url} refused this worker's token:"
        " set COINOP_WORKER_TOKEN to the coordinator's."
    )
    assert len(coordinator.headers) == 1
    assert TOKEN not in caplog.text


async def test_a_refused_registration_ends_it_in_one_sentence(coordinator: Coordinator, worker: Worker) -> None:
    coordinator.welcome = [encode(Refused(code="too_many_workers", message="There are enough."))]
    assert await worker.refused() == f"The coordinator at {coordinator.url} refused this worker: There are enough."


async def test_one_that_was_welcome_before_tries_again(coordinator: Coordinator, worker: Worker) -> None:
    first = await coordinator.connection()
    coordinator.welcome = [encode(Refused(code="too_many_workers", message="For now."))]
    await first.close()
    second = await coordinator.connection()
    coordinator.welcome = [encode(Registered(worker="w2"))]
    await second.close()
    await coordinator.connection()
    await until(lambda: worker.link.registered)


async def test_an_unreachable_coordinator_is_said_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    coordinator = Coordinator()
    coordinator.port = port
    worker = Worker(coordinator.url)
    try:
        await until(lambda: worker.link._failures > 2 * link.QUIET_TRIES)
        async with coordinator.serving():
            await until(lambda: worker.link.registered)
    finally:
        worker.task.cancel()
        await asyncio.gather(worker.task, return_exceptions=True)
    warnings = [record.getMessage() for record in caplog.records if "can't be reached" in record.getMessage()]
    assert len(warnings) == 1
    assert f"The coordinator at {coordinator.url} can't be reached" in warnings[0]
    assert "COINOP_WORKER_COORDINATOR" in warnings[0]


async def test_something_else_that_listens_there_is_said(
    coordinator: Coordinator, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    coordinator.status = 404
    await until(lambda: "it answered 404" in caplog.text)
    assert not worker.task.done()


async def test_a_coordinator_that_falls_silent_is_left(
    coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "HEARTBEAT_SECONDS", 0.1)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        key = next(
            line.split(b": ")[1] for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
        )
        writer.write(handshake(key))
        connections.append(writer)

    connections: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    worker = Worker(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    try:
        await until(lambda: len(connections) >= 2)
    finally:
        worker.task.cancel()
        await asyncio.gather(worker.task, return_exceptions=True)
        for writer in connections:
            writer.close()
        server.close()


def handshake(key: bytes) -> bytes:
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
