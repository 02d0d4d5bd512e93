"""The context of a keeper's parts: the store that all rooms of a worker share, and whose game it is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from worker.store.catalogue import Catalogue
from worker.store.memory import Memory
from worker.store.objects import Objects
from worker.store.snapshots import Snapshots
from worker.store.timeouts import Timeouts


@dataclass(frozen=True)
class StoreContext:
    """What all rooms of a worker have in common."""

    objects: Objects
    snapshots: Snapshots
    catalogue: Catalogue
    memory: Memory
    timeouts: Timeouts
    now: Callable[[], float]
    """Unix time."""
    full: Callable[[], bool]
    """Whether this worker holds too much already that waits for the store."""


@dataclass(frozen=True)
class Owner:
    """Whose game it is, and which."""

    room: str
    game: str
    profile: str
    """The host's; empty if it has none."""
    epoch: int = 1
    """Which opening of the room it is."""
    legacy_battery: Path | None = None
    """Where an earlier release kept the game's battery memory."""

    @property
    def label(self) -> str:
        """The room, for the log: who has the whole id can enter it."""
        return self.room[:8]
