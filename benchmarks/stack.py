"""A coordinator, a gateway and a worker of our own, as ``coinop play`` starts them: on free ports, and gone at the end.

The three are the programs that they are anywhere else. Their saves go into a folder that is removed; games and cores
are those that ``coinop play`` would find.
"""

import json
import os
import secrets
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.processes import descendants
from benchmarks.report import BenchmarkError
from benchmarks.wait import until
from coinop import gateway
from coinop.child import Child
from coordinator.messages import Game, Welcome, decode_player_event

HOST = "127.0.0.1"

READY_WITHIN = 60.0
"""Seconds: the first start from a slow disk takes a few."""
SPARE_WITHIN = 30.0
"""Seconds for the imports of a room process, on a machine that is full of rooms."""
CAPACITY = 64
"""Rooms that the worker takes: more than any benchmark opens, so that the machine is the limit."""

GAME = "Comet Hares"
"""The home-made game: its lamp shows when an input arrives, and everybody has it."""

SPARE = "coinop_worker_spare_ready"
ROOMS = "coinop_worker_rooms"
FRAMES = "coinop_worker_room_frames_total"
LATE = "coinop_worker_room_late_frames_total"
RUN = "coinop_worker_room_run_seconds_total"
ENCODE = "coinop_worker_room_encode_seconds_total"


@dataclass(frozen=True)
class Stack:
    """A running stack."""

    url: str
    """Of the page."""
    worker: int
    """Process id of the worker's agent, which starts the rooms."""
    session: aiohttp.ClientSession
    _metrics_url: str

    async def metrics(self) -> dict[str, float]:
        """The worker's metrics, each summed over its labels."""
        async with self.session.get(self._metrics_url) as response:
            text = await response.text()
        totals: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                totals[sample.name] = totals.get(sample.name, 0.0) + sample.value
        return totals

    async def game(self) -> Game:
        """The game to measure with. Raises BenchmarkError if the library doesn't have it."""
        async with self.session.ws_connect(f"{self.url}ws/player") as page:
            welcome = decode_player_event(await page.receive_str())
        games = welcome.games if isinstance(welcome, Welcome) else ()
        for game in games:
            if game.title == GAME:
                return game
        raise BenchmarkError(f"The worker does not offer {GAME}: `coinop doctor` tells which cores and games it finds.")

    async def spare_is_ready(self) -> None:
        """Wait until a room process is ready to be opened."""

        async def there() -> bool:
            return (await self.metrics()).get(SPARE, 0) == 1

        await until(there, "no spare room process was ready", SPARE_WITHIN)

    async def end_spare(self) -> None:
        """Kill the spare room process: the next room has to start one, if it is opened before the agent does."""
        for pid in descendants(self.worker)[1:]:
            os.kill(pid, signal.SIGKILL)

        async def gone() -> bool:
            return (await self.metrics()).get(SPARE, 0) == 0

        await until(gone, "the spare room process was still there", SPARE_WITHIN)


@asynccontextmanager
async def running() -> AsyncIterator[Stack]:
    """A stack that can be played on, until the end of the block. Raises BenchmarkError."""
    token, turn_secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    port, metrics_port, turn_port = _free_ports(3)
    relay = gateway.find(IPv4Address(HOST), turn_port)
    url = f"http://{HOST}:{port}/"
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="coinop-benchmark-"))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        programs = {
            "coordinator": {
                "COINOP_COORDINATOR_HOST": HOST,
                "COINOP_COORDINATOR_PORT": str(port),
                "COINOP_COORDINATOR_LOG_LEVEL": "warning",
                "COINOP_WORKER_TOKEN": token,
                "COINOP_TURN_SECRET": turn_secret,
            },
            "turn": relay.environment(turn_secret, "warning"),
            "worker": {
                "COINOP_WORKER_COORDINATOR": url,
                "COINOP_WORKER_TOKEN": token,
                "COINOP_WORKER_LOG_LEVEL": "warning",
                "COINOP_WORKER_DRAIN": "0",
                "COINOP_WORKER_CAPACITY": str(CAPACITY),
                "COINOP_WORKER_SAVES": f"{folder}/saves",
                "COINOP_WORKER_GATEWAYS": json.dumps(relay.urls),
                "COINOP_WORKER_METRICS_HOST": HOST,
                "COINOP_WORKER_METRICS_PORT": str(metrics_port),
            },
        }
        children = {}
        for name, environment in programs.items():
            children[name] = await Child.start(name, environment)
            stack.push_async_callback(children[name].end)
        for ready in (relay.ready_url, f"{url}ready"):
            await until(partial(_answers, session, ready), "the stack was not ready", READY_WITHIN)
        yield Stack(url, children["worker"]._process.pid, session, f"http://{HOST}:{metrics_port}/metrics")


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status == 200
    except aiohttp.ClientError:  # not listening yet
        return False


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    try:
        return [free.getsockname()[1] for free in sockets]
    finally:
        for free in sockets:
            free.close()
