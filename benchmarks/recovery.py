"""What a failure costs a player: ``python -m benchmarks.recovery [--json]``.

A game is played in Chromium. Then its room's process is killed; or its worker with a second one up; or the page is
loaded again; or the coordinator is killed and started again. Measured are, from the kill on, when the page knew, when
it showed the first new frame, and how much play was lost: by the frame numbers in the room's snapshots, which count the
frames that the core has run. The coordinator's end must not be seen at all: counted is how often it was.
"""

import argparse
import logging
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.arcade import stack
from benchmarks.arcade.browser import chromium, in_state, leave, page_at, play
from benchmarks.arcade.stack import Stack, Worker
from benchmarks.measure import interruptions, report
from benchmarks.measure.figures import percentile, summary
from benchmarks.measure.interruptions import Record, Trial
from benchmarks.measure.processes import descendants
from benchmarks.measure.report import Benchmark, BenchmarkError, Figures
from benchmarks.measure.wait import until
from worker.formats.envelope import DamagedError
from worker.store.naming import keys
from worker.store.naming.records import SNAPSHOTS

if TYPE_CHECKING:
    from playwright.async_api import Page

logger = logging.getLogger(__name__)

KILLS = 20
"""Of each kind."""

FPS: Final = 60.0988
"""The game's, an NES game's."""

PROBE: Final = Path(__file__).with_suffix(".js")

RESUMED_WITHIN = 30.0
SNAPSHOT_WITHIN = 20.0
"""Seconds; each takes a few at most."""
PHASE = 3.0
"""Kills are spread over so many seconds, the time between two snapshots."""
INTERRUPTED = 1.0
"""Seconds without a frame that a player would call an interruption."""


class Session:
    """One page and what it plays."""

    def __init__(self, running: Stack, page: "Page", game: str, seed: int) -> None:
        self.running = running
        self.page = page
        self._game = game
        self._random = random.Random(seed)

    async def begin(self) -> None:
        """Start a game anew and play it until its snapshots tell its time; then to a random moment."""
        for worker in self.running.workers:
            await worker.spare_is_ready()
        began = time.time()
        await play(self.page, self._game)
        await self.page.keyboard.press("Enter")  # past the title, where little happens
        await self._snapshots_since(began, 2)
        await self.page.wait_for_timeout(1000 * self._random.uniform(0, PHASE))

    async def end(self) -> None:
        """Leave, and see the room end."""
        await leave(self.page)

        async def empty() -> bool:
            return (await self.running.status())["rooms"] == 0

        await until(empty, "the room was still there", RESUMED_WITHIN)

    async def trial(self, kill: Callable[[], Awaitable[None]]) -> Trial:
        """Kill something and see what becomes of the game."""
        before = interruptions.clock(self.snapshots(), FPS)
        killed = time.time()
        await kill()
        resumed = await self._resumed(killed)
        await in_state(self.page, "playing")
        after = interruptions.clock(await self._snapshots_since(resumed, 1), FPS)
        detected = interruptions.detected_at(await self.record(killed), killed)
        return Trial(
            detected=None if detected is None else detected - killed,
            shown=resumed - killed,
            lost=interruptions.lost_play(before, killed, after, resumed),
        )

    async def record(self, since: float) -> Record:
        """Ask the page for what it has noted since then."""
        noted: dict[str, list[Any]] = await self.page.evaluate("(time) => coinopRecovery.since(time)", 1000 * since)
        return Record(
            [frame / 1000 for frame in noted["frames"]],
            [(at / 1000, state) for at, state in noted["states"]],
            [frame / 1000 for frame in noted["firsts"]],
        )

    async def _resumed(self, killed: float) -> float:
        found: float | None = None

        async def shown() -> bool:
            nonlocal found
            found = interruptions.resumed_at(await self.record(killed), killed)
            return found is not None

        await until(shown, "the game was not back", RESUMED_WITHIN)
        assert found is not None  # noqa: S101 (until has seen it)
        return found

    def snapshots(self) -> list[tuple[float, int]]:
        """When each of the room's snapshots that are there now was written, and its frame."""
        found = []
        for folder, _, files in os.walk(self.running.saves / "store" / keys.ROOMS):  # passes over what goes meanwhile
            for path in (Path(folder, name) for name in files):
                with suppress(OSError, DamagedError):  # gone, or not whole yet
                    found.append((path.stat().st_mtime, SNAPSHOTS.header(path.read_bytes()).frame))
        return found

    async def _snapshots_since(self, since: float, count: int) -> list[tuple[float, int]]:
        """So many that were written after this moment."""
        found: dict[float, int] = {}

        def enough() -> bool:
            found.update((at, frame) for at, frame in self.snapshots() if at > since)
            return len(found) >= count

        await until(enough, "no new snapshot of the game was kept", SNAPSHOT_WITHIN)
        return list(found.items())

    # ----- what is killed

    def room(self) -> tuple[Worker, int]:
        """Find the worker that has the room, and the process that runs it. Raises BenchmarkError."""
        for worker in self.running.workers:
            for pid in descendants(worker.pid)[1:]:
                with suppress(OSError):
                    if b"_libretro" in Path(f"/proc/{pid}/maps").read_bytes():
                        return worker, pid
        raise BenchmarkError("No process runs the game.")

    async def kill_room(self) -> None:
        """Kill the process of the room alone."""
        os.kill(self.room()[1], signal.SIGKILL)

    async def kill_worker(self) -> None:
        """Kill the worker with all its rooms."""
        self.running.kill(self.room()[0])


async def measure(options: argparse.Namespace) -> Figures:
    """``{"room": {...}, "worker": {...}, "reload": {...}, "coordinator": {...}}``. Raises BenchmarkError."""
    kills = options.kills
    async with stack.running(workers=2) as running, chromium() as browser, page_at(browser, running.url) as page:
        await page.add_init_script(path=PROBE)
        await page.reload()
        await in_state(page, "library")
        session = Session(running, page, (await running.game()).id, options.seed)
        logger.info("> %d kills of the room's process", kills)
        rooms = [await _room(session) for _ in range(kills)]
        logger.info("> %d kills of its worker", kills)
        workers = [await _worker(session) for _ in range(kills)]
        await session.begin()
        logger.info("> %d times the page is loaded again, %d times the coordinator starts again", kills, kills)
        reloads = [await _reload(session) for _ in range(kills)]
        interrupted = [await _coordinator(session) for _ in range(kills)]
        await session.end()
    return {
        "room": {**of_trials(rooms), "kills": kills},
        "worker": {**of_trials(workers), "kills": kills},
        "reload": {**summary([1000 * seconds for seconds in reloads]), "reloads": kills},
        "coordinator": {"interrupted": sum(interrupted), "restarts": kills},
    }


async def _room(session: Session) -> Trial:
    await session.begin()
    found = await session.trial(session.kill_room)
    await session.end()
    return found


async def _worker(session: Session) -> Trial:
    await session.begin()
    worker, _ = session.room()
    found = await session.trial(session.kill_worker)
    await session.end()
    await session.running.restart(worker)
    return found


async def _reload(session: Session) -> float:
    """Seconds from the reload to the first frame of the new page."""
    since = time.time()
    await session.page.reload(wait_until="commit")
    first: list[float] = []

    async def shown() -> bool:
        first[:] = (await session.record(since)).firsts[:1]
        return bool(first)

    await until(shown, "the game was not back after a reload", RESUMED_WITHIN)
    await in_state(session.page, "playing")
    return first[0] - since


async def _coordinator(session: Session) -> bool:
    """Whether anything of it was seen."""
    since = time.time()
    await session.running.restart_coordinator()

    async def complete() -> bool:
        status = await session.running.status()
        return status["workers"] == len(session.running.workers) and status["rooms"] == status["pages"] == 1

    await until(complete, "the coordinator did not learn of its room and page again", RESUMED_WITHIN)
    record = await session.record(since)
    return interruptions.longest_gap(record) > INTERRUPTED or interruptions.detected_at(record, since) is not None


def of_trials(trials: list[Trial]) -> Figures:
    """Sum the trials of one kind of kill up."""
    detected = [1000 * trial.detected for trial in trials if trial.detected is not None]
    return {
        "detect_p50_ms": round(percentile(detected, 50), 1) if detected else None,
        **summary([1000 * trial.shown for trial in trials]),
        "lost_play_max_s": round(max(trial.lost for trial in trials), 2),
    }


def show(found: Figures) -> str:
    """Draw the figures as a table."""
    rows = [
        (kind, *(found[kind].get(name, "") for name in ("detect_p50_ms", "p50_ms", "p95_ms", "lost_play_max_s")))
        for kind in ("room", "worker", "reload")
    ]
    table = report.table(("", "known p50 ms", "frame p50 ms", "p95 ms", "lost play max s"), rows)
    coordinator = found["coordinator"]
    return f"{table}\ncoordinator: {coordinator['interrupted']} of {coordinator['restarts']} restarts were seen"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the benchmark's options."""
    parser.add_argument("--kills", type=int, default=KILLS, help="of each kind")
    parser.add_argument("--seed", type=int, default=1, help="of the moments between two snapshots")


BENCHMARK = Benchmark("benchmarks.recovery", "Measure what failures cost.", add_options, measure, show, 1800)

if __name__ == "__main__":
    report.main(BENCHMARK)
