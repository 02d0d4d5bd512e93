"""How soon a key shows in the picture, against an emulator inside the page: ``python -m benchmarks.latency [--json]``.

A press is a key event at a random moment; the answer is the first ``requestVideoFrameCallback`` that sees the lamp of
the picture white (``probe.js``), at the time that the callback is told. Stream and reference are read by the same code
in the same page, in turns, so that they share what the machine does.

The times in a frame's metadata are given too, as ``presentation_time`` and ``expected_display_time``, but compare
nothing: a canvas's frame gets the time of the refresh in which it is drawn, before anything can show it, and a stream's
gets that of the refresh which takes it up.

``stages_ms`` says where the stream's mean goes; its parts add up to ``mean_ms``.
"""

import argparse
import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.arcade import stack
from benchmarks.arcade.browser import chromium, leave, page_at, play
from benchmarks.arcade.stack import Stack
from benchmarks.measure import processes, report
from benchmarks.measure.figures import mean, percentile, summary
from benchmarks.measure.report import Benchmark, Figures

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

logger = logging.getLogger(__name__)

STREAMS = {"h264": "codec=h264", "vp8": "codec=vp8", "h264_relayed": "codec=h264&relay=1"}
"""What is measured, and how its page is asked for; the last goes through the gateway, over UDP."""
REFERENCE = "reference"

PRESSES = 120
ROUNDS = 2
"""Turns that each stream takes. Room and screen drift through each other's phase in 10 s; a turn is longer."""

PICTURE = {"width": 256, "height": 240}
LAMP = {"x": 24 / 256, "y": 24 / 240, "width": 24 / 256, "height": 16 / 240}
"""The middle of the lamp of Comet Hares, as shares of the picture; a core that hides eight lines does not matter."""

RTP_CLOCK = 90_000

Sample = dict[str, Any]


class Turn:
    """What one or more turns of a stream or of the reference gave."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.totals: dict[str, float] = {}
        """Growth of the running totals of the receiver (``probe.js``) and of the worker's metrics."""

    def add(self, samples: list[Sample], *growths: tuple[dict[str, Any], dict[str, Any]]) -> None:
        """Take the presses of a turn, and the running totals before and after it."""
        self.samples += samples
        for before, after in growths:
            for name, value in after.items():
                if isinstance(value, int | float):
                    self.totals[name] = self.totals.get(name, 0.0) + value - before.get(name, 0.0)

    def each(self, later: str, earlier: str) -> list[float]:
        """List the times between two moments of every press, in ms."""
        return [s[later] - s[earlier] for s in self.samples if s[later] is not None and s[earlier] is not None]

    def per(self, total: str, count: str) -> float:
        """Divide the growth of one total by the growth of another: ms if the total is in seconds."""
        return 1000 * self.totals[total] / (self.totals[count] or 1)


async def measure(options: argparse.Namespace) -> Figures:
    """Measure ``{"reference": {...}, "h264": {...}, "vp8": {...}, ...}``. Raises BenchmarkError."""
    turns = {name: Turn() for name in (REFERENCE, *STREAMS)}
    busy, began = processes.busy_seconds(), time.monotonic()
    count = -(-options.presses // ROUNDS)
    async with stack.running() as running, chromium() as browser:
        game = await running.game()
        for _ in range(ROUNDS):
            for name in STREAMS:
                logger.info("> %s and reference, %d presses each", name, count)
                await _turn(running, browser, game.id, name, count, turns)
    return {
        REFERENCE: reference_figures(turns[REFERENCE]),
        **{name: stream_figures(turns[name]) for name in STREAMS},
        "machine_busy": processes.busy_share(busy, time.monotonic() - began),
    }


async def _turn(running: Stack, browser: "Browser", game: str, name: str, count: int, turns: dict[str, Turn]) -> None:
    """One turn of a stream, then a shorter one of the reference in the same page, since it comes after each stream."""
    await running.worker.spare_is_ready()
    async with page_at(browser, f"{running.url}?{STREAMS[name]}") as page:
        await play(page, game)
        before = await running.worker.metrics()
        stream = await probe(page, "stream", count, LAMP)
        after = await running.worker.metrics()
        turns[name].add(stream["samples"], (stream["before"], stream["after"]), (before, after))
        await leave(page)
        reference = await probe(page, "reference", -(-count // len(STREAMS)), LAMP, PICTURE, stream["box"])
        turns[REFERENCE].add(reference["samples"])


async def probe(page: "Page", function: str, *arguments: object) -> Any:
    return await page.evaluate("([name, given]) => coinopProbe[name](...given)", [function, arguments])


def reference_figures(turn: Turn) -> Figures:
    """Sum the reference's turn up."""
    return {
        **summary(turn.each("shown", "pressed")),
        "mean_ms": round(mean(turn.each("shown", "pressed")), 1),
        "presses": len(turn.samples),
        "presentation_time": summary(turn.each("presented", "pressed")),
        "expected_display_time": summary(turn.each("displayed", "pressed")),
    }


def stream_figures(turn: Turn) -> Figures:
    """Sum a stream's turn up."""
    later = [sample["ticks"] / RTP_CLOCK * 1000 for sample in turn.samples if sample["ticks"] is not None]
    return {
        **reference_figures(turn),
        "rtt_ms": round(_round_trip(turn.samples), 2),
        "jitter_buffer_ms": round(turn.per("bufferDelay", "buffered"), 2),
        "decode_ms": round(turn.per("decodeTime", "decoded"), 2),
        "shown_after_first_frame_ms": round(mean(later), 2) if later else None,
        "stages_ms": {name: round(ms, 2) for name, ms in stages(turn).items()},
    }


def stages(turn: Turn) -> dict[str, float]:
    """Where the mean time of a press goes, in order. The network's share is the data channel's round trip."""
    round_trip = _round_trip(turn.samples)
    run, encode = turn.per(stack.RUN, stack.FRAMES), turn.per(stack.ENCODE, stack.FRAMES)
    buffer, decode = turn.per("bufferDelay", "buffered"), turn.per("decodeTime", "decoded")
    return {
        "input_network": round_trip / 2,
        "wait_for_frame": mean(turn.each("received", "pressed")) - round_trip - run - encode,
        "run": run,
        "encode": encode,
        "video_network": round_trip / 2,
        "jitter_buffer": buffer,
        "decode": decode,
        "wait_for_refresh": mean(turn.each("shown", "received")) - buffer - decode,
    }


def _round_trip(samples: Sequence[Sample]) -> float:
    """Find the median round trip of the page's pings, in ms; 0 if it has had none."""
    known = [sample["roundTrip"] for sample in samples if sample["roundTrip"] is not None]
    return percentile(known, 50) if known else 0.0


def show(found: Figures) -> str:
    """Draw the figures as two tables, and how busy the machine was."""
    kinds = (REFERENCE, *STREAMS)
    rows = [(kind, found[kind]["presses"], found[kind]["p50_ms"], found[kind]["p95_ms"]) for kind in kinds]
    names = list(found[next(iter(STREAMS))]["stages_ms"])
    stage_rows = [(name, *(found[codec]["stages_ms"][name] for codec in STREAMS)) for name in names]
    totals = ("all", *(found[codec]["mean_ms"] for codec in STREAMS))
    return "\n\n".join(
        (
            report.table(("key to frame", "presses", "p50 ms", "p95 ms"), rows),
            report.table(("mean of the stage, ms", *STREAMS), [*stage_rows, totals]),
            f"The machine was busy for {found['machine_busy']:.0%} of the time.",
        )
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the benchmark's options."""
    parser.add_argument("--presses", type=int, default=PRESSES, help="presses of each kind; 100 or more say something")


BENCHMARK = Benchmark(
    "benchmarks.latency", "Measure how soon a key shows in the picture.", add_options, measure, show, 180
)

if __name__ == "__main__":
    report.main(BENCHMARK)
