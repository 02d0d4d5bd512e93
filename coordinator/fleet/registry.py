"""The workers that are connected: what they can play, how many rooms each still takes, in which regions they are, and
by which gateways browsers reach them.

Sans-I/O. Who is in the rooms is left to rooms.py, the connections to workers.py.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from coordinator.fleet.regions import UNNAMED, Wish
from coordinator.messages import Game, Refused, Region, Register
from coordinator.messages.fields import MAX_REGIONS

logger = logging.getLogger(__name__)

MAX_GAMES = 10_000
"""Games of all workers together that pages are told of: some 1.5 MB. ``web/core/wire/messages.js`` reads so many, and
few more."""

WorkerId = str


class Announcement(NamedTuple):
    """The gateway in front of a worker."""

    urls: tuple[str, ...] = ()
    """ICE URLs."""
    secret: str = ""
    """What its credentials are made of; empty for the coordinator's own."""

    def __repr__(self) -> str:
        return f"Announcement({self.urls!r})"  # without the secret


@dataclass(slots=True, eq=False)
class Worker:
    """One registration. A worker that comes back after losing its link is a new one, and tells what rooms it has."""

    id: WorkerId
    name: str
    region: str
    capacity: int
    games: dict[str, Game]
    """By id."""
    gateway: Announcement
    """In front of it; without URLs if it needs none."""
    rooms: set[str] = field(default_factory=set)
    """The ids of the rooms that hold a place here: they are here, or are about to be moved here."""
    holding: int = 0
    """Rooms that it brings along and has not told of yet."""
    leaving: set[str] = field(default_factory=set)
    """The ids of rooms that were moved away while it drains, and are not played again yet."""
    draining: bool = False
    """It takes no more rooms, and those that it has are moved away."""

    @property
    def free(self) -> int:
        """How many more rooms it takes: none while it still tells what it has, for that may be the one in question."""
        return 0 if self.draining or self.holding else self.capacity - len(self.rooms)


class Registry:
    """Workers, and the library and the gateways merged over them."""

    def __init__(self) -> None:
        self._workers: dict[WorkerId, Worker] = {}
        self._numbers = count(1)
        self.library: tuple[Game, ...] = ()
        """Every game that some worker has, once, by title, up to a limit. A new object only when the content is new."""
        self.gateways: tuple[Announcement, ...] = ()
        """Every gateway that some worker announces, once, the oldest worker's first."""
        self._regions: dict[str, list[Worker]] = {}
        """Who is where, by name."""

    @property
    def workers(self) -> Iterable[Worker]:
        """Those that are connected."""
        return self._workers.values()

    @property
    def regions(self) -> tuple[Region, ...]:
        """The regions that there are to choose between: a single one is no choice."""
        if len(self._regions) < 2:
            return ()
        return tuple(
            Region(name=name, gateways=_gateways_of(workers), full=all(worker.free <= 0 for worker in workers))
            for name, workers in self._regions.items()
        )

    def __len__(self) -> int:
        return len(self._workers)

    def register(self, message: Register) -> Worker:
        """Take a worker in, under a new id."""
        worker = Worker(
            id=f"w{next(self._numbers)}",
            name=message.name,
            region=message.region or UNNAMED,
            capacity=message.capacity,
            games=_by_id(message.games),
            gateway=Announcement(message.gateways, message.turn_secret),
            holding=message.holding,
        )
        self._workers[worker.id] = worker
        self._merge()
        return worker

    def get(self, worker_id: WorkerId) -> Worker:
        """The worker that is connected under this id. Raises KeyError."""
        return self._workers[worker_id]

    def update(self, worker_id: WorkerId, games: Iterable[Game]) -> None:
        """The worker's library is another one now. Rooms that run a game which is gone go on."""
        self._workers[worker_id].games = _by_id(games)
        self._merge()

    def announce(self, worker_id: WorkerId, gateway: Announcement) -> None:
        """The gateway in front of the worker is this one now."""
        self._workers[worker_id].gateway = gateway
        self._merge()

    def remove(self, worker_id: WorkerId) -> Worker:
        """The worker is gone. What becomes of its rooms is for ``Rooms.worker_lost`` to say."""
        worker = self._workers.pop(worker_id)
        self._merge()
        return worker

    def place_for(
        self, game: str, wish: Wish, prefer: Worker | None = None, avoid: Worker | None = None
    ) -> Worker | Refused:
        """Of the workers that have the game and a free place: the one in the best region, and there the one with the
        most places; or why there is none.

        A preferred worker is taken if it can be; one to avoid only if no other can.
        """
        if all(worker.draining for worker in self._workers.values()):
            return Refused(
                code="no_workers", message="No game server is connected at the moment. Try again in a minute."
            )
        able = [worker for worker in self._workers.values() if game in worker.games]
        if not able:
            return Refused(code="unknown_game", message="This game is not in the library any more. Choose another one.")
        best = min(
            able,
            key=lambda worker: (
                worker.free <= 0,
                worker is avoid,
                worker is not prefer,
                wish.rank(worker.region),
                -worker.free,
            ),
        )
        if best.free <= 0:
            return Refused(
                code="no_seats", message="All seats are taken at the moment. Try again when somebody has finished."
            )
        return best

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
    """Each URL once, the oldest worker's first."""
    return tuple(dict.fromkeys(url for worker in workers for url in worker.gateway.urls))


def _by_id(games: Iterable[Game]) -> dict[str, Game]:
    return {game.id: game for game in games}
