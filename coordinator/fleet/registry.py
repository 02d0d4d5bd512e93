"""The workers that are connected, and what they add up to: the library, the regions, and the gateways.

Sans-I/O. Which of them opens a room is left to selection.py, the ways to them to router.py, their rooms to rooms/.
"""

import logging
from collections.abc import Iterable
from itertools import count

from coordinator.fleet.regions import UNNAMED
from coordinator.fleet.selection import ClosestRegion, PlaceRequest, Selection, select
from coordinator.fleet.worker import Announcement, Worker, WorkerId
from coordinator.messages import Game, Region, Register
from coordinator.messages.fields import MAX_GAMES, MAX_REGIONS

logger = logging.getLogger(__name__)


class Registry:
    """Workers, and the library and the gateways merged over them."""

    def __init__(self, selection: Selection | None = None) -> None:
        """Start without workers. ``selection`` is the strategy that chooses a worker; ClosestRegion by default."""
        self._selection: Selection = selection or ClosestRegion()
        self._workers: dict[WorkerId, Worker] = {}
        self._numbers = count(1)
        self.library: tuple[Game, ...] = ()
        """Every game that some worker has, once, by title, up to a limit. A new object only when the content is new."""
        self.gateways: tuple[Announcement, ...] = ()
        """Every gateway that some worker announces, once, the oldest worker's first."""
        self._regions: dict[str, list[Worker]] = {}
        """The workers of each region, by its name."""

    @property
    def workers(self) -> Iterable[Worker]:
        """The workers that are connected, the oldest first."""
        return self._workers.values()

    @property
    def regions(self) -> tuple[Region, ...]:
        """The regions that there are to choose between; none if there is a single one, which is no choice."""
        if len(self._regions) < 2:
            return ()
        return tuple(
            Region(name=name, gateways=_gateways_of(workers), full=all(worker.free <= 0 for worker in workers))
            for name, workers in self._regions.items()
        )

    def __len__(self) -> int:
        return len(self._workers)

    def register(self, message: Register) -> Worker:
        """Add a worker, under a new id."""
        worker = Worker(
            id=f"w{next(self._numbers)}",
            name=message.name,
            region=message.region or UNNAMED,
            capacity=message.capacity,
            games=_by_id(message.games),
            gateway=Announcement(message.gateways, message.turn_secret),
            coming=list(message.games) if message.more else [],
            holding=message.holding,
        )
        self._workers[worker.id] = worker
        self._merge()
        return worker

    def get(self, worker_id: WorkerId) -> Worker:
        """Find the worker that is connected under this id. Raises KeyError."""
        return self._workers[worker_id]

    def update(self, worker_id: WorkerId, games: Iterable[Game], more: int = 0) -> bool:
        """Take a part of the worker's library, which ``more`` games follow; return whether it is whole.

        It takes the place of the one before then. Rooms that run a game which is gone go on.
        """
        worker = self._workers[worker_id]
        worker.coming += games
        del worker.coming[MAX_GAMES:]
        if more:
            return False
        worker.games, worker.coming = _by_id(worker.coming), []
        self._merge()
        return True

    def announce(self, worker_id: WorkerId, gateway: Announcement) -> None:
        """Replace the gateway in front of the worker."""
        self._workers[worker_id].gateway = gateway
        self._merge()

    def remove(self, worker_id: WorkerId) -> Worker:
        """Remove a worker whose connection has ended. What becomes of its rooms is left to ``Rooms.remove_worker``."""
        worker = self._workers.pop(worker_id)
        self._merge()
        return worker

    def select_worker(self, request: PlaceRequest) -> Worker:
        """Choose the worker that opens a room, by the registry's strategy. Raises NoPlaceError."""
        return select(self._workers.values(), request, self._selection)

    def _merge(self) -> None:
        merged: dict[str, Game] = {}
        for worker in self._workers.values():
            for game in worker.games.values():
                merged.setdefault(game.id, game)  # two workers may have other titles for it; the older worker's counts
        games = sorted(merged.values(), key=lambda game: (game.title.casefold(), game.id))
        library = tuple(games[:MAX_GAMES])
        if library != self.library:
            self.library = library
            if len(games) > MAX_GAMES:
                logger.warning(
                    "! workers have %d games: pages are told of the first %d by title", len(games), MAX_GAMES
                )
        announced = (worker.gateway for worker in self._workers.values())
        self.gateways = tuple(dict.fromkeys(gateway for gateway in announced if gateway.urls))
        self._regions = self._by_region()

    def _by_region(self) -> dict[str, list[Worker]]:
        names = sorted({worker.region for worker in self._workers.values()}, key=lambda name: (name.casefold(), name))
        return {
            name: [worker for worker in self._workers.values() if worker.region == name] for name in names[:MAX_REGIONS]
        }


def _gateways_of(workers: Iterable[Worker]) -> tuple[str, ...]:
    """List each gateway URL once, the oldest worker's first."""
    return tuple(dict.fromkeys(url for worker in workers for url in worker.gateway.urls))


def _by_id(games: Iterable[Game]) -> dict[str, Game]:
    return {game.id: game for game in games}
