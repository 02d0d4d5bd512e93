"""The versions of one slot: which are the newest, which contradict each other, which are old enough to go.

Two rooms may write into one slot at once, on two workers, with clocks that differ. So a version is never changed, and
its name says which one it was saved on top of: ``<id>-<parent's id>``. The names alone, in any order, tell what a list
shows and what may be deleted. A version that a player deletes leaves a tombstone, ``<id>-<parent's id>-gone``, because
later ones may have been saved on top of it. ``-blind`` ends the name of one whose room could not read the store when it
began.

No I/O, no clock: names and ``now`` in, names out.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

KEEP = 5
"""As many versions of a slot are kept, the newest ones."""

MAX_HEADS = 16
"""As many versions that contradict each other are kept: only somebody who plays in as many rooms at once makes more."""

MAX_TOMBSTONES = 32
"""As many tombstones of deleted versions are kept. A lost one makes an older version show up as a contradiction."""

_TIME_DIGITS = 12
_MAX_TIME = (1 << 4 * _TIME_DIGITS) - 1
"""In the year 10889. No id is NOTHING."""

NOTHING = "0" * 20
"""The parent of a version that is the first of its slot, as far as its room knew."""

_NAME = re.compile(r"(?P<id>[0-9a-f]{20})-(?P<parent>[0-9a-f]{20})(?:-(?P<suffix>gone|blind))?")


@dataclass(frozen=True, order=True)
class Version:
    """One version of a slot. Versions sort by age: the first digits of an id are its time in milliseconds."""

    id: str
    parent: str = NOTHING
    suffix: str = ""

    def __str__(self) -> str:
        return f"{self.id}-{self.parent}{'-' if self.suffix else ''}{self.suffix}"

    @property
    def is_tombstone(self) -> bool:
        """Whether this is only the tombstone of a version that was deleted."""
        return self.suffix == "gone"

    @property
    def blind(self) -> bool:
        """Whether its room could not read what there was."""
        return self.suffix == "blind"

    @property
    def milliseconds(self) -> int:
        """When it was made; later than its parent, whatever the clocks said."""
        return int(self.id[:_TIME_DIGITS], 16)

    @property
    def tombstone(self) -> "Version":
        """The tombstone that is left of this version when it is deleted."""
        return replace(self, suffix="gone")


@dataclass(frozen=True)
class Base:
    """What a room's next version is on top of."""

    version: Version | None = None
    """What its game began with, or what it stored last."""
    blind: bool = False
    """It could not be read what there was."""


def parse(name: str) -> Version | None:
    """Read a version's name; None if it is no version's."""
    found = _NAME.fullmatch(name)
    return Version(found["id"], found["parent"], found["suffix"] or "") if found else None


def after(parent: Version | None, milliseconds: int, salt: bytes, *, blind: bool = False) -> Version:
    """Make a new version on top of this one.

    ``salt`` is four random bytes: two rooms may save in the same millisecond.
    """
    latest = parent.milliseconds + 1 if parent else 1
    time = min(max(milliseconds, latest), _MAX_TIME)
    id = f"{time:0{_TIME_DIGITS}x}{salt.hex()}"
    return Version(id, parent.id if parent else NOTHING, "blind" if blind else "")


class History:
    """The versions of one slot, read from their names."""

    def __init__(self, versions: Iterable[Version]) -> None:
        known = set(versions)
        self.tombstones = sorted(version for version in known if version.is_tombstone)
        gone = {tombstone.id for tombstone in self.tombstones}
        self.versions = sorted(version for version in known if not version.is_tombstone and version.id not in gone)
        """Oldest first, without the deleted ones."""
        self.deleted = sorted(version for version in known if not version.is_tombstone and version.id in gone)
        """Those that have a tombstone, and are still there."""
        covered = self._covered()
        self.heads = [version for version in self.versions if version.id not in covered]
        """The versions that nothing was saved on top of, oldest first. More than one contradict each other."""

    @property
    def newest(self) -> Version | None:
        """The head to go on from: one whose room knew what it wrote over, if there is one."""
        certain = [head for head in self.heads if not head.blind]
        return max(certain or self.heads, default=None)

    def find(self, name: str) -> list[Version]:
        """Find the version of this name; for an empty one all of them, the best first.

        The newest may be damaged, as by a power cut before it was confirmed.
        """
        if name:
            return [version for version in self.versions if str(version) == name]
        return sorted(self.versions, key=lambda version: (version == self.newest, version), reverse=True)

    def superfluous(self) -> list[Version]:
        """List what may be deleted, to be deleted in this order: then each step leaves the same heads."""
        kept = set(self.versions[-KEEP:]) | set(self.heads[-MAX_HEADS:])
        old = [version for version in self.versions if version not in kept]
        oldest = min(kept, default=None)
        useless = [tombstone for tombstone in self.tombstones if oldest is None or tombstone.id < oldest.id]
        surplus = self.tombstones[:-MAX_TOMBSTONES]
        # A tombstone goes after the version that it stands for, or that would be back.
        return [*old, *self.deleted, *sorted({*useless, *surplus})]

    def _covered(self) -> Collection[str]:
        """Collect the ids that something was saved on top of, be it by way of deleted versions."""
        through = {tombstone.id: tombstone.parent for tombstone in self.tombstones}
        covered: set[str] = set()
        for version in self.versions:
            parent: str | None = version.parent
            while parent is not None and parent not in covered:
                covered.add(parent)
                parent = through.get(parent)
        return covered
