"""Between the connections and the sans-I/O core: feeds what peers say to it, and delivers what it decides.

Owns the core's clocks: the times it is told and the one timer that it asks for. Reading and checking messages is left
to players.py and workers.py.
"""

import asyncio
import time
from collections.abc import Iterable
from importlib.metadata import version
from itertools import count

from aiohttp import web

from coordinator import messages
from coordinator.config import Config
from coordinator.fleet.registry import Announcement, Registry, WorkerId
from coordinator.http.metrics import Metrics
from coordinator.http.websocket import Connection
from coordinator.messages import Library, PlayerMessage, Regions, Register, Registered, Welcome, WorkerMessage, encode
from coordinator.messages import Rooms as RoomList
from coordinator.rooms.decisions import Decision, Recovered, StartTook, ToPage, ToWorker
from coordinator.rooms.room import Room
from coordinator.rooms.rooms import Rooms
from coordinator.rooms.seats import PageId
from coordinator.views.ice import Gateways
from coordinator.views.lobby import AnnouncedList, lobby

VERSION = version("coinop")


class Switchboard:
    """Which connection is which page or worker. Every callback does the same: feed, deliver, set the timer."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.registry = Registry()
        self.rooms = Rooms(
            self.registry,
            room_grace=config.room_grace_seconds,
            place_seconds=config.place_wait_seconds,
            rooms_per_address=config.rooms_per_address,
            started_at=time.monotonic(),  # which is the clock of every event loop
        )
        self.gateways = Gateways(config.issuing_secret, config.turn_ttl, config.relay_only)
        self._lobby = AnnouncedList(lambda: lobby(self.rooms.rooms))
        self._regions = AnnouncedList(lambda: self.registry.regions)
        self.metrics = Metrics(self.registry, self.rooms)
        self.connections: set[Connection] = set()
        """All that are open, for the end of the server."""
        self._pages: dict[PageId, Connection] = {}
        self._workers: dict[WorkerId, Connection] = {}
        self._numbers = count(1)
        self._shown_library = self.registry.library
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        """When it is to fire."""

    # ----- pages

    @property
    def page_count(self) -> int:
        """How many pages are connected."""
        return len(self._pages)

    def page_came(self, connection: Connection, host: str) -> PageId:
        """Welcome a page, which reached us by this host."""
        page = next(self._numbers)
        self._pages[page] = connection
        welcome = Welcome(
            version=VERSION,
            games=self.registry.library,
            ice_servers=self.gateways.page_came(page, host, self._now(), time.time()),
            relay_only=self.gateways.relay_only,
            rooms=self._lobby.shown,
            regions=self.gateways.regions(page, self._regions.shown),
        )
        connection.send(welcome)
        self._set_timer()
        return page

    def page_said(self, page: PageId, message: PlayerMessage, address: str) -> None:
        """A page's message, read and checked, from this address."""
        self._deliver(self.rooms.page_said(page, message, self._now(), address))

    def page_went(self, page: PageId) -> None:
        """Its connection has ended."""
        del self._pages[page]
        self.gateways.page_went(page)
        self._deliver(self.rooms.page_went(page, self._now()))

    # ----- workers

    def worker_came(self, connection: Connection, message: Register) -> WorkerId:
        """Take a worker into the registry."""
        worker = self.registry.register(message)
        self._workers[worker.id] = connection
        connection.send(Registered(worker=worker.id, room_grace=self._config.room_grace_seconds))
        self._show_library()
        self._show_gateways()
        self.gateways.examine(worker.id, worker.gateway)
        self.rooms.worker_came()
        self._deliver(())
        return worker.id

    def worker_said(self, worker: WorkerId, message: WorkerMessage) -> None:
        """A registered worker's message, read and checked."""
        match message:
            case Library():
                self.registry.update(worker, message.games)
                self.rooms.worker_came()  # with games that a room may wait for
                self._show_library()
            case messages.Gateways():
                gateway = Announcement(message.gateways, message.turn_secret)
                self.registry.announce(worker, gateway)
                self._show_gateways()
                self.gateways.examine(worker, gateway)
        self._deliver(self.rooms.worker_said(worker, message, self._now()))

    def worker_went(self, worker_id: WorkerId) -> None:
        """Its connection has ended. Its rooms may come back with it, or go on elsewhere."""
        del self._workers[worker_id]
        worker = self.registry.remove(worker_id)
        self._deliver(self.rooms.worker_lost(worker, self._now()))
        self._show_library()
        self._show_gateways()

    # ----- operators

    def move(self, room: Room) -> None:
        """Move a room to another worker. Raises DeniedError."""
        self._deliver(self.rooms.move(room, self._now()))

    def drain(self, worker: WorkerId) -> None:
        """Move all rooms away from a worker."""
        self.rooms.drain(worker)
        self._deliver(())

    # ----- out

    def stop(self) -> None:
        """Nothing is delivered late any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _deliver(self, decisions: Iterable[Decision]) -> None:
        now = self._now()
        for decision in (*decisions, *self.rooms.news(now)):
            match decision:
                case ToPage(page, message):
                    self._pages[page].send(message)
                case ToWorker(worker, message):
                    self._workers[worker].send(message)
                case StartTook(seconds):
                    self.metrics.start_seconds.observe(seconds)
                case Recovered(cause, seconds):
                    self.metrics.recovered(cause, seconds)
        for listing in (self._lobby, self._regions):
            listing.note(now)
        self._set_timer()

    def _show_library(self) -> None:
        if self.registry.library is self._shown_library:
            return
        self._shown_library = self.registry.library
        message = Library(games=self.registry.library)
        self._tell_all(message)

    def _show_lists(self, now: float) -> None:
        if (rooms := self._lobby.take(now)) is not None:
            self._tell_all(RoomList(rooms=rooms))
        if (regions := self._regions.take(now)) is not None:
            for page, connection in tuple(self._pages.items()):
                connection.send(Regions(regions=self.gateways.regions(page, regions)))

    def _tell_all(self, message: Library | RoomList) -> None:
        text = encode(message)  # once for all pages: these are the longest messages there are
        for connection in tuple(self._pages.values()):
            connection.send(message, text)

    def _show_gateways(self) -> None:
        self._deliver(self.gateways.replace(self.registry.gateways, self._now(), time.time()))

    def _set_timer(self) -> None:
        """One timer, for whatever comes first; one that comes too early does no harm."""
        parts = (self.rooms, self.gateways, self._lobby, self._regions)
        deadlines = [part.next_deadline() for part in parts]
        deadline = min((known for known in deadlines if known is not None), default=None)
        if deadline is None or (self._timer is not None and self._due <= deadline):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due, self._timer = deadline, asyncio.get_running_loop().call_at(deadline, self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = self._now()
        self._deliver([*self.rooms.expire(now), *self.gateways.renew(now, time.time())])
        self._show_lists(now)
        self._set_timer()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


CONFIG = web.AppKey("config", Config)
SWITCHBOARD = web.AppKey("switchboard", Switchboard)
"""Where handlers find what the application holds."""
