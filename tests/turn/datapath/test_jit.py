"""Python functions as machine code, kept on disk or not."""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from numba.core.dispatcher import Dispatcher

import turn
from turn.datapath.jit import compiled, ingredients

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
    """Run the script where no cache of the user's can be, and return what it prints."""
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
    only_read = {"NUMBA_CACHE_LOCATOR_CLASSES": "turn.datapath.jit.ReadOnly"}  # root may write anywhere
    assert run(module, NUMBA_CPU_NAME="generic") == "42 1 0"
    before = {path: path.stat().st_mtime_ns for path in (module.parent / "__pycache__").iterdir()}
    assert run(module, NUMBA_CPU_NAME="generic", **only_read) == "42 1 1"
    assert run(module, **only_read) == "42 1 0"  # code of this very processor, which nobody has made
    assert before == {path: path.stat().st_mtime_ns for path in (module.parent / "__pycache__").iterdir()}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the package, so that it may be changed."""
    return Path(shutil.copytree(TURN, tmp_path / "turn", ignore=shutil.ignore_patterns("__pycache__")))


def test_code_is_made_anew_when_any_module_that_it_is_made_of_changes(copy: Path, module: Path) -> None:
    """Another module's constants are in it: where something lies in memory, how long it is."""
    copied = {"PYTHONPATH": str(copy.parent)}
    module.write_text("import turn.datapath.gso\n" + SCRIPT)
    assert [run(module, **copied) for _ in range(2)] == ["42 1 0", "42 1 1"]
    for changed in ("datapath/memory.py", "wire/channel.py"):
        with (copy / changed).open("a") as file:
            file.write("# changed\n")
        assert [run(module, **copied) for _ in range(2)] == ["42 1 0", "42 1 1"]


def test_code_is_kept_when_a_module_that_it_is_not_made_of_changes(copy: Path, module: Path) -> None:
    copied = {"PYTHONPATH": str(copy.parent)}
    assert run(module, **copied) == "42 1 0"
    with (copy / "datapath" / "compiled.py").open("a") as file:
        file.write("# changed\n")
    assert run(module, **copied) == "42 1 1"


def test_all_that_goes_into_machine_code_is_looked_at() -> None:
    """Every module that a compiled function has a name from is among those that its imports lead to."""
    compiling = {path for path in (TURN / "datapath").glob("*.py") if functions_of(imported(path))}
    assert {path.stem for path in compiling} >= {"flow_table", "forward", "gso", "memory"}
    for path in compiling:
        taken_from = {
            Path(sys.modules[value.__module__].__file__ or "")
            for function in functions_of(imported(path))
            for name in function.py_func.__code__.co_names
            if (value := function.py_func.__globals__.get(name)) is not None
            and getattr(value, "__module__", "").startswith("turn.")
        }
        assert taken_from <= set(ingredients(path))


def test_constants_of_another_module_are_looked_at() -> None:
    found = {path.relative_to(TURN).as_posix() for path in ingredients(TURN / "datapath" / "forward.py")}
    assert found >= {
        *(f"datapath/{name}.py" for name in ("flow_table", "forward", "gso", "jit", "linux", "memory", "records")),
        "wire/channel.py",
    }
    assert not found & {"datapath/compiled.py", "datapath/event_loop.py", "gateway/gateway.py", "server.py"}


def imported(path: Path) -> ModuleType:
    """Return the module of this package that a file holds."""
    return importlib.import_module(".".join(("turn", *path.relative_to(TURN).with_suffix("").parts)))


def functions_of(module: ModuleType) -> list[Dispatcher]:
    """Return the compiled functions that a module defines."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, Dispatcher) and value.__module__ == module.__name__
    ]
