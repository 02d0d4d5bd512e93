"""The command line of every benchmark: options in, one JSON object or one table out on standard output.

What is said on the way goes to standard error. What is measured is left to the benchmarks.
"""

import argparse
import asyncio
import json
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import uvloop

Figures = dict[str, Any]
"""What a benchmark found, as its JSON object."""


@dataclass(frozen=True)
class Benchmark:
    """One benchmark, as its command line needs it."""

    name: str
    summary: str
    add_options: Callable[[argparse.ArgumentParser], None]
    measure: Callable[[argparse.Namespace], Coroutine[Any, Any, Figures]]
    """Raises BenchmarkError."""
    show: Callable[[Figures], str]
    """The figures as a table."""
    seconds: float
    """When to give up: well over what it takes on a slow machine."""


class BenchmarkError(Exception):
    """There is nothing to measure, or it does not behave. The text is a sentence for the person who asked."""


def main(benchmark: Benchmark) -> None:
    """Read the command line, measure and print. Exits with 1 after one sentence if that is not possible."""
    options = _parser(benchmark).parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("benchmarks").setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as after Ctrl-C: nothing that was started is left
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            figures = runner.run(_in_time(benchmark, options))
    except BenchmarkError as error:
        sys.exit(f"! {error}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    sys.stdout.write((json.dumps(figures) if options.json else benchmark.show(figures)) + "\n")


def _parser(benchmark: Benchmark) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {benchmark.name}", description=benchmark.summary)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    benchmark.add_options(parser)
    return parser


async def _in_time(benchmark: Benchmark, options: argparse.Namespace) -> Figures:
    try:
        async with asyncio.timeout(benchmark.seconds):
            return await benchmark.measure(options)
    except TimeoutError as error:
        raise BenchmarkError(f"{benchmark.name} was not done after {benchmark.seconds:.0f} seconds.") from error


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows under their headings: the first column to the left, figures to the right."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    )
