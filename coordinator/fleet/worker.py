"""One worker that is registered, as plain data.

All of them are in registry.py; which of them opens a room is left to selection.py.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from coordinator.messages import Game

WorkerId = str
"""Given by the registry; a worker that connects again gets another one."""


class Announcement(NamedTuple):
    """The gateway in front of a worker, as the worker announces it."""

    urls: tuple[str, ...] = ()
    """ICE URLs."""
    secret: str = ""
    """For making credentials; empty for the coordinator's own secret."""

    def __repr__(self) -> str:
        return f"Announcement({self.urls!r})"  # without the secret


@dataclass(slots=True, eq=False)
class Worker:
    """One registration. A worker that comes back after losing its link is a new one, and reports the rooms it has."""

    id: WorkerId
    name: str
    region: str
    capacity: int
    """Rooms that it runs at a time."""
    games: dict[str, Game]
    """By id."""
    gateway: Announcement
    """Without URLs if it needs none."""
    coming: list[Game] = field(default_factory=list)
    """The parts of a library that is not whole yet."""
    rooms: set[str] = field(default_factory=set)
    """The ids of the rooms that hold a place here: they are here, or are about to be moved here."""
    holding: int = 0
    """Rooms that it brings along and has not reported yet."""
    leaving: set[str] = field(default_factory=set)
    """The ids of rooms that were moved away while it drains, and are not played again yet."""
    draining: bool = False
    """It takes no more rooms, and those that it has are moved away."""

    @property
    def free(self) -> int:
        """Count the rooms that it would still open: none before it has reported every room that it brings along, as
        that may be the room in question."""
        return 0 if self.draining or self.holding else self.capacity - len(self.rooms)
