"""The last snapshot of each room of this worker, in memory: of those that are open, and of some that are gone.

So a room whose process died goes on at once, even while the store is slow or down.
"""

from collections import OrderedDict

from worker.store.naming.keys import Mark
from worker.store.naming.records import Backup

MAX_REMEMBERED_BYTES = 64 << 20
"""Of the last snapshots of rooms that are gone: those of hundreds of 16-bit games."""


class Memory:
    """Rooms to their newest snapshots."""

    def __init__(self) -> None:
        self._newest: OrderedDict[str, tuple[Mark, str, Backup]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._newest)

    def put(self, room: str, mark: Mark, game: str, backup: Backup) -> None:
        """Remember a room's newest, and forget what was not asked for longest if it is too much."""
        self._newest[room] = (mark, game, backup)
        self._newest.move_to_end(room)
        size = sum(len(kept.state) for _, _, kept in self._newest.values())
        while size > MAX_REMEMBERED_BYTES and len(self._newest) > 1:
            size -= len(self._newest.popitem(last=False)[1][2].state)

    def get(self, room: str, game: str) -> tuple[Mark, Backup] | None:
        """A room's newest, if there is one of this game."""
        found = self._newest.get(room)
        return (found[0], found[2]) if found and found[1] == game else None

    def forget(self, room: str) -> None:
        """The room is over, or somewhere else."""
        self._newest.pop(room, None)
