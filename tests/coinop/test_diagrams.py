"""The page of states is the one that the transition tables make, and every state and change of theirs is on it."""

from pathlib import Path

import pytest

from coinop import diagrams
from coordinator.rooms import phases
from worker.processes import lifecycle

PAGE = Path(__file__).parents[2] / "docs" / "states.md"
STATES = Path(__file__).parents[2] / "web" / "core" / "session" / "states.js"


def test_the_page_in_the_repository_is_current() -> None:
    assert PAGE.read_text() == diagrams.page(), "run python -m coinop.diagrams > docs/states.md"


@pytest.mark.parametrize("transitions", [phases.TRANSITIONS, lifecycle.TRANSITIONS])
def test_every_state_is_drawn(transitions: dict[object, dict[object, object]]) -> None:
    table = diagrams.of_enums(transitions)  # type: ignore[arg-type]
    assert len(table) == len(transitions)
    assert {state for pair in diagrams.arrows(table) for state in pair} == set(table)


def test_the_script_is_read_whole() -> None:
    table = diagrams.of_script(STATES.read_text())
    assert table["playing"] == {"broke": "resuming", "leave": "library", "fail": "failed"}
    assert {after for row in table.values() for after in row.values()} == set(table)


def test_a_script_without_a_table_is_an_error() -> None:
    with pytest.raises(ValueError, match="no table"):
        diagrams.of_script("export const FIRST = 1;")


def test_what_changes_nothing_is_no_arrow() -> None:
    table = {"a": {"go": "b", "run": "b", "stay": "a"}, "b": {}}
    assert diagrams.arrows(table) == {("a", "b"): ["go", "run"]}
