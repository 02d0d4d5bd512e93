"""A coordinator on a real port, with pages and workers that are real WebSocket clients speaking the contract."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType
from aiohttp.test_utils import TestServer

from coordinator.app import create_app
from coordinator.config import Config
from coordinator.http.switchboard import SWITCHBOARD, Switchboard
from coordinator.messages import (
    Admitted,
    Join,
    Keep,
    Register,
    RoomState,
    Start,
    decode_player_event,
    decode_worker_command,
    encode,
)
from tests.coordinator.simulation import DUEL, Simulation

TOKEN = "a token of 26 characters.."


ANSWER_WITHIN = 30.0
"""Seconds. Long for a message on one machine, however busy; a test that waits so long has failed."""


class Client:
    """One end of a WebSocket: messages out, messages in."""

    def __init__(self, socket: ClientWebSocketResponse, decode):
        self.socket = socket
        self._decode = decode

    async def send(self, message):
        await self.socket.send_str(encode(message))

    async def receive(self):
        """Wait for the next message that is no state or record; None at the end of the connection."""
        while True:
            received = await self.socket.receive(ANSWER_WITHIN)
            message = self._decode(received.data) if received.type is WSMsgType.TEXT else None
            if not isinstance(message, Keep | RoomState):
                return message

    async def receive_until_end(self):
        """Wait for the connection's end, and return what comes before."""
        messages = []
        while (message := await self.receive()) is not None:
            messages.append(message)
        return messages

    async def vanish(self):
        """Go without a word: no close frame, only the end of the TCP stream."""
        self.socket._response.connection.transport.abort()  # aiohttp has no public way to be rude
        await self.socket.receive()


class PageClient(Client):
    """A browser's page."""

    async def start(self, game="d"):
        await self.send(Start(game=game, offer="v=0"))

    async def join(self, room, token=""):
        await self.send(Join(room=room, offer="v=1", token=token))

    async def state(self, condition=lambda state: True):
        """Wait for a state of its room that fulfils the condition."""
        while True:
            message = self._decode((await self.socket.receive(ANSWER_WITHIN)).data)
            if isinstance(message, RoomState) and condition(message):
                return message


class WorkerClient(Client):
    """A worker's agent, which opens nothing."""

    async def admit(self):
        """Answer the next command, which asks for an answer."""
        command = await self.receive()
        await self.send(Admitted(room=command.room, viewer=command.viewer, answer="a=1"))
        return command

    async def receive_record(self):
        """Wait for the next record that it is to keep."""
        while True:
            message = self._decode((await self.socket.receive(ANSWER_WITHIN)).data)
            if isinstance(message, Keep):
                return message


@dataclass
class Arcade:
    """A running coordinator, and clients for it."""

    server: TestServer
    http: ClientSession
    switchboard: Switchboard
    sockets: list[ClientWebSocketResponse] = field(default_factory=list)
    """Kept, because one that is collected as garbage closes."""

    def url(self, path):
        return self.server.make_url(path)

    async def get(self, path, **options):
        async with self.http.get(self.url(path), **options) as response:
            await response.read()
            return response

    async def socket(self, path, **options):
        socket = await self.http.ws_connect(self.url(path), max_msg_size=0, **options)
        self.sockets.append(socket)
        return socket

    async def page(self, **options):
        """Connect a page, and wait for its welcome."""
        page = PageClient(await self.socket("/ws/player", **options), decode_player_event)
        page.welcome = await page.receive()
        return page

    async def unregistered_worker(self, token=TOKEN):
        headers = {"Authorization": f"Bearer {token}"}
        return WorkerClient(await self.socket("/ws/worker", headers=headers), decode_worker_command)

    async def worker(self, *games, capacity=4, name="box", gateways=(), holding=(), **more):
        """Register a worker, which brings these rooms along."""
        worker = await self.unregistered_worker()
        registration = Register(
            name=name, capacity=capacity, games=games or (DUEL,), gateways=gateways, holding=len(holding), **more
        )
        for message in (registration, *holding):
            await worker.send(message)
        worker.id = (await worker.receive()).worker
        return worker

    async def metric(self, name, **labels):
        """Read one figure, as Prometheus would see it; 0 if it has not been counted yet."""
        await self.get("/metrics")
        return self.switchboard.metrics.collector.get_sample_value(f"coinop_coordinator_{name}", labels) or 0

    async def status(self):
        """Ask for the server's status."""
        async with self.http.get(self.url("/api/status")) as response:
            return await response.json()

    async def until(self, **figures):
        """Ask until the status shows these figures: for what the server does without telling anybody."""
        async with asyncio.timeout(ANSWER_WITHIN):
            while not figures.items() <= (await self.status()).items():
                pass


@pytest.fixture
def web_root(tmp_path: Path) -> Path:
    """Write a small page with every kind of file."""
    root = tmp_path / "web"
    (root / "input").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html><title>arcade</title>")
    (root / "main.js").write_text("export const answer = 42;\n")
    (root / "style.css").write_text("body { margin: 0 }\n")
    (root / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (root / "app.webmanifest").write_text("{}")
    (root / "strings.json").write_text("{}")
    (root / "input" / "pad.js").write_text("export {};\n")
    (tmp_path / "secret.txt").write_text("not for pages")
    return root


@pytest.fixture
def settings() -> dict[str, object]:
    """Override settings; modules or parameters of a test say which."""
    return {}


@pytest.fixture
def config(web_root: Path, settings: dict[str, object]) -> Config:
    return Config(**{"worker_token": TOKEN, "web_root": web_root, **settings})


@pytest.fixture
async def arcade(config: Config):
    app = create_app(config)
    async with TestServer(app) as server, ClientSession() as http:
        yield Arcade(server, http, app[SWITCHBOARD])


@pytest.fixture
def simulation() -> Simulation:
    """Make the rooms alone, without workers or sockets."""
    return Simulation()


@pytest.fixture
def worker(simulation: Simulation):
    """Connect a worker with four places and two games to the simulation."""
    return simulation.add_worker()


@pytest.fixture
def room(simulation: Simulation, worker):
    """Open a room with page 1 in its first seat, and page 2 in its second, and return its id."""
    room = simulation.play(1).room
    simulation.enter(2, room)
    return room
