"""Logs of cores, written from C."""

import logging
import platform
import sys
from logging.handlers import QueueHandler
from pathlib import Path
from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cores.build import Builder
from tests.cores.own_process import in_own_process
from tests.worker.libretro.recording import Recording, open_core, run
from worker.libretro.logs import MAX_LINE, one_line

HAS_INTERFACE = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")

EVERY_KIND = [
    ("INFO", "text|-5|4000000000|ff|z|-6|7|-1099511627776"),
    ("WARNING", "3.14|1|1e+09|end|2 |0003|%"),
    ("ERROR", "cut|(null)|0x1000|44|0000BEEF"),
    ("INFO", " ".join(f"{n} {n}.000000" for n in range(1, 11))),
]


def logged(path: Path, folder: Path, game: Path, level: int, frames: int = 0) -> list[tuple[str, str]]:
    records: SimpleQueue[logging.LogRecord] = SimpleQueue()
    logger = logging.getLogger(f"worker.libretro.core.{path.stem.removesuffix('_libretro')}")
    logger.addHandler(QueueHandler(records))
    logger.setLevel(level)
    core = open_core(path, folder)
    Recording(core)
    core.load_game(game)
    run(core, frames)
    lines = []
    while not records.empty():
        record = records.get()
        lines.append((record.levelname, record.getMessage()))
    return [line for line in lines if not line[1].startswith("<")]


@in_own_process
def test_printf_from_c(build: Builder, tmp_path: Path, game: Path) -> None:
    expected = [*EVERY_KIND, ("DEBUG", "for debugging")] if HAS_INTERFACE else []
    assert logged(build("asks"), tmp_path, game, logging.DEBUG) == expected


@in_own_process
def test_debug_messages_are_left_alone_unless_wanted(build: Builder, tmp_path: Path, game: Path) -> None:
    assert logged(build("asks"), tmp_path, game, logging.INFO) == (EVERY_KIND if HAS_INTERFACE else [])


@in_own_process
def test_messages_that_are_for_the_log(build: Builder, tmp_path: Path, game: Path) -> None:
    assert logged(build("changes"), tmp_path, game, logging.INFO, frames=8) == [("WARNING", "for the log")]


@pytest.mark.parametrize(
    ("message", "line"), [("a\n", "a"), ("\x1b[31mred\x07", "[31mred"), ("a\n\tb  c\r\n", "a b c"), ("\n", "")]
)
def test_one_line(message: str, line: str) -> None:
    assert one_line(message) == line


@given(st.text(max_size=3 * MAX_LINE))
def test_one_line_is_printable_and_short(message: str) -> None:
    line = one_line(message)
    assert line.isprintable()
    assert len(line) <= MAX_LINE
