"""The lineage of one slot, as one room knows it: which version its next save is on top of. No I/O."""

from dataclasses import dataclass, field

from worker.store.naming.versions import History, Version, parse


@dataclass
class Lineage:
    """The versions of one slot that this room knows or wrote."""

    base: Version | None = None
    """Its newest when the profile entered, or when it was listed last."""
    own: Version | None = None
    """What this room saved last, stored or not."""
    covered: set[str] = field(default_factory=set)
    """What that is on top of."""

    def parent(self, based_on: str) -> Version | None:
        """Choose what a new save is on top of, if the player knew the version ``based_on``."""
        known = parse(based_on) or self.base
        if self.own is not None and (known is None or str(known) in self.covered):
            return self.own
        return known

    def saved(self, version: Version, parent: Version | None) -> None:
        """Remember a save of this room, and what it is on top of."""
        self.covered |= {str(version), *([str(parent)] if parent else [])}
        self.own = version

    def listed(self, history: History) -> None:
        """Take the newest of the slot's versions as what new saves are on top of."""
        self.base = history.newest
