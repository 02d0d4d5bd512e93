"""How ``coinop top`` looks."""

import io
from typing import Any

from rich.console import Console

from coinop.tables import Overview, screen

FIGURES = {"fps": 60.06, "late": 0.0012, "encode_ms": 1.25, "rtt_ms": 18.4, "loss": 0.0}
NONE = dict.fromkeys(FIGURES)

WORKER = {
    "id": "w1",
    "name": "box",
    "region": "eu",
    "capacity": 4,
    "rooms": 1,
    "free": 3,
    "draining": False,
    "players": 2,
}
ROOM = {"id": "abcdefghijkl", "game": "Comet Hares", "worker": "w1", "phase": "open", "players": 2, "members": 3}


def overview(**changes: Any) -> Overview:
    return {
        "version": "1.2.3",
        "pages": 3,
        "regions": [{"name": "eu", "workers": 1, "capacity": 4, "rooms": 1, "free": 3, "players": 2, **FIGURES}],
        "workers": [{**WORKER, **FIGURES}],
        "rooms": [{**ROOM, **FIGURES}],
        **changes,
    }


def drawn(shown: Overview, words: str = "", width: int = 140, colours: bool = False) -> str:
    system = "standard" if colours else None
    console = Console(file=io.StringIO(), width=width, force_terminal=colours, color_system=system)  # type: ignore[arg-type]
    console.print(screen(shown, words))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_everything_is_there() -> None:
    text = drawn(overview())

    assert "coinop 1.2.3   1 worker, 1 room, 2 players, 3 free places, 3 open pages" in text
    for word in ("eu", "box", "1/4", "abcdef", "Comet Hares", "open", "60.1", "0.1 %", "18"):
        assert word in text
    assert "abcdefg" not in text  # who has the whole id can enter the room


def test_what_is_not_known_is_a_dash() -> None:
    [line] = [
        line for line in drawn(overview(rooms=[{**ROOM, "worker": None, **NONE}])).splitlines() if "abcdef" in line
    ]

    assert line.split()[4:5] == ["open"]
    assert line.count("-") == 6


def test_names_are_words_and_never_mark_up() -> None:
    text = drawn(overview(rooms=[{**ROOM, **FIGURES, "game": "[red]Duel[/red] [/]"}]))

    assert "[red]Duel[/red] [/]" in text


def test_names_are_no_commands_for_the_terminal() -> None:
    worker = {**WORKER, **FIGURES, "name": "box\x1b]0;mine\x07", "region": "eu\x9b2J"}
    text = drawn(overview(workers=[worker], rooms=[{**ROOM, **FIGURES, "game": "Duel\x1b[2J\r\n"}]))

    assert all(letter.isprintable() for letter in text.replace("\n", ""))
    assert "Duel" in text


def test_what_a_player_notices_is_red() -> None:
    calm = drawn(overview(), colours=True)
    late = drawn(overview(rooms=[{**ROOM, **FIGURES, "late": 0.5}]), colours=True)

    assert "\x1b[31m" not in calm
    assert "\x1b[31m50.0 %" in late


def test_a_worker_that_drains_says_so() -> None:
    assert "box draining" in drawn(overview(workers=[{**WORKER, **FIGURES, "draining": True}]))


def test_an_empty_arcade_and_a_silent_coordinator_are_said_in_words() -> None:
    assert "No worker is registered yet." in drawn(overview(regions=[], workers=[], rooms=[]))
    assert "It is gone." in drawn(overview(), "It is gone.")
    assert drawn({}, "It is gone.") == "It is gone.\n"


def test_a_narrow_terminal_gets_what_fits() -> None:
    assert all(len(line) <= 40 for line in drawn(overview(), width=40).splitlines())
