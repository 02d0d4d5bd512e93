"""The lobby: which rooms anybody may enter, and when pages are told that it changed.

Sans-I/O. A room comes in by its host's wish; locked ones are left out.
"""

from collections.abc import Iterable

from coordinator.messages import ListedRoom
from coordinator.room import Room

MAX_LISTED = 100
"""Rooms that pages are told of. Nobody reads more, and each change goes to every page."""

PAUSE_SECONDS = 1.0
"""Between two lists at least: a room that fills changes several times a second."""


class Listing:
    """The rooms as pages were last told of them."""

    def __init__(self) -> None:
        self.shown: tuple[ListedRoom, ...] = ()
        self._due: float | None = None
        self._earliest = 0.0

    def note(self, rooms: Iterable[Room], now: float) -> None:
        """Something has changed: pages are to be told, if it is anything that they see."""
        if self._due is None and self._list(rooms) != self.shown:
            self._due = max(now, self._earliest)

    def next_deadline(self) -> float | None:
        """When to call take next."""
        return self._due

    def take(self, rooms: Iterable[Room], now: float) -> tuple[ListedRoom, ...] | None:
        """What pages are to be told now; None if nothing is due, or all is again as they know it."""
        if self._due is None or now < self._due:
            return None
        self._due = None
        listed = self._list(rooms)
        if listed == self.shown:
            return None
        self.shown, self._earliest = listed, now + PAUSE_SECONDS
        return listed

    def _list(self, rooms: Iterable[Room]) -> tuple[ListedRoom, ...]:
        """Those with a free seat first, then in the order of their age."""
        listed = [shown for room in rooms if (shown := room.in_lobby) is not None]
        return tuple(sorted(listed, key=lambda room: room.free_seats == 0)[:MAX_LISTED])
