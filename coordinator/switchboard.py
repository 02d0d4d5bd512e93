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

from coordinator.config import Config
from coordinator.connection import Connection
from coordinator.gateways import Gateways
from coordinator.messages import (
    Admitted,
    Join,
    Leave,
    Library,
    PlayerMessage,
    Register,
    Registered,
    Rejected,
    RoomClosed,
    Start,
    Trickle,
    ViewerLeft,
    Welcome,
    WorkerMessage,
    encode,
)
from coordinator.metrics import Metrics
from coordinator.registry import Registry, WorkerId
from coordinator.rooms import Decision, Rooms, StartTook, ToPage, ToWorker
from coordinator.seats import PageId

VERSION = version("coinop")


class Switchboard:
    """Which connection is which page or worker. Every callback does the same: feed, deliver, set the timer."""

    def __init__(self, gateways: Gateways) -> None:
        self.registry = Registry()
        self.rooms = Rooms(self.registry)
        self.gateways = gateways
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

    def page_came(self, connection: Connection) -> PageId:
        """Welcome a page."""
        page = next(self._numbers)
        self._pages[page] = connection
        welcome = Welcome(
            version=VERSION,
            games=self.registry.library,
            ice_servers=self.gateways.page_came(page, self._now(), time.time()),
            relay_only=self.gateways.relay_only,
        )
        connection.send(welcome)
        self._set_timer()
        return page

    def page_said(self, page: PageId, message: PlayerMessage) -> None:
        """A page's message, read and checked."""
        match message:
            case Start():
                self._deliver(self.rooms.start(page, message, self._now()))
            case Join():
                self._deliver(self.rooms.join(page, message, self._now()))
            case Trickle():
                self._deliver(self.rooms.trickle(page, message))
            case Leave():
                self._deliver(self.rooms.leave(page))

    def page_went(self, page: PageId) -> None:
        """Its connection has ended."""
        del self._pages[page]
        self.gateways.page_went(page)
        self._deliver(self.rooms.leave(page))

    # ----- workers

    def worker_came(self, connection: Connection, message: Register) -> WorkerId:
        """Take a worker into the registry."""
        worker = self.registry.register(message)
        self._workers[worker.id] = connection
        connection.send(Registered(worker=worker.id))
        self.gateways.examine(worker.id, worker.gateways)
        self._show_library()
        self._show_gateways()
        return worker.id

    def worker_said(self, worker: WorkerId, message: WorkerMessage) -> None:
        """A registered worker's message, read and checked."""
        match message:
            case Admitted():
                self._deliver(self.rooms.admitted(worker, message, self._now()))
            case Rejected():
                self._deliver(self.rooms.rejected(worker, message))
            case ViewerLeft():
                self._deliver(self.rooms.viewer_left(worker, message))
            case RoomClosed():
                self._deliver(self.rooms.room_closed(worker, message))
            case Library():
                self.registry.update(worker, message.games)
                self._show_library()

    def worker_went(self, worker_id: WorkerId) -> None:
        """Its connection has ended, and its rooms with it."""
        del self._workers[worker_id]
        worker = self.registry.remove(worker_id)
        self._deliver(self.rooms.worker_lost(worker))
        self._show_library()
        self._show_gateways()

    # ----- out

    def stop(self) -> None:
        """Nothing is delivered late any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _deliver(self, decisions: Iterable[Decision]) -> None:
        for decision in decisions:
            match decision:
                case ToPage(page, message):
                    self._pages[page].send(message)
                case ToWorker(worker, message):
                    self._workers[worker].send(message)
                case StartTook(seconds):
                    self.metrics.start_seconds.observe(seconds)
        self._set_timer()

    def _show_library(self) -> None:
        if self.registry.library is self._shown_library:
            return
        self._shown_library = self.registry.library
        message = Library(games=self.registry.library)
        text = encode(message)  # once for all pages: it is the longest message there is
        for connection in tuple(self._pages.values()):
            connection.send(message, text)

    def _show_gateways(self) -> None:
        self._deliver(self.gateways.replace(self.registry.gateways, self._now(), time.time()))

    def _set_timer(self) -> None:
        """One timer, for whatever comes first; one that comes too early does no harm."""
        deadlines = (self.rooms.next_deadline(), self.gateways.next_deadline())
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

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


CONFIG = web.AppKey("config", Config)
SWITCHBOARD = web.AppKey("switchboard", Switchboard)
"""Where handlers find what the application holds."""
