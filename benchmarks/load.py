"""``python -m benchmarks.load [--json]``: what an arcade does when more people come than it has places for.

Two halves. In the one, players arrive at two workers until all places are taken, and go on arriving: each of them has
to be told so in a sentence, and no game may suffer from it. In the other, pages come and go at a coordinator whose
workers are played by this program (``arcade/signalling.py``): how many a processor can serve, how long a
start takes.
"""

import argparse
import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp

from benchmarks.arcade import signalling
from benchmarks.arcade.stack import Stack, running
from benchmarks.arcade.viewer import Viewer
from benchmarks.measure.figures import intervals
from benchmarks.measure.report import Benchmark, BenchmarkError, Figures, main, table
from coordinator.messages import Game, Leave, Refused, Start, Started, decode_player_event, encode

logger = logging.getLogger(__name__)

WORKERS = 2
PLACES = 2
"""Rooms that each worker takes: what two processors run beside their viewers."""
ARRIVALS = 60
"""Players who come when all places are taken."""
AT_ONCE = 10
"""Of them, so many at the same moment."""
HARM_SECONDS = 1.0
"""A picture that stands for so long has been noticed: a page would connect again."""
ANSWER_SECONDS = 10.0

CODES = {"no_seats", "too_many_rooms", "too_many_players"}
"""What may be said to somebody for whom there is no place."""
LEAST_WORDS = 5


@dataclass(frozen=True)
class Told:
    """What somebody without a place was told; empty if nothing in time."""

    code: str
    message: str

    @property
    def is_clear(self) -> bool:
        """Whether it is a sentence on what is wrong, with a code for programs."""
        return self.code in CODES and self.message.endswith(".") and len(self.message.split()) >= LEAST_WORDS


def add_options(parser: argparse.ArgumentParser) -> None:
    """Of the command line."""
    signalling.add_options(parser)
    parser.add_argument("--arrivals", type=int, default=ARRIVALS, help="players who come when all places are taken")


async def measure(options: argparse.Namespace) -> Figures:
    """Measure both halves. Raises BenchmarkError."""
    sessions = await signalling.measure(options.session_rate, options.session_seconds)
    return {**sessions, **await _seats(options.arrivals)}


async def _seats(arrivals: int) -> Figures:
    async with running(WORKERS, PLACES) as stack, AsyncExitStack() as leaving:
        game = await stack.game()
        viewers = []
        for _ in range(WORKERS * PLACES):
            for worker in stack.workers:
                await worker.spare_is_ready()
            viewers.append(await Viewer.enter(stack.session, stack.url, game))
            leaving.push_async_callback(viewers[-1].leave)
        logger.info("%d games are played, and %d players come.", len(viewers), arrivals)
        began = time.monotonic()
        told = await _arrive(stack, game, arrivals)
        ended = time.monotonic()
        return {**seats_figures(told, viewers, began, ended), "rooms": len(viewers), "workers": WORKERS}


async def _arrive(stack: Stack, game: Game, arrivals: int) -> list[Told]:
    told: list[Told] = []
    while len(told) < arrivals:
        group = min(AT_ONCE, arrivals - len(told))
        told += await asyncio.gather(*(_come(stack.session, stack.url, game) for _ in range(group)))
    return told


async def _come(session: aiohttp.ClientSession, url: str, game: Game) -> Told:
    """Ask for a game that there is no place for."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS), session.ws_connect(f"{url}ws/player") as page:
            await page.send_str(encode(Start(game=game.id, offer="v=0")))
            async for frame in page:
                match decode_player_event(frame.data):
                    case Refused(code=code, message=message):
                        await page.send_str(encode(Leave()))
                        return Told(code, message)
                    case Started():
                        raise BenchmarkError("There was one place more than the workers were given.")
    except (TimeoutError, aiohttp.ClientError):
        pass
    return Told("", "")


def seats_figures(told: Sequence[Told], viewers: Sequence[Viewer], began: float, ended: float) -> Figures:
    """How those without a place were told so, and which games suffered meanwhile. Raises BenchmarkError."""
    if not told:
        raise BenchmarkError("Nobody came: let at least one player arrive.")
    return {
        "refused": len(told),
        "refused_clearly": sum(each.is_clear for each in told) / len(told),
        "rooms_harmed": sum(is_harmed(viewer.failure, viewer.frames, began, ended) for viewer in viewers),
    }


def is_harmed(failure: str | None, frames: Sequence[float], began: float, ended: float) -> bool:
    """Whether a game ended, or its picture stood still, between these two moments."""
    watched = [began, *(at for at in frames if began <= at <= ended), ended]
    return failure is not None or max(intervals(watched)) > HARM_SECONDS


def show(found: Figures) -> str:
    """Two small tables."""
    sessions = [found[name] for name in ("signalling_per_cpu_s", "sessions_per_s", "p50_ms", "p99_ms")]
    seats = [found[name] for name in ("workers", "rooms", "refused", "refused_clearly", "rooms_harmed")]
    return "\n\n".join(
        (
            table(("sessions per CPU-second", "sessions/s", "p50 ms", "p99 ms"), [sessions]),
            table(("workers", "rooms", "players refused", "of them clearly", "rooms harmed"), [seats]),
        )
    )


BENCHMARK = Benchmark("benchmarks.load", "More players than places.", add_options, measure, show, seconds=300)

if __name__ == "__main__":
    main(BENCHMARK)
