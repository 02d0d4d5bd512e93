"""What the coordinator asked to keep of each room, for it or the next one, and the ends of rooms that it missed.

No I/O. A record is the coordinator's own and is not read here.
"""

from collections.abc import Collection, Iterable

from coordinator.messages import Frozen, Holding, Keep, RoomClosed, WorkerMessage

MAX_MISSED = 1000
"""Rooms whose end is kept for a coordinator to hear: several times what a machine has."""

End = RoomClosed | Frozen


class HeldRooms:
    """One record for each room, from the coordinator's word until its end is delivered."""

    def __init__(self) -> None:
        self._records: dict[str, str] = {}
        self._missed: dict[str, tuple[str, End]] = {}

    def keep(self, order: Keep) -> None:
        """Keep this record of a room in place of the one before."""
        self._records[order.room] = order.record

    def record_end(self, end: End, *, delivered: bool) -> None:
        """Drop the record of a room that has ended; keep its end if no coordinator was there to be sent it.

        A coordinator that is not told may still go on with the room.
        """
        record = self._records.pop(end.room, "")
        if not delivered and record and len(self._missed) < MAX_MISSED:
            self._missed[end.room] = record, end

    def acknowledge(self) -> None:
        """Drop the ends that were kept, because a coordinator has read the introduction."""
        self._missed.clear()

    def introduction(self, rooms: Iterable[tuple[str, Collection[str]]]) -> list[WorkerMessage]:
        """List what to send to a coordinator: the rooms that go on, each with its viewers, and the ends it missed."""
        said: list[WorkerMessage] = [
            Holding(room=room, record=self._records[room], viewers=tuple(sorted(viewers)))
            for room, viewers in rooms
            if room in self._records
        ]
        for room, (record, end) in self._missed.items():
            said += (Holding(room=room, record=record), end)
        return said
