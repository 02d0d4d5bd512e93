"""How soon a game is there: click on its tile to its first frame, ``python -m benchmarks.start [--json]``.

Warm is the ordinary case: a spare room process has its imports behind it. Cold is a start without a spare, as when two
players come at once: it is killed right before. The time of the frame is that of its ``requestVideoFrameCallback``.
"""

import argparse
import logging
from typing import TYPE_CHECKING

from benchmarks.arcade import stack
from benchmarks.arcade.browser import chromium, leave, page_at, play
from benchmarks.arcade.stack import Stack
from benchmarks.measure import report
from benchmarks.measure.figures import summary
from benchmarks.measure.report import Benchmark, Figures
from benchmarks.measure.wait import until

if TYPE_CHECKING:
    from playwright.async_api import Page

logger = logging.getLogger(__name__)

WARM, COLD = 20, 10
"""Starts of each kind."""

GONE_WITHIN = 10.0
"""Seconds for a room to end after its only player left."""


async def measure(options: argparse.Namespace) -> Figures:
    """``{"warm": {...}, "cold": {...}}``. Raises BenchmarkError."""
    logger.info("> %d warm and %d cold starts; the worker complains of each spare", options.warm, options.cold)
    times: dict[str, list[float]] = {"warm": [], "cold": []}
    async with stack.running() as running, chromium() as browser, page_at(browser, running.url) as page:
        game = await running.game()
        for kind in order(options.warm, options.cold):
            await running.worker.spare_is_ready()
            if kind == "cold":
                await running.worker.end_spare()
            times[kind].append(await _start(running, page, game.id))
    return {kind: {**summary(samples), "starts": len(samples)} for kind, samples in times.items() if samples}


def order(warm: int, cold: int) -> list[str]:
    """Cold starts evenly among the warm ones: an agent whose spares keep dying waits longer each time to start one."""
    starts = [(place / warm, "warm") for place in range(warm)] + [((place + 1) / cold, "cold") for place in range(cold)]
    return [kind for _, kind in sorted(starts)]


async def _start(running: Stack, page: "Page", game: str) -> float:
    """One start and its end; ms from the click to the first frame."""
    waiting = await page.evaluate_handle("() => ({ shown: coinopProbe.start() })")
    await play(page, game)
    milliseconds = await waiting.evaluate("({ shown }) => shown")
    await leave(page)

    async def gone() -> bool:
        return (await running.worker.metrics()).get(stack.ROOMS, 0) == 0

    await until(gone, "the room was still there", GONE_WITHIN)
    return float(milliseconds)


def show(found: Figures) -> str:
    """Draw the figures as a table."""
    rows = [(kind, found[kind]["starts"], found[kind]["p50_ms"], found[kind]["p95_ms"]) for kind in found]
    return report.table(("click to frame", "starts", "p50 ms", "p95 ms"), rows)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the benchmark's options."""
    parser.add_argument("--warm", type=int, default=WARM, help="starts with a spare room process ready")
    parser.add_argument("--cold", type=int, default=COLD, help="starts without one")


BENCHMARK = Benchmark("benchmarks.start", "Measure how soon a game is there.", add_options, measure, show, 180)

if __name__ == "__main__":
    report.main(BENCHMARK)
