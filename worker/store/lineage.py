"""What one room knows of one slot, and so what a new save of its is on top of. No I/O."""

from dataclasses import dataclass, field

from worker.store.naming.versions import History, Version, parse


@dataclass
class Line:
    """What this room knows of one slot."""

    base: Version | None = None
    """Its newest when the profile entered, or when it was listed last."""
    own: Version | None = None
    """What this room saved last, stored or not."""
    covered: set[str] = field(default_factory=set)
    """What that is on top of."""

    def parent(self, based_on: str) -> Version | None:
        """What a new save is on top of, if the player knew this version."""
        known = parse(based_on) or self.base
        if self.own is not None and (known is None or str(known) in self.covered):
            return self.own
        return known

    def saved(self, version: Version, parent: Version | None) -> None:
        """This room saved this."""
        self.covered |= {str(version), *([str(parent)] if parent else [])}
        self.own = version

    def listed(self, history: History) -> None:
        """This is what the slot holds."""
        self.base = history.newest
