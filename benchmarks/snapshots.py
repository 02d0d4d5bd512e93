"""What keeping states costs a room: ``python -m benchmarks.snapshots [--frames 1200] [--json]``.

Each game that coinop brings along, or finds in the stable-retro wheel, runs at its own rate in a process of its own,
with neither picture nor viewers: what is counted is the processor time of taking states, on the thread that runs the
frames, and of all that is done with them beside it. ``longest_ms`` is how long a frame had to wait for it at the most.
"""

import argparse
import asyncio
import logging
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.measure import report
from benchmarks.measure.report import Benchmark, BenchmarkError, Figures
from worker.config import Config
from worker.library.library import Scanner
from worker.libretro import Core
from worker.room.game.battery import Battery
from worker.room.game.playback import Setting
from worker.room.game.snapshots import Present, Snapshots

logger = logging.getLogger(__name__)

FRAMES = 1200
"""Twenty seconds: six snapshots and eighty steps of the way back."""


async def measure(options: argparse.Namespace) -> Figures:
    """``{"games": [...]}``. Raises BenchmarkError."""
    library = Scanner(Config.model_validate({"token": "for no coordinator"})).scan()
    games = [(entry.game.title, entry.core, entry.path) for entry in library.entries if entry.core and entry.path]
    if not games:
        raise BenchmarkError("There is no game with a core: run `make setup`.")
    found = []
    for title, core, path in games:
        logger.info("> %s, %d frames", title, options.frames)
        found.append({"game": title, **await _in_own_process(core, path, options.frames)})
    return {"games": found}


async def _in_own_process(core: Path, game: Path, frames: int) -> Figures:
    """Measure in a process of its own: a core has global state."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, play, core, game, frames)


def play(library: Path, game: Path, frames: int) -> Figures:
    """Run a game for so many frames; the shares are of one core."""
    with tempfile.TemporaryDirectory() as folder:
        core = Core(library, system_directory=Path(folder), save_directory=Path(folder))
        fps = core.load_game(game).fps
        snapshots = Snapshots(
            core, Battery(None), fps=fps, on_snapshot=lambda data, frame: None, on_battery=lambda memory: None
        )
        own = longest = 0.0
        all_before, frames_before, began = time.process_time(), time.thread_time(), time.monotonic()
        for frame in range(frames):
            time.sleep(max(0.0, began + frame / fps - time.monotonic()))
            core.run()
            now = time.monotonic()
            if now >= snapshots.due:
                before, waited = time.thread_time(), time.monotonic()
                snapshots.capture(core, Present(frame, frame, Setting()), now)
                own += time.thread_time() - before
                longest = max(longest, time.monotonic() - waited)
        snapshots.flush()
        beside = (time.process_time() - all_before) - (time.thread_time() - frames_before)
        state_bytes = core.state_size
        snapshots.stop()
        core.close()
    return figures(state_bytes, own, beside, longest, frames / fps)


def figures(state_bytes: int, own: float, beside: float, longest: float, seconds: float) -> Figures:
    """As they are told."""
    return {
        "state_kib": round(state_bytes / 1024),
        "frames_thread": round(own / seconds, 5),
        "beside": round(beside / seconds, 5),
        "longest_ms": round(1000 * longest, 2),
    }


def show(found: Figures) -> str:
    """Draw the figures as a table."""
    rows = [
        (row["game"], row["state_kib"], f"{row['frames_thread']:.2%}", f"{row['beside']:.2%}", row["longest_ms"])
        for row in found["games"]
    ]
    return report.table(("game", "state KiB", "frames' thread", "beside", "longest ms"), rows)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the benchmark's options."""
    parser.add_argument("--frames", type=int, default=FRAMES, help="of each game whose states are kept")


BENCHMARK = Benchmark(
    "benchmarks.snapshots", "Measure what keeping states costs a room.", add_options, measure, show, 120
)

if __name__ == "__main__":
    report.main(BENCHMARK)
