"""The figures of the rooms, as the coordinator gets them every few seconds for its operator.

Sans-I/O: the rooms' last figures go in, messages come out. A room that has said nothing yet is left out.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from coordinator import messages
from coordinator.messages import MAX_FIGURES, RoomFigures
from worker.messages.control import Figures, ViewerFigures

REPORT_SECONDS = 2.0
"""Between two reports: as often as a person looks at a table."""

MAX_FPS, MAX_MS = 1000.0, 60_000.0
"""Limits of the message, frames per second and milliseconds; figures of a damaged room beyond them are left out."""


@dataclass(frozen=True)
class _Counters:
    frames: int
    late: int
    encode_seconds: float


class Reporter:
    """Turns counters, which run from a room's start, into what happened since the report before."""

    def __init__(self) -> None:
        self._before: dict[str, _Counters] = {}

    def report(self, rooms: Iterable[tuple[str, Figures | None]]) -> Iterator[messages.Figures]:
        """Make the messages about all rooms: none if there are no rooms, several if there are very many."""
        counted = {room: figures for room, figures in rooms if figures is not None}
        reported = [self._of(room, figures) for room, figures in counted.items()]
        self._before = {room: _counters(figures) for room, figures in counted.items()}
        for start in range(0, len(reported), MAX_FIGURES):
            yield messages.Figures(rooms=tuple(reported[start : start + MAX_FIGURES]))

    def _of(self, room: str, figures: Figures) -> RoomFigures:
        now, before = _counters(figures), self._before.get(room, _Counters(0, 0, 0.0))
        frames = now.frames - before.frames
        late = (now.late - before.late) / frames if frames > 0 else 0.0
        encode_ms = 1000 * (now.encode_seconds - before.encode_seconds) / frames if frames > 0 else 0.0
        return RoomFigures(
            room=room,
            fps=_within(figures.fps, MAX_FPS) or 0.0,
            late=_within(late, 1.0, 4) or 0.0,
            encode_ms=_within(encode_ms, MAX_MS, 2) or 0.0,
            rtt_ms=_farthest(figures.viewers),
            loss=_worst(figures.viewers),
        )


def _counters(figures: Figures) -> _Counters:
    return _Counters(figures.frames, figures.late_frames, figures.encode_seconds)


def _farthest(viewers: Iterable[ViewerFigures]) -> float | None:
    known = [_within(1000 * viewer.rtt_seconds, MAX_MS) for viewer in viewers if viewer.rtt_seconds is not None]
    return max((value for value in known if value is not None), default=None)


def _worst(viewers: Iterable[ViewerFigures]) -> float | None:
    known = [_within(viewer.loss, 1.0, 4) for viewer in viewers if viewer.loss is not None]
    return max((value for value in known if value is not None), default=None)


def _within(value: float, limit: float, digits: int = 1) -> float | None:
    """Round a value that is between 0 and the limit, and return None for others, NaN among them."""
    return round(value, digits) if 0 <= value <= limit else None
