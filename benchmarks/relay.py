"""The gateway against Debian's coturn: ``python -m benchmarks.relay [--full] [--json]``.

Packets per processor-second of the server at the load of game sessions, what a relay adds to the delay, loss, and what
allocations cost. Both servers run at the same time and are loaded in turn (``gateway/load.py``), so that other work on
the machine falls on both; a figure is the median of its windows. What is added is the median of the windows' p99 less
that of the direct way.

Bursts are handed to the kernel in one piece, as a network card does that puts neighbouring packets together (GRO).
Receivers take packets one by one, and on the loopback device what it costs to take a burst apart is then billed to the
server; or, where a row says so, in one piece, as with a network card that takes it apart itself. ``--sender plain`` has
every packet of a burst sent on its own: nothing is left for GRO to gain, because loopback never puts packets together.
"""

import argparse
import asyncio
import itertools
import json
import logging
import statistics
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.gateway import servers
from benchmarks.gateway.allocations import Asked, Given
from benchmarks.gateway.load import BOTH, CLIENT_TO_PEER, DIRECTIONS, PEER_TO_CLIENT, Load, Target
from benchmarks.gateway.scaling import scaling
from benchmarks.gateway.servers import OURS, THEIRS, Server
from benchmarks.measure import report
from benchmarks.measure.report import Benchmark, BenchmarkError, Figures

logger = logging.getLogger("benchmarks.relay")  # as a module that is run its name would be __main__

ROUNDS, SECONDS = 5, 0.6
"""Windows of each server, and how long one is."""
ALLOCATIONS = 1000
MANY_ALLOCATIONS = 10_000
"""With ``--full``."""

BURSTS, SIZES, SESSIONS, PROCESSES = (1, 4, 12), (160, 1100, 1200), (1, 20, 60, 200), (1, 2)

PLAIN, GRO = "plain", "gro"
"""How a burst is received: packet by packet, or in one piece."""

LATE = 0.1
"""Seconds: when the generator has been held up for longer, the log says so."""
DIRECT = "direct"

KIB = 1024


@dataclass(frozen=True, order=True)
class Run:
    """One load on servers of so many processes."""

    processes: int
    direction: str
    burst: int
    size: int
    sessions: int
    receiver: str = PLAIN


SHORT = (
    *(Run(1, PEER_TO_CLIENT, burst, 1100, sessions) for sessions in (1, 60) for burst in BURSTS),
    *(Run(1, PEER_TO_CLIENT, burst, 1100, 20) for burst in (1, 4)),
    *(Run(1, PEER_TO_CLIENT, burst, 1100, 200) for burst in (1, 4)),
    *(Run(1, PEER_TO_CLIENT, 1, 160, sessions) for sessions in (60, 200)),
    Run(1, PEER_TO_CLIENT, 4, 1200, 60),
    *(Run(1, CLIENT_TO_PEER, 1, 160, sessions) for sessions in SESSIONS),
    *(Run(1, CLIENT_TO_PEER, burst, 1100, 60) for burst in (4, 12)),
    *(Run(1, PEER_TO_CLIENT, burst, 1100, 60, GRO) for burst in (4, 12)),
    *(Run(1, CLIENT_TO_PEER, burst, 1100, 60, GRO) for burst in (4, 12)),
    Run(1, BOTH, 4, 1100, 60),
    Run(1, BOTH, 1, 160, 200),
    *(Run(2, PEER_TO_CLIENT, burst, 1100, 120) for burst in (1, 4)),
)
"""What is measured without ``--full``: the loads that there are targets for, and their neighbours."""

FULL = tuple(
    dict.fromkeys([*(Run(*run) for run in itertools.product(PROCESSES, DIRECTIONS, BURSTS, SIZES, SESSIONS)), *SHORT])
)


async def measure(options: argparse.Namespace) -> Figures:
    """Measure both servers, run by run. Raises BenchmarkError."""
    version = servers.coturn_version()
    logger.info("= coturn %s", version)
    runs = []
    for processes, wanted in itertools.groupby(sorted(FULL if options.full else SHORT), key=lambda run: run.processes):
        async with _servers(processes) as both:
            runs += [await _run(run, both, options) for run in wanted]
    return {"coturn": version, "runs": runs, "scaling": scaling(runs), **await _allocations(options)}


@asynccontextmanager
async def _servers(processes: int) -> AsyncIterator[tuple[Server, ...]]:
    async with servers.ours(processes) as ours, servers.coturn(processes) as coturn:
        yield ours, coturn


async def _run(run: Run, servers: Iterable[Server], options: argparse.Namespace) -> Figures:
    targets = (*(server.target() for server in servers), Target(DIRECT))
    load = Load(
        targets,
        run.direction,
        run.burst,
        run.size,
        run.sessions,
        options.rounds,
        options.seconds,
        sender_gso=options.sender == "gso",
        receiver_gro=run.receiver == GRO,
    )
    windows = await _in_process("benchmarks.gateway.load", asdict(load))
    late = max(window["late"] for way in windows.values() for window in way)
    if late > LATE:
        logger.warning("! other work held the load generator up for %.0f ms: its figures are worth less", 1000 * late)
    found = figures(run, windows)
    logger.info("> %s", " ".join(f"{name}={value}" for name, value in found.items()))
    return found


def figures(run: Run, windows: dict[str, list[dict[str, float]]]) -> Figures:
    """Sum one run up from what the generator counted, by target and window. Raises BenchmarkError."""
    ours, coturn = (_per_cpu_second(windows[name], name) for name in (OURS, THEIRS))
    return {
        **asdict(run),
        "ours_per_cpu_s": round(ours),
        "coturn_per_cpu_s": round(coturn),
        "ratio": round(ours / coturn, 2),
        "busiest_share": _busiest_share(windows[OURS]),
        "loss": _loss(windows[OURS]),
        "coturn_loss": _loss(windows[THEIRS]),
        **{f"added_{name}": _added(windows, OURS, name) for name in ("p50_ms", "p99_ms")},
        **{f"coturn_added_{name}": _added(windows, THEIRS, name) for name in ("p50_ms", "p99_ms")},
    }


def _per_cpu_second(windows: list[dict[str, float]], name: str) -> float:
    found = statistics.median(window["received"] / window["cpu"] if window["cpu"] else 0.0 for window in windows)
    if not found:
        raise BenchmarkError(f"Nothing came through {name} while it was measured.")
    return found


def _busiest_share(windows: list[dict[str, float]]) -> float:
    """How much of the processor time one process had: 0.5 of two is even."""
    cpu, busiest = (sum(window[name] for window in windows) for name in ("cpu", "busiest"))
    return round(busiest / cpu, 3)


def _loss(windows: list[dict[str, float]]) -> float:
    sent, received = (sum(window[name] for window in windows) for name in ("sent", "received"))
    return round(1 - received / sent, 5)


def _added(windows: dict[str, list[dict[str, float]]], name: str, figure: str) -> float:
    relayed, direct = (statistics.median(window[figure] for window in windows[way]) for way in (name, DIRECT))
    return round(relayed - direct, 3)


async def _allocations(options: argparse.Namespace) -> Figures:
    count = MANY_ALLOCATIONS if options.full else ALLOCATIONS
    found = {}
    async with _servers(1) as both:
        for server in both:
            asked = Asked(server.target(), count)
            found[server.name] = Given(**await _in_process("benchmarks.gateway.allocations", asdict(asked)))
            logger.info("> %s %s", server.name, found[server.name])
    return {
        "allocations": count,
        **_allocation_figures("", found[OURS]),
        **_allocation_figures("coturn_", found[THEIRS]),
    }


def _allocation_figures(prefix: str, given: Given) -> Figures:
    return {
        f"{prefix}allocations_per_s": round(given.allocations / given.seconds),
        f"{prefix}allocations_per_cpu_s": round(given.allocations / given.cpu),
        f"{prefix}kib_per_allocation": round(given.grown / given.allocations / KIB, 2),
    }


async def _in_process(module: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Ask a module that runs as a process of its own. Raises BenchmarkError with the last thing that it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        answer, complaint = await process.communicate(json.dumps(asked).encode())
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        last = complaint.decode(errors="replace").strip().splitlines()[-1:]
        raise BenchmarkError(f"The load generator failed: {''.join(last)}")
    found: dict[str, Any] = json.loads(answer)
    return found


def show(found: Figures) -> str:
    """Draw the figures as three tables."""
    load = ("direction", "proc", "burst", "size", "sess", "receiver")
    head = (*load, "ours/cpu s", "coturn", "ratio", "loss", "p99 +ms", "coturn")
    names = ("direction", "processes", "burst", "size", "sessions", "receiver", "ours_per_cpu_s", "coturn_per_cpu_s")
    delays = ("added_p99_ms", "coturn_added_p99_ms")
    rows = [
        (*(run[name] for name in names), f"{run['ratio']:.2f}", f"{run['loss']:.2%}", *(run[name] for name in delays))
        for run in found["runs"]
    ]
    return "\n\n".join((report.table(head, rows), _show_scaling(found), _show_allocations(found)))


def _show_scaling(found: Figures) -> str:
    head = ("processes", "burst", "size", "sess", "packets/cpu s of one's", "busiest", "carry x one")
    names = ("processes", "burst", "size", "sessions", "per_cpu_s_of_one", "busiest_share", "times_one")
    return report.table(head, [tuple(run[name] for name in names) for run in found["scaling"]])


def _show_allocations(found: Figures) -> str:
    names = ("allocations_per_s", "allocations_per_cpu_s", "kib_per_allocation")
    servers = ((OURS, ""), (f"coturn {found['coturn']}", "coturn_"))
    rows = [(server, *(found[prefix + name] for name in names)) for server, prefix in servers]
    return report.table(("allocations", "per s", "per cpu s", "KiB each"), rows)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the benchmark's options."""
    parser.add_argument("--full", action="store_true", help="every combination, which takes about twenty minutes")
    parser.add_argument("--sender", choices=("gso", "plain"), default="gso", help="how a burst is sent")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="windows of each server")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long a window is")


BENCHMARK = Benchmark("benchmarks.relay", "Measure the gateway against coturn.", add_options, measure, show, 3600)

if __name__ == "__main__":
    report.main(BENCHMARK)
