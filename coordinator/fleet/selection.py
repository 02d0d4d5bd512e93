"""The choice of the worker that opens a room: a rule says which workers can, a strategy which of those does.

Sans-I/O. Another strategy, by load or by price, is one more class with ``choose``, given to the Registry.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from coordinator.errors import NoPlaceError
from coordinator.fleet.regions import RegionPreference
from coordinator.fleet.worker import Worker

ANYWHERE = RegionPreference()


@dataclass(frozen=True, slots=True)
class PlaceRequest:
    """A room that needs a worker."""

    game: str
    """The game's id."""
    preference: RegionPreference = ANYWHERE
    prefer: Worker | None = None
    """Take this one if it can open the room."""
    avoid: Worker | None = None
    """Take this one only if no other can."""


class Selection(Protocol):
    """A strategy that spreads rooms over workers."""

    def choose(self, able: Sequence[Worker], request: PlaceRequest) -> Worker:
        """Choose one of these workers, the oldest first: each has the game and a free place. There is one at least."""
        ...


class ClosestRegion:
    """Take the best region for the room's players, and there the worker with the most free places."""

    def choose(self, able: Sequence[Worker], request: PlaceRequest) -> Worker:
        """Choose as Selection says. Of equals, the oldest worker is taken."""
        return min(able, key=lambda worker: self._rank(worker, request))

    @staticmethod
    def _rank(worker: Worker, request: PlaceRequest) -> tuple[bool, bool, tuple[int, float], int]:
        """Rank a worker: smaller is better, the first difference decides."""
        return (
            worker is request.avoid,
            worker is not request.prefer,
            request.preference.rank(worker.region),
            -worker.free,
        )


def select(workers: Collection[Worker], request: PlaceRequest, strategy: Selection) -> Worker:
    """Choose the worker that opens a room: of those that can, by the strategy. Raises NoPlaceError if none can."""
    return strategy.choose(_able(workers, request.game), request)


def _able(workers: Collection[Worker], game: str) -> list[Worker]:
    """List the workers that have the game and a free place. Raises NoPlaceError if there is none."""
    serving = [worker for worker in workers if not worker.draining]
    if not serving:
        raise NoPlaceError("no_workers", "No game server is connected at the moment. Try again in a minute.")
    with_game = [worker for worker in workers if game in worker.games]
    if not with_game:
        raise NoPlaceError("unknown_game", "This game is not in the library any more. Choose another one.")
    able = [worker for worker in with_game if worker.free > 0]
    if not able:
        raise NoPlaceError("no_seats", "All seats are taken at the moment. Try again when somebody has finished.")
    return able
