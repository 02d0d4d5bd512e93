"""What all pages are told of again when it changes, though not at every change: the lobby's rooms, and the regions.

Sans-I/O.
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


class AnnouncedList(Generic[T]):
    """A list as pages were last told of it."""

    def __init__(self, read: Callable[[], tuple[T, ...]]) -> None:
        """``read`` gives it as it is now."""
        self._read = read
        self.shown: tuple[T, ...] = ()
        self._due: float | None = None
        self._earliest = 0.0

    def note(self, now: float) -> None:
        """Something has happened: pages are to be told soon, if it is anything that they see."""
        if self._due is None:
            self._due = max(now, self._earliest)

    def next_deadline(self) -> float | None:
        """When to call take next."""
        return self._due

    def take(self, now: float) -> tuple[T, ...] | None:
        """What pages are to be told now; None if nothing is due, or all is as they know it."""
        if self._due is None or now < self._due:
            return None
        self._due, self._earliest = None, now + PAUSE_SECONDS
        listed = self._read()
        if listed == self.shown:
            return None
        self.shown = listed
        return listed


def lobby(rooms: Iterable[Room]) -> tuple[ListedRoom, ...]:
    """The rooms that anybody may enter: by their hosts' wish, without locked ones.

    Those with a free seat come first, then it goes by their age.
    """
    listed = [shown for room in rooms if (shown := room.in_lobby) is not None]
    return tuple(sorted(listed, key=lambda room: room.free_seats == 0)[:MAX_LISTED])
