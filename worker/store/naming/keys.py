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
"""Whose battery memory it is if the room was opened by a browser without a profile."""

_PROFILE = re.compile(r"[0-9a-f]{64}")
_GAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SNAPSHOT = re.compile(r"(?P<epoch>[0-9a-f]{8})-(?P<began>[0-9a-f]{12})-(?P<number>[0-9a-f]{8})")


def is_profile(profile: str) -> bool:
    """Whether this may name somebody's folder."""
    return _PROFILE.fullmatch(profile) is not None


def saves(profile: str, game: str) -> str:
    """The folder of all slots of a profile and game."""
    return f"saves/{_checked(_PROFILE, profile)}/{_checked(_GAME, game)}/"


def slot(profile: str, game: str, number: int) -> str:
    """The folder of one slot."""
    return f"{saves(profile, game)}{number:02d}/"


def battery(profile: str, game: str) -> str:
    """The folder of a profile's battery memory of this game."""
    owner = _checked(_PROFILE, profile) if profile else SHARED
    return f"battery/{owner}/{_checked(_GAME, game)}/"


def room(id: str) -> str:
    """The folder of a room's snapshots."""
    return f"{ROOMS}{hashlib.sha256(id.encode()).hexdigest()}/"


@dataclass(frozen=True, order=True)
class Mark:
    """Where a snapshot is in a room's time: all of a later process comes after all of an earlier one."""

    epoch: int
    """Which opening of the room it is, as the coordinator counts."""
    began: int
    """When its process began, in milliseconds, should the coordinator have lost count."""
    number: int = 0

    def __str__(self) -> str:
        return f"{self.epoch:08x}-{self.began:012x}-{self.number:08x}"

    @property
    def next(self) -> "Mark":
        """The mark of the same process's next snapshot."""
        return replace(self, number=self.number + 1)

    def after(self, other: "Mark") -> "Mark":
        """A later process's mark, unless the other belongs to a later opening than this."""
        return replace(self, began=max(self.began, other.began + 1)) if other.epoch == self.epoch else self


def parse_mark(name: str) -> Mark | None:
    """The mark of this name; None if it is no snapshot's name."""
    found = _SNAPSHOT.fullmatch(name)
    return Mark(*(int(part, 16) for part in found.groups())) if found else None


def _checked(pattern: re.Pattern[str], name: str) -> str:
    if pattern.fullmatch(name) is None:
        raise ValueError(f"{name!r} can't be part of a name in the store")
    return name
