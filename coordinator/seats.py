"""One room: its game, its worker, and who sits in which seat or watches.

Plain data. Who gets in and what everybody is told is decided in rooms.py.
"""

from dataclasses import dataclass, field

from coordinator.messages import Game
from coordinator.registry import Worker

SEATS = 4
"""Players of a room, one for each of the four pads that libretro frontends offer everywhere."""

MAX_SPECTATORS = 12
"""Viewers beyond the seats. Each costs its worker the room's whole bitrate once more."""

PageId = int
"""The number of a page's connection."""


@dataclass(slots=True, eq=False)
class Viewer:
    """One stay of a page in a room: a page that comes back is another viewer, so late answers can't be mistaken."""

    id: str
    page: PageId
    room: "Room"
    seat: int | None
    """0 to 3; None for a spectator."""
    asked_at: float
    opens_room: bool
    admitted: bool = False


@dataclass(slots=True, eq=False)
class Room:
    """A game that runs on a worker, or is about to."""

    id: str
    game: Game
    worker: Worker
    viewers: dict[str, Viewer] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The id's beginning, for logs: enough to find the room by, not enough to enter it."""
        return self.id[:6]

    @property
    def seats_taken(self) -> set[int]:
        """The numbers of the seats with somebody in them."""
        return {viewer.seat for viewer in self.viewers.values() if viewer.seat is not None}

    @property
    def free_seat(self) -> int | None:
        """The first seat with nobody in it."""
        taken = self.seats_taken
        return next((seat for seat in range(SEATS) if seat not in taken), None)

    @property
    def is_full(self) -> bool:
        """Neither a seat nor a spectator's place is free."""
        return len(self.viewers) >= SEATS + MAX_SPECTATORS
