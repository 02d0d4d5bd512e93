"""How many rooms fit on a machine: processor time, late frames, frame intervals and memory, by the number of rooms.

``python -m benchmarks.density [--rooms 1,2,4] [--seconds 15] [--json]``. Each room has one viewer (``viewer.py``) that
plays. The viewers' processor time is not counted, but they share the machine: ``machine_busy`` is all that ran on it,
so figures with other work beside them can be told from those of a quiet machine.
"""

import argparse
import asyncio
import logging
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

from benchmarks.arcade import stack
from benchmarks.arcade.stack import Stack
from benchmarks.arcade.viewer import Viewer
from benchmarks.measure import processes, report
from benchmarks.measure.figures import intervals, percentile
from benchmarks.measure.report import Benchmark, BenchmarkError, Figures
from benchmarks.measure.wait import until
from coordinator.messages import Game

logger = logging.getLogger(__name__)

ROOMS = (1, 2, 4, 8, 12, 16)
SECONDS = 15.0

WARM_FRAMES = 180
"""Frames that every viewer has had before its room counts, about 3 s: the start is over, and so is the title screen."""
WARM_WITHIN = 30.0
"""Seconds for that, on a machine that is full."""


@dataclass(frozen=True)
class Snapshot:
    """Running totals of the worker at one moment."""

    at: float
    cpu: dict[int, float]
    """Process id -> seconds."""
    frames: float
    late: float

    def cpu_since(self, earlier: "Snapshot") -> float:
        """Processor seconds of all processes that were there both times."""
        return sum(seconds - earlier.cpu[pid] for pid, seconds in self.cpu.items() if pid in earlier.cpu)


async def measure(options: argparse.Namespace) -> Figures:
    """``{"rooms": [...]}``, one object for each number of rooms. Raises BenchmarkError."""
    async with stack.running() as running, AsyncExitStack() as leaving:
        game = await running.game()
        viewers: list[Viewer] = []
        found = []
        for rooms in sorted(options.rooms):
            logger.info("> %d rooms", rooms)
            while len(viewers) < rooms:
                viewers.append(await _one_more(running, game))
                leaving.push_async_callback(viewers[-1].leave)
            await _warm(viewers)
            found.append(await _window(running, viewers, options.seconds))
    return {"rooms": found}


async def _one_more(running: Stack, game: Game) -> Viewer:
    await running.worker.spare_is_ready()
    return await Viewer.enter(running.session, running.url, game)


async def _warm(viewers: list[Viewer]) -> None:
    await until(
        lambda: all(len(viewer.frames) >= WARM_FRAMES for viewer in viewers),
        f"a viewer still has not had {WARM_FRAMES} frames",
        WARM_WITHIN,
    )


async def _window(running: Stack, viewers: list[Viewer], seconds: float) -> Figures:
    await running.worker.spare_is_ready()
    for viewer in viewers:
        viewer.frames.clear()
        viewer.bytes = 0
    busy = processes.busy_seconds()
    before = await _snapshot(running)
    await asyncio.sleep(seconds)
    after = await _snapshot(running)
    busy_share = processes.busy_share(busy, after.at - before.at)
    for viewer in viewers:
        if viewer.failure is not None:
            raise BenchmarkError(f"A room ended while it was measured: {viewer.failure}")
    arrivals, received = [viewer.frames for viewer in viewers], sum(viewer.bytes for viewer in viewers)
    memory = [processes.memory(pid) for pid in processes.descendants(running.worker.pid)[1:]]
    return {**figures(before, after, arrivals, received, memory), "machine_busy": busy_share}


def figures(
    before: Snapshot, after: Snapshot, arrivals: list[list[float]], received: int, memory: list[processes.Memory]
) -> Figures:
    """Sum one window up. ``arrivals`` and ``received`` (bytes) are the viewers', ``memory`` the processes'."""
    rooms, seconds = len(arrivals), after.at - before.at
    frames = after.frames - before.frames
    gaps = [gap for room in arrivals for gap in intervals(room)]
    if not frames or not gaps:
        raise BenchmarkError("No frame came while the rooms were measured.")
    largest = sorted(memory, key=lambda process: process.pss)[-rooms:]  # the smallest is the spare
    return {
        "rooms": rooms,
        "cpu_per_room": round(after.cpu_since(before) / seconds / rooms, 4),
        "late": round((after.late - before.late) / frames, 5),
        "p99_interval_ms": round(1000 * percentile(gaps, 99), 1),
        "memory_mib_per_room": round(sum(process.pss for process in largest) / rooms / processes.MIB, 1),
        "rss_mib_per_room": round(sum(process.rss for process in largest) / rooms / processes.MIB, 1),
        "fps": round(len(gaps) / seconds / rooms, 2),
        "kbps": round(8 * received / seconds / rooms / 1000),
    }


async def _snapshot(running: Stack) -> Snapshot:
    totals = await running.worker.metrics()
    cpu = {pid: processes.cpu_seconds(pid) for pid in processes.descendants(running.worker.pid)}
    return Snapshot(time.monotonic(), cpu, totals[stack.FRAMES], totals[stack.LATE])


def show(found: Figures) -> str:
    """Draw the figures as a table."""
    head = ("rooms", "cpu/room", "late", "p99 interval", "PSS/room", "RSS/room", "fps", "kbit/s", "machine")
    rows = [
        (
            row["rooms"],
            f"{row['cpu_per_room']:.1%}",
            f"{row['late']:.2%}",
            f"{row['p99_interval_ms']} ms",
            f"{row['memory_mib_per_room']} MiB",
            f"{row['rss_mib_per_room']} MiB",
            row["fps"],
            row["kbps"],
            f"{row['machine_busy']:.0%}",
        )
        for row in found["rooms"]
    ]
    return report.table(head, rows)


def _numbers(text: str) -> tuple[int, ...]:
    numbers = tuple(int(part) for part in text.split(","))
    if not all(1 <= number <= stack.CAPACITY for number in numbers):
        raise ValueError
    return numbers


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the benchmark's options."""
    parser.add_argument("--rooms", type=_numbers, default=ROOMS, metavar="N,N,...", help="numbers of rooms (1 to 64)")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each number is measured")


BENCHMARK = Benchmark(
    "benchmarks.density", "Measure how many rooms fit on this machine.", add_options, measure, show, 300
)

if __name__ == "__main__":
    report.main(BENCHMARK)
