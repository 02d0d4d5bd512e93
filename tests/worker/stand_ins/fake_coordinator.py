"""A WebSocket server in the coordinator's place: it takes workers and says what a test wants it to say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from aiohttp import web

from coordinator.messages import (
    Figures,
    Register,
    Registered,
    WorkerCommand,
    WorkerMessage,
    decode_worker_message,
    encode,
)
from tests.worker.stand_ins.rooms import SECONDS

T = TypeVar("T")


class Coordinator:
    """Takes workers; each connection, after its registration, is put into ``connections``."""

    def __init__(self) -> None:
        self.connections: asyncio.Queue[Connection] = asyncio.Queue()
        self.all: list[Connection] = []
        self.status = 0
        """To answer instead of a WebSocket."""
        self.welcome: list[str] = [encode(Registered(worker="w1"))]
        self.headers: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/worker"

    async def connection(self) -> "Connection":
        return await asyncio.wait_for(self.connections.get(), SECONDS)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(request.headers.get("Authorization", ""))
        if self.status:
            return web.Response(status=self.status)
        connection = Connection(web.WebSocketResponse())
        self.all.append(connection)
        await connection.socket.prepare(request)
        registration = await connection.receive()
        assert isinstance(registration, Register)
        connection.registration = registration
        for frame in self.welcome:
            await connection.socket.send_str(frame)
        self.connections.put_nowait(connection)
        await connection.done.wait()
        return connection.socket

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_get("/ws/worker", self.handle)
        runner = web.AppRunner(app, shutdown_timeout=0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self.port).start()
            self.port = runner.addresses[0][1]
            yield
        finally:
            for connection in self.all:
                connection.done.set()
            await runner.cleanup()


class Connection:
    """One worker's connection, from the coordinator's side."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.done = asyncio.Event()
        self.registration: Register | None = None

    async def receive(self) -> WorkerMessage:
        return decode_worker_message(await asyncio.wait_for(self.socket.receive_str(), SECONDS))

    async def expect(self, kind: type[T]) -> T:
        """Receive the worker's next message, which must be of this kind; figures come at any time."""
        message = await self.receive()
        while isinstance(message, Figures) and kind is not Figures:
            message = await self.receive()
        assert isinstance(message, kind), message
        return message

    async def send(self, command: WorkerCommand) -> None:
        await self.socket.send_str(encode(command))

    async def close(self) -> None:
        await self.socket.close()
        self.done.set()
