"""Python functions as machine code, kept on disk or not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from turn.compiled import compiled

SCRIPT = """
from turn.compiled import compiled

@compiled
def double(number: int) -> int:
    return 2 * number

print(double(21), len(double.signatures), sum(double.stats.cache_hits.values()))
"""


@compiled
def added(one: int, other: int) -> int:
    return one + other


def test_it_is_the_same_function_and_is_compiled() -> None:
    assert added(1, 2) == 3
    assert added.signatures  # type: ignore[attr-defined]


def run(module: Path, **variables: str) -> str:
    """What the script says, where no cache of the user's can be."""
    environment = {**os.environ, "HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null", "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONPATH"] = os.getcwd()
    ended = subprocess.run(
        [sys.executable, str(module)],
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "double.py"
    path.write_text(SCRIPT)
    return path


def test_where_nothing_may_be_written_it_is_compiled_each_time(module: Path) -> None:
    """As in a container whose file system is read-only."""
    (module.parent / "__pycache__").write_text("no folder")
    assert run(module) == "42 1 0"


def test_finished_code_is_read_where_nothing_may_be_written(module: Path) -> None:
    """As in the gateway's image, which was made with the code of any processor."""
    only_read = {"NUMBA_CACHE_LOCATOR_CLASSES": "turn.compiled.Finished"}
    assert run(module, NUMBA_CPU_NAME="generic") == "42 1 0"
    before = {path: path.stat().st_mtime_ns for path in (module.parent / "__pycache__").iterdir()}
    assert run(module, NUMBA_CPU_NAME="generic", **only_read) == "42 1 1"
    assert run(module, **only_read) == "42 1 0"  # code of this very processor, which nobody has made
    assert before == {path: path.stat().st_mtime_ns for path in (module.parent / "__pycache__").iterdir()}
