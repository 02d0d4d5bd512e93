"""Python functions as machine code, kept on disk or not."""

import os
import subprocess
import sys
from pathlib import Path

from turn.compiled import compiled

SCRIPT = """
from turn.compiled import compiled

@compiled
def double(number: int) -> int:
    return 2 * number

print(double(21), len(double.signatures))
"""


@compiled
def added(one: int, other: int) -> int:
    return one + other


def test_it_is_the_same_function_and_is_compiled() -> None:
    assert added(1, 2) == 3
    assert added.signatures  # type: ignore[attr-defined]


def test_where_nothing_may_be_written_it_is_compiled_each_time(tmp_path: Path) -> None:
    """As in a container whose file system is read-only."""
    module = tmp_path / "double.py"
    module.write_text(SCRIPT)
    (tmp_path / "__pycache__").write_text("no folder")
    environment = {**os.environ, "HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null", "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONPATH"] = os.getcwd()
    ended = subprocess.run(
        [sys.executable, str(module)], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.stdout == "42 1\n", ended.stderr
