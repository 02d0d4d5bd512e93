"""The tree of errors: the one in the docstring is the one that there is."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator

import turn
from turn import errors
from turn.errors import GatewayError, OperatorError
from turn.probe import ProbeError
from turn.reload import UnusableFileError
from turn.wire.errors import MalformedError

LINE = re.compile(r"^    (?P<branch>[│├└─ ]*)(?P<name>\w+Error)\b.*?(?P<file>turn/\S+\.py)?$", re.MULTILINE)


def defined() -> Iterator[type]:
    """Yield the classes of errors that the modules of the gateway define."""
    for module in pkgutil.walk_packages(turn.__path__, "turn."):
        for _, value in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(value, BaseException) and value.__module__ == module.name:
                yield value


def drawn() -> list[tuple[str, str, str]]:
    """Return what the docstring shows: name, base and file of each class, from the root on."""
    found, above = [], ["Exception"]
    for line in LINE.finditer(errors.__doc__ or ""):
        depth = len(line["branch"]) // 4 + 1
        del above[depth:]
        found.append((line["name"], above[-1], line["file"] or "turn/errors.py"))
        above.append(line["name"])
    return found


def test_the_tree_in_the_docstring_is_whole() -> None:
    existing = [
        (each.__name__, base.__name__, each.__module__.replace(".", "/") + ".py")
        for each in defined()
        for base in each.__bases__
    ]
    assert sorted(drawn()) == sorted(existing)


def test_an_error_has_a_code_and_says_its_sentence() -> None:
    for error, code in (
        (GatewayError("some_code", "a sentence"), "some_code"),
        (UnusableFileError("a sentence"), "unusable_file"),
        (ProbeError("a sentence"), "probe_failed"),
        (MalformedError("a sentence"), 400),
    ):
        assert (error.code, error.sentence, str(error)) == (code, "a sentence", "a sentence")


def test_what_an_operator_mends_is_told_from_what_a_peer_does() -> None:
    assert issubclass(ProbeError, OperatorError)
    assert not issubclass(MalformedError, OperatorError)
