"""Files that prose names are there: in the documents, and in docstrings and comments of Python and JavaScript."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.test_layout import FILES, name_of, tracked_and_new

FILE_NAME = re.compile(r"(?<![\w/.*{<-])((?:[\w.-]+/)*\w[\w-]*(?:\.test)?\.(?:py|js))(?![\w(])")
"""A path from the root, the end of one, or a name alone."""

ALL = tracked_and_new()
DOCUMENTS = [path for path in ALL if path.suffix == ".md" and path.name != "CHANGELOG.md"]
SCRIPTS = [path for path in FILES if path.suffix in {".py", ".js"}]

ENDS = {"/".join(parts[at:]) for path in ALL for parts in [name_of(path).split("/")] for at in range(len(parts))}
"""Each tracked file by its path and by every end of it."""


def prose_of(path: Path) -> str:
    """Extract what people read in a file: a document whole, of code the comments and docstrings."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    return "\n".join(_of_script(text) if path.suffix == ".js" else _of_python(text))


def _of_script(text: str) -> Iterator[str]:
    yield from re.findall(r"/\*.*?\*/|(?<![:\"])//.*", text, flags=re.DOTALL)


def _of_python(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def test_every_file_that_prose_names_is_there() -> None:
    named = {name_of(path): set(FILE_NAME.findall(prose_of(path))) for path in (*DOCUMENTS, *SCRIPTS)}
    assert {where: names - ENDS for where, names in named.items() if names - ENDS} == {}


def test_names_are_found() -> None:
    assert FILE_NAME.findall("``room.py`` and turn/wire/stun.py, not a.b.py() nor stun.pyi") == [
        "room.py",
        "turn/wire/stun.py",
    ]
