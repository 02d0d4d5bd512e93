"""Pages that come and go at a coordinator whose workers are played here: signalling alone, no media.

A session is what a page says to play for a moment: connect, be welcomed, start with an offer of the usual length, send
its candidates, be let in or refused, leave. They begin at a fixed rate whatever becomes of the others, as people do, so
that a coordinator that falls behind shows it in the time that a start takes.
"""

import argparse
import asyncio
import itertools
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from benchmarks.arcade.stack import Coordinator, coordinator_alone
from benchmarks.measure.figures import percentile
from benchmarks.measure.processes import cpu_seconds
from benchmarks.measure.report import BenchmarkError, Figures
from coordinator.messages import (
    Admitted,
    Candidate,
    CloseRoom,
    Game,
    Leave,
    OpenRoom,
    Refused,
    Register,
    Registered,
    RoomClosed,
    Start,
    Started,
    Trickle,
    decode_player_event,
    decode_worker_command,
    encode,
)

logger = logging.getLogger(__name__)

WORKERS = 2
PLACES = 500
"""Of each: there is always one, and the coordinator looks through as many rooms as a large arcade has."""

RATE, SECONDS = 100.0, 10.0
WARM_UP = 50
"""Sessions that are not counted: imports, first allocations."""

LINES = 150
OFFER: Final = "v=0\r\n" + "a=rtpmap:96 H264/90000 and whatever else\r\n" * LINES
"""Some 6 KB, as a browser's."""
ANSWER: Final = "v=0\r\n" + "a=rtpmap:96 H264/90000\r\n" * 40
CANDIDATES = 8
"""A browser on one network finds so many."""
REFUSED_ONE_IN = 4
"""Starts that the worker turns down."""

GAME: Final = Game(id="load", title="Load", system="NES")

PATIENCE = 20.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Of the command line."""
    parser.add_argument("--session-rate", type=float, default=RATE, help="sessions that begin in a second")
    parser.add_argument("--session-seconds", type=float, default=SECONDS, help="for how long")


async def measure(rate: float, seconds: float) -> Figures:
    """Sessions per CPU-second of the coordinator, and what a start takes. Raises BenchmarkError."""
    connector = aiohttp.TCPConnector(limit=0)  # as many pages at a time as there are, and none that waits for another
    async with (
        coordinator_alone() as coordinator,
        aiohttp.ClientSession(connector=connector) as session,
        _workers(session, coordinator),
    ):
        await _sessions(session, coordinator.url, WARM_UP, rate)
        logger.info("%.0f sessions a second for %.0f seconds.", rate, seconds)
        used = cpu_seconds(coordinator.pid)
        took = await _sessions(session, coordinator.url, max(1, round(rate * seconds)), rate)
        return figures(took, cpu_seconds(coordinator.pid) - used, rate)


def figures(took: list[float], cpu: float, rate: float) -> Figures:
    """Of starts that took so many seconds each, and so many processor seconds altogether. Raises BenchmarkError."""
    if cpu <= 0:
        raise BenchmarkError("The coordinator's processor time can't be told: measure for longer, on Linux.")
    return {
        "signalling_per_cpu_s": round(len(took) / cpu),
        "sessions_per_s": rate,
        "p50_ms": round(1000 * percentile(took, 50), 2),
        "p99_ms": round(1000 * percentile(took, 99), 2),
    }


# ----- pages


async def _sessions(session: aiohttp.ClientSession, url: str, count: int, rate: float) -> list[float]:
    """So many sessions, each begun in its time; the seconds that each start took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        tasks = []
        for number in range(count):
            await asyncio.sleep(began + number / rate - loop.time())
            tasks.append(group.create_task(_play_for_a_moment(session, url)))
    return [task.result() for task in tasks]


async def _play_for_a_moment(session: aiohttp.ClientSession, url: str) -> float:
    """One session; the seconds from its first word until it is let in or refused."""
    began = time.perf_counter()
    async with asyncio.timeout(PATIENCE), session.ws_connect(f"{url}ws/player") as page:
        await page.receive_str()  # the welcome
        await page.send_str(START)
        for candidate in TRICKLED:
            await page.send_str(candidate)
        while not isinstance(decode_player_event(await page.receive_str()), Started | Refused):
            pass
        answered = time.perf_counter()
        await page.send_str(LEAVE)
    return answered - began


def _trickled(number: int) -> str:
    found = f"candidate:{number} 1 udp 2113937151 192.0.2.{number} 50000 typ host generation 0 ufrag abcd"
    return encode(Trickle(candidate=Candidate(candidate=found, sdpMid="0", sdpMLineIndex=0)))


START: Final = encode(Start(game=GAME.id, offer=OFFER))
TRICKLED: Final = tuple(_trickled(number) for number in range(CANDIDATES))
LEAVE: Final = encode(Leave())

# ----- workers


@asynccontextmanager
async def _workers(session: aiohttp.ClientSession, coordinator: Coordinator) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        there = [asyncio.Event() for _ in range(WORKERS)]
        tasks = [group.create_task(_work(session, coordinator, ready)) for ready in there]
        await asyncio.gather(*(ready.wait() for ready in there))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def _work(session: aiohttp.ClientSession, coordinator: Coordinator, registered: asyncio.Event) -> None:
    """Play a worker that opens rooms in which nothing runs."""
    headers = {"Authorization": f"Bearer {coordinator.worker_token}"}
    async with session.ws_connect(f"{coordinator.url}ws/worker", headers=headers) as socket:
        await socket.send_str(encode(Register(name="stand-in", capacity=PLACES, games=(GAME,))))
        numbers = itertools.count()
        async for frame in socket:
            match decode_worker_command(frame.data):
                case Registered():
                    registered.set()
                case OpenRoom(room=room, viewer=viewer):
                    await socket.send_str(_answer(room, viewer, next(numbers)))
                case CloseRoom(room=room):
                    await socket.send_str(encode(RoomClosed(room=room, code="closed", message="The room is closed.")))


def _answer(room: str, viewer: str, number: int) -> str:
    if number % REFUSED_ONE_IN == 0:
        return encode(RoomClosed(room=room, code="no_seats", message="All rooms of this worker are taken."))
    return encode(Admitted(room=room, viewer=viewer, answer=ANSWER, codec="H264"))
