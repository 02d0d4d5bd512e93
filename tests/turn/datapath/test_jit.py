"""Python functions as machine code, kept on disk or not."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import turn
from turn.datapath.jit import INGREDIENTS, compiled

TURN = Path(turn.__file__).parent

SCRIPT = """
from turn.datapath.jit import compiled

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
    environment["PYTHONPATH"] = str(TURN.parent)
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
    only_read = {"NUMBA_CACHE_LOCATOR_CLASSES": "turn.datapath.jit.Finished"}  # root may write anywhere
    assert run(module, NUMBA_CPU_NAME="generic") == "42 1 0"
    before = {path: path.stat().st_mtime_ns for path in (module.parent / "__pycache__").iterdir()}
    assert run(module, NUMBA_CPU_NAME="generic", **only_read) == "42 1 1"
    assert run(module, **only_read) == "42 1 0"  # code of this very processor, which nobody has made
    assert before == {path: path.stat().st_mtime_ns for path in (module.parent / "__pycache__").iterdir()}


def test_code_is_made_anew_when_any_module_that_it_is_made_of_changes(tmp_path: Path, module: Path) -> None:
    """Another module's constants are in it: where something lies in memory, how long it is."""
    for name in ("__init__", "datapath/__init__", "relay/__init__", "wire/__init__", *INGREDIENTS):
        (tmp_path / "turn" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TURN / f"{name}.py", tmp_path / "turn" / f"{name}.py")
    copied = {"PYTHONPATH": str(tmp_path)}
    assert [run(module, **copied) for _ in range(2)] == ["42 1 0", "42 1 1"]
    with (tmp_path / "turn" / "datapath" / "memory.py").open("a") as space:
        space.write("# changed\n")
    assert run(module, **copied) == "42 1 0"


def made_of(path: Path) -> Iterator[str]:
    """The modules of this package that a module's compiled functions, and its constants, take names from."""
    body = ast.parse(path.read_text()).body
    come_from = {
        alias.asname or alias.name: module_of(node.module, alias.name)
        for node in body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "turn"
        for alias in node.names
    }
    for node in body:
        if is_compiled(node) or isinstance(node, ast.Assign | ast.AnnAssign):
            names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            yield from (come_from[name] for name in names & come_from.keys())


def module_of(package: str, name: str) -> str:
    """The path below ``turn`` of what an import takes a name from."""
    path = package.replace(".", "/").removeprefix("turn/")
    return path if (TURN / f"{path}.py").is_file() else f"{path}/{name}"


def is_compiled(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(each, ast.Name) and each.id == "compiled" for each in node.decorator_list
    )


def test_all_that_goes_into_machine_code_is_looked_at() -> None:
    compiling = {
        f"datapath/{path.stem}"
        for path in (TURN / "datapath").glob("*.py")
        if any(map(is_compiled, ast.parse(path.read_text()).body))
    }
    assert compiling >= {f"datapath/{name}" for name in ("jit", "flow_table", "forward", "gso", "memory")}
    assert compiling <= set(INGREDIENTS)
    assert {each for name in compiling for each in made_of(TURN / f"{name}.py")} <= set(INGREDIENTS)
