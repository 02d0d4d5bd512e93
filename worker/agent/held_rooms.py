"""What the coordinator asked to keep of each room, for it or the next one, and the ends of rooms that it missed.

No I/O. A record is the coordinator's own and is not read here.
"""

from collections.abc import Collection, Iterable

from coordinator.messages import Frozen, Holding, Keep, RoomClosed, WorkerMessage

MAX_MISSED = 1000
"""Rooms whose end is kept for a coordinator to hear: several times what a machine has."""

End = RoomClosed | Frozen


class Notebook:
    """One record for each room, from the coordinator's word until its end is heard."""

    def __init__(self) -> None:
        self._records: dict[str, str] = {}
        self._missed: dict[str, tuple[str, End]] = {}

    def keep(self, order: Keep) -> None:
        """This is the record now."""
        self._records[order.room] = order.record

    def ended(self, end: End, *, heard: bool) -> None:
        """A room is gone; a coordinator that does not hear so may still go on with it."""
        record = self._records.pop(end.room, "")
        if not heard and record and len(self._missed) < MAX_MISSED:
            self._missed[end.room] = record, end

    def heard(self) -> None:
        """A coordinator has taken the introduction."""
        self._missed.clear()

    def introduction(self, rooms: Iterable[tuple[str, Collection[str]]]) -> list[WorkerMessage]:
        """What a coordinator is told: the rooms that go on, each with its viewers, and those that have ended."""
        said: list[WorkerMessage] = [
            Holding(room=room, record=self._records[room], viewers=tuple(sorted(viewers)))
            for room, viewers in rooms
            if room in self._records
        ]
        for room, (record, end) in self._missed.items():
            said += (Holding(room=room, record=record), end)
        return said
