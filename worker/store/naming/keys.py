"""Where things are in the store.

    rooms/<SHA-256 of the room's id>/<epoch>-<began>-<number>  snapshots; whoever has a room's id may enter it
    saves/<profile>/<game>/<slot>/<version>                    save slots, 00 to 10
    battery/<profile>/<game>/<version>                         battery memory

A profile is a SHA-256 already. Versions are ``versions.py``'s.
"""

import hashlib
import re
from dataclasses import dataclass, replace

ROOMS = "rooms/"

SHARED = "shared"
"""In place of a profile: the owner of battery memory of rooms that a browser without a profile opened."""

_PROFILE = re.compile(r"[0-9a-f]{64}")
_GAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SNAPSHOT = re.compile(r"(?P<epoch>[0-9a-f]{8})-(?P<began>[0-9a-f]{12})-(?P<number>[0-9a-f]{8})")


def is_profile(profile: str) -> bool:
    """Tell whether this may name somebody's folder."""
    return _PROFILE.fullmatch(profile) is not None


def saves(profile: str, game: str) -> str:
    """Name the folder of all slots of a profile and game. Raises ValueError for what can't be in a name."""
    return f"saves/{_checked(_PROFILE, profile)}/{_checked(_GAME, game)}/"


def slot(profile: str, game: str, number: int) -> str:
    """Name the folder of one slot."""
    return f"{saves(profile, game)}{number:02d}/"


def battery(profile: str, game: str) -> str:
    """Name the folder of a profile's battery memory of this game, or of everybody's without a profile."""
    owner = _checked(_PROFILE, profile) if profile else SHARED
    return f"battery/{owner}/{_checked(_GAME, game)}/"


def room(id: str) -> str:
    """Name the folder of a room's snapshots."""
    return f"{ROOMS}{hashlib.sha256(id.encode()).hexdigest()}/"


@dataclass(frozen=True, order=True)
class SnapshotId:
    """The id of a snapshot. Ids sort by age: all of a later process come after all of an earlier one."""

    epoch: int
    """Which opening of the room it is, as the coordinator counts."""
    began: int
    """When its process began, in milliseconds, should the coordinator have lost count."""
    number: int = 0

    def __str__(self) -> str:
        return f"{self.epoch:08x}-{self.began:012x}-{self.number:08x}"

    @property
    def next(self) -> "SnapshotId":
        """The id of the same process's next snapshot."""
        return replace(self, number=self.number + 1)

    def after(self, other: "SnapshotId") -> "SnapshotId":
        """Move to a later process than the other's, unless the other belongs to another opening of the room."""
        return replace(self, began=max(self.began, other.began + 1)) if other.epoch == self.epoch else self


def parse_snapshot_id(name: str) -> SnapshotId | None:
    """Read a snapshot's name; None if it is no snapshot's."""
    found = _SNAPSHOT.fullmatch(name)
    return SnapshotId(*(int(part, 16) for part in found.groups())) if found else None


def _checked(pattern: re.Pattern[str], name: str) -> str:
    if pattern.fullmatch(name) is None:
        raise ValueError(f"{name!r} can't be part of a name in the store")
    return name
