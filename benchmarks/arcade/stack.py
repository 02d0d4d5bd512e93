"""A coordinator, a gateway and workers of our own, as ``coinop play`` starts them: on free ports, and gone at the end.

They are the programs that they are anywhere else. Their saves go into a folder that is removed; games and cores
are those that ``coinop play`` would find.
"""

import json
import os
import secrets
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.measure.processes import descendants
from benchmarks.measure.report import BenchmarkError
from benchmarks.measure.wait import until
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


@dataclass
class Worker:
    """One worker of a stack."""

    name: str
    pid: int
    """Of its agent, which starts the rooms."""
    metrics_url: str
    session: aiohttp.ClientSession

    async def metrics(self) -> dict[str, float]:
        """Its metrics, each summed over its labels."""
        async with self.session.get(self.metrics_url) as response:
            text = await response.text()
        totals: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                totals[sample.name] = totals.get(sample.name, 0.0) + sample.value
        return totals

    async def spare_is_ready(self) -> None:
        """Wait until a room process is ready to be opened."""

        async def there() -> bool:
            try:
                return (await self.metrics()).get(SPARE, 0) == 1
            except aiohttp.ClientError:  # it is still starting
                return False

        await until(there, "no spare room process was ready", SPARE_WITHIN)

    async def end_spare(self) -> None:
        """Kill the spare room process: the next room has to start one, if it is opened before the agent does."""
        for pid in descendants(self.pid)[1:]:
            os.kill(pid, signal.SIGKILL)

        async def gone() -> bool:
            return (await self.metrics()).get(SPARE, 0) == 0

        await until(gone, "the spare room process was still there", SPARE_WITHIN)


class Programs:
    """The programs of a stack by name, each with its environment, so that it can be started again."""

    def __init__(self, environments: Mapping[str, Mapping[str, str]]) -> None:
        self._environments = environments
        self._running: dict[str, Child] = {}

    async def start(self, name: str) -> int:
        """Start it, and tell its process id."""
        program = "worker" if name.startswith("worker") else name
        child = self._running[name] = await Child.start(program, self._environments[name])
        return child.pid

    def kill(self, name: str) -> None:
        """End it at once. Its children see that by themselves."""
        os.killpg(self._running[name].pid, signal.SIGKILL)

    async def end(self) -> None:
        """End all of them in order, the last one first."""
        for child in reversed(self._running.values()):
            await child.end()


@dataclass
class Stack:
    """A running stack."""

    url: str
    """Of the page."""
    saves: Path
    """The folder with all that its workers keep."""
    session: aiohttp.ClientSession
    workers: list[Worker]
    _programs: Programs

    @property
    def worker(self) -> Worker:
        """The first worker; of most stacks the only one."""
        return self.workers[0]

    async def game(self) -> Game:
        """Find the game to measure with. Raises BenchmarkError if the library doesn't have it."""
        async with self.session.ws_connect(f"{self.url}ws/player") as page:
            welcome = decode_player_event(await page.receive_str())
        games = welcome.games if isinstance(welcome, Welcome) else ()
        for game in games:
            if game.title == GAME:
                return game
        raise BenchmarkError(f"The worker does not offer {GAME}: `coinop doctor` tells which cores and games it finds.")

    async def status(self) -> dict[str, int]:
        """How many workers and rooms the coordinator knows, and what else it counts."""
        async with self.session.get(f"{self.url}api/status") as response:
            counts: dict[str, int] = await response.json()
        return counts

    async def restart(self, worker: Worker) -> None:
        """Start a worker again that was killed, and wait until it can take rooms."""
        worker.pid = await self._programs.start(worker.name)
        await worker.spare_is_ready()

        async def known() -> bool:
            return (await self.status())["workers"] == len(self.workers)

        await until(known, "the coordinator did not know its workers again", READY_WITHIN)

    def kill(self, worker: Worker) -> None:
        """End a worker as a machine ends that loses its power."""
        self._programs.kill(worker.name)

    async def restart_coordinator(self) -> None:
        """End the coordinator in the same way, and start it again."""
        self._programs.kill("coordinator")
        await self._programs.start("coordinator")
        await until(partial(_answers, self.session, f"{self.url}ready"), "the coordinator was not back", READY_WITHIN)


@dataclass(frozen=True)
class Coordinator:
    """A coordinator without any worker but those that the benchmark plays."""

    url: str
    pid: int
    worker_token: str


@asynccontextmanager
async def coordinator_alone() -> AsyncIterator[Coordinator]:
    """Run a coordinator until the end of the block. Raises BenchmarkError."""
    token, (port,) = secrets.token_urlsafe(32), _free_ports(1)
    url = f"http://{HOST}:{port}/"
    programs = Programs({"coordinator": {"COINOP_WORKER_TOKEN": token, **_coordinator(port)}})
    try:
        pid = await programs.start("coordinator")
        async with aiohttp.ClientSession() as session:
            await until(partial(_answers, session, f"{url}live"), "the coordinator was not there", READY_WITHIN)
        yield Coordinator(url, pid, token)
    finally:
        await programs.end()


@asynccontextmanager
async def running(workers: int = 1, capacity: int = CAPACITY) -> AsyncIterator[Stack]:
    """Run a stack that can be played on, until the end of the block. Raises BenchmarkError."""
    token, turn_secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    port, turn_port, *metrics_ports = _free_ports(2 + workers)
    relay = gateway.find(IPv4Address(HOST), turn_port)
    url = f"http://{HOST}:{port}/"
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="coinop-benchmark-"))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        named = {f"worker{number}": metrics_port for number, metrics_port in enumerate(metrics_ports, 1)}
        common = {"COINOP_WORKER_TOKEN": token, "COINOP_TURN_SECRET": turn_secret}
        programs = Programs(
            {
                "coordinator": {**common, **_coordinator(port)},
                "turn": relay.environment(turn_secret, "warning"),
                **{
                    name: {**common, **_worker(name, url, folder, relay.urls, metrics_port, capacity)}
                    for name, metrics_port in named.items()
                },
            }
        )
        stack.push_async_callback(programs.end)
        pids = {name: await programs.start(name) for name in ("coordinator", "turn", *named)}
        for ready in (relay.ready_url, f"{url}ready"):
            await until(partial(_answers, session, ready), "the stack was not ready", READY_WITHIN)
        rows = [
            Worker(name, pids[name], f"http://{HOST}:{metrics_port}/metrics", session)
            for name, metrics_port in named.items()
        ]
        yield Stack(url, Path(folder) / "saves", session, rows, programs)


def _coordinator(port: int) -> dict[str, str]:
    return {
        "COINOP_COORDINATOR_HOST": HOST,
        "COINOP_COORDINATOR_PORT": str(port),
        "COINOP_COORDINATOR_LOG_LEVEL": "warning",
        "COINOP_COORDINATOR_ROOMS_PER_ADDRESS": "0",
    }


def _worker(
    name: str, url: str, folder: str, gateways: Sequence[str], metrics_port: int, capacity: int
) -> dict[str, str]:
    return {
        "COINOP_WORKER_NAME": name,
        "COINOP_WORKER_COORDINATOR": url,
        "COINOP_WORKER_LOG_LEVEL": "warning",
        "COINOP_WORKER_DRAIN_SECONDS": "0",
        "COINOP_WORKER_CAPACITY": str(capacity),
        "COINOP_WORKER_SAVES": f"{folder}/saves",
        "COINOP_WORKER_GATEWAYS": json.dumps(gateways),
        "COINOP_WORKER_METRICS_HOST": HOST,
        "COINOP_WORKER_METRICS_PORT": str(metrics_port),
    }


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
