import argparse
import asyncio
import json
import os
import signal

import pytest

from benchmarks.measure import report
from benchmarks.measure.report import Benchmark, BenchmarkError, Figures


def benchmark(measure: object, seconds: float = 30.0) -> Benchmark:
    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--count", type=int, default=1)

    return Benchmark("trial", "Try.", add_options, measure, lambda figures: f"count {figures['count']}", seconds)  # type: ignore[arg-type]


async def counted(options: argparse.Namespace) -> Figures:
    return {"count": options.count}


@pytest.fixture(autouse=True)
def _signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)


def run(made: Benchmark, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr("sys.argv", ["trial", *arguments])
    report.main(made)


def test_json_is_one_object(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(benchmark(counted), monkeypatch, "--json", "--count", "3")
    assert json.loads(capsys.readouterr().out) == {"count": 3}


def test_without_it_the_table_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(benchmark(counted), monkeypatch)
    assert capsys.readouterr().out == "count 1\n"


def test_what_goes_wrong_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    async def failing(_: argparse.Namespace) -> Figures:
        raise BenchmarkError("There is no game.")

    with pytest.raises(SystemExit) as ended:
        run(benchmark(failing), monkeypatch, "--json")
    assert ended.value.code == "! There is no game."
    assert capsys.readouterr().out == ""


def test_it_gives_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def endless(_: argparse.Namespace) -> Figures:
        await asyncio.Event().wait()
        return {}

    with pytest.raises(SystemExit, match="trial was not done after 0 seconds"):
        run(benchmark(endless, seconds=0.01), monkeypatch)


def test_ctrl_c_lets_what_was_started_end(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = []

    async def interrupted(_: argparse.Namespace) -> Figures:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            ended.append("stack")
        return {}

    monkeypatch.undo()  # the real signals
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs have it ignored
    try:
        with pytest.raises(SystemExit) as exit_:
            run(benchmark(interrupted), monkeypatch)
    finally:
        signal.signal(signal.SIGINT, before)
    assert exit_.value.code == 128 + signal.SIGINT
    assert ended == ["stack"]


def test_a_table_is_aligned() -> None:
    assert report.table(("name", "ms"), [("a", 1.5), ("longer", 10)]) == ("name     ms\na       1.5\nlonger   10")
