"""How ``coinop top`` looks: the overview of an arcade as tables for a terminal. Pure: an overview in, tables out.

A worker's and a game's name may be anybody's words, so they are text here, and neither rich's mark-up nor a terminal's
commands.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Overview = dict[str, Any]
"""What ``GET /admin/overview`` answers."""

Row = Mapping[str, Any]

LATE, RTT_MS = 0.02, 150.0
"""From here on a player notices: one frame in fifty late, or a round trip that a press waits for."""


def screen(overview: Overview, words: str = "") -> RenderableType:
    """All tables; ``words`` if they are not of now."""
    if not overview:
        return Text(words, style="red")
    regions, workers, rooms = overview["regions"], overview["workers"], overview["rooms"]
    names = {worker["id"]: worker["name"] for worker in workers}
    parts: list[RenderableType] = [_headline(overview)]
    if words:
        parts.append(Text(words, style="red"))
    if not workers:
        parts.append(Text("No worker is registered yet.", style="yellow"))
    if workers:
        parts += [_regions(regions), _workers(workers)]
    if rooms:
        parts.append(_rooms(rooms, names))
    return Group(*parts)


def _headline(overview: Overview) -> Text:
    players = sum(room["players"] for room in overview["rooms"])
    free = sum(worker["free"] for worker in overview["workers"])
    return Text.assemble(
        ("coinop ", "bold"),
        f"{overview['version']}   {_count(len(overview['workers']), 'worker')}, "
        f"{_count(len(overview['rooms']), 'room')}, {_count(players, 'player')}, {_count(free, 'free place')}, "
        f"{_count(overview['pages'], 'open page')}",
    )


def _regions(regions: Iterable[Row]) -> Table:
    columns = ("region", "workers", "rooms", "free", "players", *FIGURES)
    return _table(columns, [[_text(row["name"]), *_sums(row, "workers"), *_figures(row)] for row in regions])


def _workers(workers: Iterable[Row]) -> Table:
    columns = ("worker", "region", "rooms", "free", "players", *FIGURES)
    rows = [
        [
            Text.assemble(_printable(row["name"]), (" draining", "yellow") if row["draining"] else ""),
            _text(row["region"]),
            *_sums(row),
            *_figures(row),
        ]
        for row in sorted(workers, key=lambda row: (row["region"], row["name"]))
    ]
    return _table(columns, rows, words=2)


def _rooms(rooms: Iterable[Row], names: Mapping[str, str]) -> Table:
    columns = ("room", "game", "worker", "phase", "players", "watching", *FIGURES)
    rows = [
        [
            _text(row["id"][:6]),
            _text(row["game"]),
            _text(names.get(row["worker"], "-")),
            Text(row["phase"], style="" if row["phase"] == "open" else "yellow"),
            _text(row["players"]),
            _text(row["members"] - row["players"]),
            *_figures(row),
        ]
        for row in rooms
    ]
    return _table(columns, rows, words=4)


FIGURES = ("fps", "late", "encode ms", "rtt ms", "loss")


def _figures(row: Row) -> list[Text]:
    return [
        _figure(row["fps"], lambda fps: f"{fps:.1f}"),
        _figure(row["late"], _percent, LATE),
        _figure(row["encode_ms"], lambda ms: f"{ms:.1f}"),
        _figure(row["rtt_ms"], lambda ms: f"{ms:.0f}", RTT_MS),
        _figure(row["loss"], _percent, LATE),
    ]


def _figure(value: float | None, shown: Callable[[float], str], limit: float = float("inf")) -> Text:
    if value is None:
        return Text("-", style="dim")
    return Text(shown(value), style="red" if value >= limit else "")


def _sums(row: Row, *before: str) -> list[Text]:
    rooms = Text(f"{row['rooms']}/{row['capacity']}")
    return [*(_text(row[name]) for name in before), rooms, _text(row["free"]), _text(row["players"])]


def _table(columns: Iterable[str], rows: Iterable[list[Text]], words: int = 1) -> Table:
    """Lay out a table: the first ``words`` columns to the left, figures to the right."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for at, name in enumerate(columns):
        table.add_column(name, justify="right" if at >= words else "left", no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*row)
    return table


def _text(value: object) -> Text:
    return Text(_printable(str(value)))


def _printable(words: str) -> str:
    """Without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
