"""Lists that all pages are told of again when they change, though not at every change: the lobby's rooms, the regions.

Sans-I/O. Sending them is left to http/switchboard.py.
"""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from coordinator.messages import ListedRoom
from coordinator.rooms.room import Room

MAX_LISTED = 100
"""Rooms that pages are told of. Nobody reads more, and each change goes to every page."""

PAUSE_SECONDS = 1.0
"""Between two looks at least: a room that fills changes several times a second, and a look goes through all rooms."""

T = TypeVar("T")


class PublishedList(Generic[T]):
    """A list that pages are told of, and what they were told last."""

    def __init__(self, read: Callable[[], tuple[T, ...]]) -> None:
        """Start with an empty list. ``read`` returns it as it is now."""
        self._read = read
        self.shown: tuple[T, ...] = ()
        self._due: float | None = None
        self._earliest = 0.0

    def schedule(self, now: float) -> None:
        """Have the list looked at soon, as something has happened that may have changed it."""
        if self._due is None:
            self._due = max(now, self._earliest)

    def next_deadline(self) -> float | None:
        """Say when to call ``changed`` next; None if nothing has happened."""
        return self._due

    def changed(self, now: float) -> tuple[T, ...] | None:
        """Return the list to tell pages now; None if nothing is due, or it is as they know it."""
        if self._due is None or now < self._due:
            return None
        self._due, self._earliest = None, now + PAUSE_SECONDS
        listed = self._read()
        if listed == self.shown:
            return None
        self.shown = listed
        return listed


def lobby(rooms: Iterable[Room]) -> tuple[ListedRoom, ...]:
    """List the rooms that anybody may enter: those that their hosts show, without locked ones.

    Those with a free seat come first, older ones before younger ones.
    """
    listed = [shown for room in rooms if (shown := room.in_lobby) is not None]
    return tuple(sorted(listed, key=lambda room: room.free_seats == 0)[:MAX_LISTED])
