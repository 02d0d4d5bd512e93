"""The habits that no linter knows: files and functions of a readable size, and a test module for every module."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("coinop", "coordinator", "turn", "worker")
NAMED = (*PACKAGES, "web")
"""Folders whose files are named by the words of docs/glossary.md."""

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
SUFFIXES = {".py", ".js", ".mjs", ".css", ".html", ".c", ".h", ".s", ".yaml"}

VAGUE_NAMES = {"util", "utils", "helper", "helpers", "manager", "common", "misc"}
"""A module with such a name takes in anything; what it holds has a better one."""

WITHOUT_TESTS = {
    "coinop/__main__.py": "one line; test_cli runs it",
    "coordinator/rooms/decisions.py": "tuples; every test of the rooms reads them",
    "coordinator/messages/fields.py": "types; tests/coordinator/test_messages.py holds every message to them",
    "coordinator/messages/pages.py": "structs; test_messages.py reads and writes them all",
    "coordinator/messages/values.py": "structs; test_messages.py reads and writes them all",
    "coordinator/messages/workers.py": "structs; test_messages.py reads and writes them all",
    "turn/relay/actions.py": "records without behaviour; asserted where the relay makes them",
    "worker/cluster/errors.py": "classes and their sentences; asserted where they are raised",
    "worker/libretro/constants.py": "the numbers of libretro.h; nothing runs",
    "worker/libretro/errors.py": "classes and their sentences; asserted where they are raised",
    "worker/libretro/handlers.py": "the rows of the table that test_environment.py goes through",
    "worker/libretro/hooks.py": "what others implement; nothing runs but defaults",
    "worker/libretro/video/driver.py": "what drivers implement; nothing runs",
    "worker/store/timeouts.py": "numbers; nothing runs",
    "worker/store/context.py": "what the parts of a keeper are given; nothing runs",
}
"""Modules that have no test module of their own, and why."""


def tracked_and_new() -> list[Path]:
    """List the files of the checkout: all that git doesn't ignore; without git, all that an archive holds."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.splitlines() if listed.returncode == 0 else [str(p.relative_to(ROOT)) for p in _walk(ROOT)]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir() and not path.name.startswith((".", "__pycache__")):
            yield from _walk(path)
        elif path.is_file():
            yield path


FILES = [path for path in tracked_and_new() if path.suffix in SUFFIXES]
PYTHON_FILES = [path for path in FILES if path.suffix == ".py"]
MODULES = [path for path in PYTHON_FILES if path.relative_to(ROOT).parts[0] in PACKAGES]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_checkout_has_been_found() -> None:
    assert ROOT / "coinop" / "cli.py" in MODULES


def test_no_file_is_too_long() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {name: length for name, length in lengths.items() if length > MAX_FILE_LINES} == {}


def test_no_function_is_too_long() -> None:
    lengths = {
        f"{name_of(path)}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in PYTHON_FILES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: length for name, length in lengths.items() if length > MAX_FUNCTION_LINES} == {}


def test_every_module_says_what_it_is_for() -> None:
    modules = {name_of(path): parsed(path) for path in MODULES}
    assert [name for name, tree in modules.items() if not ast.get_docstring(tree)] == []


def test_no_module_has_a_vague_name() -> None:
    assert [name_of(path) for path in FILES if path.stem in VAGUE_NAMES] == []


def test_every_module_has_its_test_module() -> None:
    modules = [path.relative_to(ROOT) for path in MODULES if path.name != "__init__.py"]
    untested = [path for path in modules if not (ROOT / "tests" / path.parent / f"test_{path.name}").is_file()]
    assert {path.as_posix() for path in untested} == set(WITHOUT_TESTS)


def test_every_file_name_is_made_of_the_glossarys_words() -> None:
    glossary = set(re.findall(r"[a-z0-9]+", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").lower()))
    known = glossary | {f"{word}s" for word in glossary}
    sources = [path for path in FILES if path.suffix in {".py", ".js"} and path.relative_to(ROOT).parts[0] in NAMED]
    words = {
        word: name_of(path)
        for path in sources
        for part in path.relative_to(ROOT).with_suffix("").parts
        for word in part.strip("_").split("_")
    }
    assert {word: where for word, where in words.items() if word not in known} == {}
