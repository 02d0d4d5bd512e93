"""``python -m coinop.diagrams > docs/states.md``: the state machines, drawn from their own tables."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Final, TypeVar

from coordinator.config import Config
from coordinator.rooms import phases
from worker.processes import lifecycle

INTRODUCTION: Final = """\
# States

Three things here live through more than four states: a room, the process that runs it, and a player's page. Each has
one table of what may happen when; anything else is an error of ours, and raises.

This page is drawn from those tables: `python -m coinop.diagrams > docs/states.md`.
"""

State = TypeVar("State", bound=Enum)
Event = TypeVar("Event", bound=Enum)

Table = Mapping[str, Mapping[str, str]]
"""By state what may happen, and the state after it."""

_ROW: Final = re.compile(r"^  (\w+): \{ (.+) \},$", re.MULTILINE)
_CELL: Final = re.compile(r'(\w+): "(\w+)"')


def page() -> str:
    """Write the whole page, in Markdown."""
    web: Path = Config.model_fields["web_root"].get_default(call_default_factory=True)
    script = web / "core" / "session" / "states.js"
    return "\n".join(
        (
            INTRODUCTION,
            *_section("A room", "`coordinator/rooms/phases.py`", of_enums(phases.TRANSITIONS)),
            *_section("A room's process", "`worker/processes/lifecycle.py`", of_enums(lifecycle.TRANSITIONS)),
            *_section("A player's page", "`web/core/session/states.js`", of_script(script.read_text(encoding="utf-8"))),
        )
    )


def of_enums(transitions: Mapping[State, Mapping[Event, State]]) -> Table:
    """Name the states and events of a table of enum members, in small letters."""
    return {
        state.name.lower(): {event.name.lower(): after.name.lower() for event, after in row.items()}
        for state, row in transitions.items()
    }


def of_script(text: str) -> Table:
    """Read the one table of states.js, a row a line. Raises ValueError where there is none."""
    rows = {state: dict(_CELL.findall(cells)) for state, cells in _ROW.findall(text)}
    if not rows:
        raise ValueError("no table of states was found")
    return rows


def arrows(table: Table) -> dict[tuple[str, str], list[str]]:
    """Gather the events between each two states. Events that change nothing are left out."""
    found: dict[tuple[str, str], list[str]] = {}
    for state, row in table.items():
        for event, after in row.items():
            if after != state:
                found.setdefault((state, after), []).append(event)
    return found


def _section(title: str, source: str, table: Table) -> Iterator[str]:
    yield f"## {title}\n"
    yield f"From {source}.\n"
    yield from ("```mermaid", "stateDiagram-v2", f"    [*] --> {next(iter(table))}")
    yield from _lines(arrows(table).items())
    yield from (f"    {state} --> [*]" for state, row in table.items() if not row)
    yield "```\n"


def _lines(found: Iterable[tuple[tuple[str, str], list[str]]]) -> Iterator[str]:
    for (state, after), events in found:
        yield f"    {state} --> {after}: {', '.join(events).replace('_', ' ')}"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201
