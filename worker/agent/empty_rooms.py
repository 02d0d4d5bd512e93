"""Which empty rooms to close while there is no coordinator that decides it. Sans-I/O: rooms and ``now`` go in.

With a coordinator, it alone decides: it knows who may come back.
"""

from collections.abc import Iterable

DEFAULT_GRACE = 120.0
"""Seconds, until a coordinator has said another figure at the registration."""


class EmptyRooms:
    """Notices rooms that have been empty for too long."""

    def __init__(self) -> None:
        self.seconds = DEFAULT_GRACE
        self._empty_since: dict[str, float] = {}

    def restart(self) -> None:
        """Count all times anew, because there is a coordinator."""
        self._empty_since.clear()

    def expired(self, rooms: Iterable[tuple[str, bool]], now: float) -> list[str]:
        """Return the ids of the rooms that have been empty for ``seconds``, of all rooms with whether anybody is in."""
        empty = {room for room, occupied in rooms if not occupied}
        self._empty_since = {room: self._empty_since.get(room, now) for room in empty}
        return sorted(room for room, since in self._empty_since.items() if now - since >= self.seconds)
