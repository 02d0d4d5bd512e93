"""``python -m benchmarks [--json]``: every benchmark in turn, as one object or as one table after another."""

import argparse

from benchmarks import density, latency, load, recovery, snapshots, start
from benchmarks.measure import report
from benchmarks.measure.report import Benchmark, Figures

ALL = {
    "latency": latency.BENCHMARK,
    "density": density.BENCHMARK,
    "start": start.BENCHMARK,
    "recovery": recovery.BENCHMARK,
    "snapshots": snapshots.BENCHMARK,
    "load": load.BENCHMARK,
}


async def measure(options: argparse.Namespace) -> Figures:
    """Run every benchmark in turn, and give their figures by name. Raises BenchmarkError."""
    return {name: await benchmark.measure(options) for name, benchmark in ALL.items()}


def show(found: Figures) -> str:
    """All tables."""
    return "\n\n".join(f"{name}\n\n{benchmark.show(found[name])}" for name, benchmark in ALL.items())


def add_options(parser: argparse.ArgumentParser) -> None:
    """Those of all benchmarks."""
    for benchmark in ALL.values():
        benchmark.add_options(parser)


if __name__ == "__main__":
    seconds = sum(benchmark.seconds for benchmark in ALL.values())
    report.main(Benchmark("benchmarks", "Run every benchmark.", add_options, measure, show, seconds))
