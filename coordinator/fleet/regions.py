"""Regions: which of them is the best for a room, by what its pages have measured and by what its players want.

Sans-I/O, and without workers: which regions have a worker with a free place is left to the registry.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

UNNAMED = "main"
"""The region of workers that don't say theirs: one like the others as soon as there are others."""


@dataclass(frozen=True, slots=True)
class RegionPreference:
    """How well each region suits a room."""

    region: str = ""
    """Before all others: the one that its player has chosen, or that it is in; empty for none."""
    delays: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds of a round trip to the regions that were measured."""

    def rank(self, region: str) -> tuple[int, float]:
        """Rank a region; smaller is better: the preferred one, then the closest, then those that nobody measured."""
        if region == self.region:
            return 0, 0.0
        delay = self.delays.get(region)
        return (2, 0.0) if delay is None else (1, delay)


def worst_delays(players: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Merge the delays of a room's players, milliseconds: for each region, the player who is the farthest away counts.

    A region that answered some of them and not another is out of that one's reach: infinitely far. Players who have
    measured nothing yet are left out.
    """
    known = [delays for delays in players if delays]
    regions = dict.fromkeys(region for delays in known for region in delays)
    return {region: max(delays.get(region, math.inf) for delays in known) for region in regions}
