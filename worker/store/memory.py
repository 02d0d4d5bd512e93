"""The last snapshot of each room of this worker, in memory: of those that are open, and of some that are gone.

So a room whose process died goes on at once, even while the store is slow or down.
"""

from collections import OrderedDict

from worker.store.naming.keys import SnapshotId
from worker.store.naming.records import Backup

MAX_REMEMBERED_BYTES = 64 << 20
"""Of the last snapshots of rooms that are gone: those of hundreds of 16-bit games."""


class Memory:
    """The newest snapshot of each room, by the room's id."""

    def __init__(self) -> None:
        self._newest: OrderedDict[str, tuple[SnapshotId, str, Backup]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._newest)

    def put(self, room: str, id: SnapshotId, game: str, backup: Backup) -> None:
        """Remember a room's newest snapshot; forget those that were not used for longest if it is too much."""
        self._newest[room] = (id, game, backup)
        self._newest.move_to_end(room)
        size = sum(len(kept.state) for _, _, kept in self._newest.values())
        while size > MAX_REMEMBERED_BYTES and len(self._newest) > 1:
            size -= len(self._newest.popitem(last=False)[1][2].state)

    def get(self, room: str, game: str) -> tuple[SnapshotId, Backup] | None:
        """Return a room's newest snapshot, if there is one of this game."""
        found = self._newest.get(room)
        return (found[0], found[2]) if found and found[1] == game else None

    def forget(self, room: str) -> None:
        """Forget a room, which is over or somewhere else."""
        self._newest.pop(room, None)
