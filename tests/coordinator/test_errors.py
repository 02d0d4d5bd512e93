"""The tree of exceptions, and the texts that they make of their fields."""

import inspect
from pathlib import Path

import pytest

from coordinator import errors
from coordinator.errors import (
    CoordinatorError,
    DeniedError,
    MessageError,
    NoPlaceError,
    PeerError,
    PortInUseError,
    RefusalError,
    TLSError,
    WrongPhaseError,
)
from coordinator.rooms.phases import Event, Phase

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", CLASSES)
def test_each_one_is_in_the_tree_below_its_base(kind):
    tree = errors.__doc__.splitlines()
    [row] = [number for number, line in enumerate(tree) if f" {kind.__name__} " in f"{line} "]
    depth = tree[row].index(kind.__name__)
    above = [line for line in tree[:row] if 4 <= _depth(line) < depth]

    assert issubclass(kind, CoordinatorError)
    if kind is not CoordinatorError:
        nearest = max(above, key=_depth)
        assert kind.__bases__[0].__name__ in nearest


def _depth(line):
    """Find the column of a line's class name; -1 without one."""
    return next((line.index(kind.__name__) for kind in CLASSES if f" {kind.__name__} " in f"{line} "), -1)


@pytest.mark.parametrize("kind", [RefusalError, DeniedError, NoPlaceError, PeerError])
def test_a_refusal_says_its_code_and_its_sentence(kind):
    refusal = kind("no_seats", "All seats are taken.")

    assert (refusal.code, refusal.sentence) == ("no_seats", "All seats are taken.")
    assert str(refusal) == "no_seats: All seats are taken."


def test_some_are_also_what_python_calls_them():
    assert issubclass(MessageError, ValueError)
    assert issubclass(PortInUseError, OSError)
    assert issubclass(TLSError, OSError)


def test_a_port_in_use_is_named():
    error = PortInUseError("127.0.0.1", 8000)

    assert "port 8000 on 127.0.0.1" in str(error)
    assert error.errno is not None


def test_an_unusable_certificate_is_named_with_the_reason():
    error = TLSError(Path("chain.pem"), Path("key.pem"), PermissionError(13, "no access"))

    assert "chain.pem" in str(error)
    assert "no access" in str(error)


def test_a_wrong_phase_names_both():
    assert str(WrongPhaseError(Phase.OPEN, Event.THAWED)) == "THAWED can't come in phase OPEN"
