"""Regions: which of them is the best for whom, by what pages have measured and by what players want.

Sans-I/O, and without workers: who is in a region and has a place free is the registry's to say.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

UNNAMED = "main"
"""Where workers are that don't say where: a place like the others as soon as there are others."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Where a room had better be."""

    region: str = ""
    """Before all others: where its player wants it, or where it is."""
    delays: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds to the regions that are known."""

    def rank(self, region: str) -> tuple[int, float]:
        """Smaller is better: the wanted one, then the closest, then those that nobody knows."""
        if region == self.region:
            return 0, 0.0
        delay = self.delays.get(region)
        return (2, 0.0) if delay is None else (1, delay)


def farthest(players: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The delays of a room with all these players: what counts is the one who is the farthest away.

    A region that answered some of them and not another is out of that one's reach. Who has measured nothing yet has no
    say.
    """
    known = [delays for delays in players if delays]
    regions = dict.fromkeys(region for delays in known for region in delays)
    return {region: max(delays.get(region, math.inf) for delays in known) for region in regions}
