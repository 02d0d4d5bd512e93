import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import density
from benchmarks.density import Snapshot
from benchmarks.measure.processes import MIB, Memory
from benchmarks.measure.report import BenchmarkError

REQUIRED = {"rooms", "cpu_per_room", "late", "p99_interval_ms", "memory_mib_per_room"}

AGENT, FIRST, SECOND, SPARE = 10, 11, 12, 13
BEFORE = Snapshot(100.0, {AGENT: 1.0, FIRST: 2.0, SECOND: 3.0}, frames=1000, late=10)
AFTER = Snapshot(110.0, {AGENT: 1.2, FIRST: 2.6, SECOND: 3.8, SPARE: 5.0}, frames=2200, late=13)
EVEN = [place / 60 for place in range(601)]


def test_the_figures_of_a_window() -> None:
    memory = [Memory(40 * MIB, 60 * MIB), Memory(20 * MIB, 50 * MIB), Memory(50 * MIB, 70 * MIB)]
    found = density.figures(BEFORE, AFTER, [EVEN, EVEN], 2_500_000, memory)
    assert found["rooms"] == 2
    assert found["cpu_per_room"] == 0.08  # 1.6 s of processes that were there both times, over 10 s and 2 rooms
    assert found["late"] == 0.0025
    assert found["p99_interval_ms"] == 16.7
    assert found["memory_mib_per_room"] == 45.0  # without the spare
    assert found["rss_mib_per_room"] == 65.0
    assert found["fps"] == 60.0
    assert found["kbps"] == 1000


def test_the_table_shows_every_window() -> None:
    found = density.figures(BEFORE, AFTER, [EVEN], 10, [Memory(MIB, MIB)])
    head, *rows = density.show({"rooms": [found | {"machine_busy": 0.5}] * 2}).splitlines()
    assert head.startswith("rooms")
    assert len(rows) == 2


def test_no_frames_are_no_figures() -> None:
    with pytest.raises(BenchmarkError, match="No frame came"):
        density.figures(BEFORE, AFTER, [[], []], 0, [])


def test_the_numbers_of_rooms_are_read() -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    density.add_options(parser)
    assert parser.parse_args(["--rooms", "1,2,4"]).rooms == (1, 2, 4)
    for wrong in ("0", "65", "two", "1,,2"):
        with pytest.raises(argparse.ArgumentError):
            parser.parse_args(["--rooms", wrong])


def test_one_room_is_measured() -> None:
    """The whole way: a stack, a viewer that plays, and one JSON object."""
    command = (sys.executable, "-m", "benchmarks.density", "--rooms", "1", "--seconds", "2", "--json")
    run = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=100, check=False
    )
    assert run.returncode == 0, run.stderr
    (room,) = json.loads(run.stdout)["rooms"]
    assert set(room) >= REQUIRED
    assert room["rooms"] == 1
    assert 0 < room["cpu_per_room"] < 2
    assert 0 <= room["late"] <= 1
    assert room["memory_mib_per_room"] > 1
    assert room["fps"] > 1
