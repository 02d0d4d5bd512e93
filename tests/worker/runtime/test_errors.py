"""The agent's exceptions: each is in the tree that the docstring draws, under the base that it draws."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

import worker
from worker.cluster.errors import ClusterError, NoClientError, NotInClusterError
from worker.formats.envelope import DamagedError
from worker.messages.control import ControlMessageError
from worker.ops.health import PortInUseError
from worker.processes.lifecycle import Event, State, UnexpectedEventError
from worker.runtime import errors
from worker.runtime.errors import FAILED, MISUSED, StartupError, WorkerError
from worker.store.errors import StoreError

ELSEWHERE = ("worker.room", "worker.libretro")
"""Folders that run in a room's process, and have errors of their own."""

DRAWN = re.compile(r"^    (?P<indent>[│ ├└─]*)(?P<name>\w+Error)\b", re.MULTILINE)


def drawn_tree() -> dict[str, str]:
    """Read the docstring's tree: each name with that of its base."""
    assert errors.__doc__ is not None
    path: list[str] = []
    tree = {}
    for found in DRAWN.finditer(errors.__doc__):
        depth = len(found["indent"]) // 4
        path = [*path[:depth], found["name"]]
        tree[path[-1]] = path[-2] if depth else "Exception"
    return tree


def defined() -> Iterator[type[Exception]]:
    """Find all exceptions that the agent's folders define."""
    for module in pkgutil.walk_packages(worker.__path__, "worker."):
        if not module.name.startswith(ELSEWHERE):
            for item in vars(importlib.import_module(module.name)).values():
                if isinstance(item, type) and issubclass(item, Exception) and item.__module__ == module.name:
                    yield item


def test_the_tree_is_drawn_as_it_is() -> None:
    assert {error.__name__: error.__bases__[0].__name__ for error in defined()} == drawn_tree()


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (NoClientError("--kubernetes"), "no_client", "--kubernetes needs a library"),
        (NotInClusterError("POD_NAME"), "not_in_cluster", "POD_NAME works only in a pod"),
        (PortInUseError("::1", 80), "port_in_use", "The metrics can't be served on ::1 port 80,"),
        (StoreError("the store is full", "507"), "store_failed", "the store is full"),
        (DamagedError("it is cut off"), "damaged", "it is cut off"),
        (ControlMessageError("it is too long"), "control_message", "it is too long"),
        (UnexpectedEventError(State.GONE, Event.READY), "unexpected_event", "READY can't come in state GONE"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_has_a_code_for_programs_and_its_text_is_the_sentence(
    error: WorkerError, code: str, sentence: str
) -> None:
    assert error.code == code
    assert str(error) == error.sentence
    assert error.sentence.startswith(sentence)


def test_settings_that_can_not_be_met_end_the_worker_with_another_code_than_failures() -> None:
    assert (StartupError.exit_code, PortInUseError.exit_code) == (FAILED, FAILED)
    assert (ClusterError.exit_code, NoClientError.exit_code) == (MISUSED, MISUSED)
