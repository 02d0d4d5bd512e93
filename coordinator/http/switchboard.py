"""Between the connections and the sans-I/O core: feeds messages in, and delivers decisions.

Owns the core's clocks: the times it is told and the one timer that it asks for. Reading and checking messages is left
to players.py and workers.py, the way to a page or worker to fleet/router.py.
"""

import asyncio
import time
from collections.abc import Iterable
from importlib.metadata import version
from itertools import count

from aiohttp import web

from coordinator.config import Config
from coordinator.errors import PeerError
from coordinator.fleet.registry import Registry
from coordinator.fleet.router import LocalRouter, Outlet, Page, Router
from coordinator.fleet.worker import Announcement, WorkerId
from coordinator.http.metrics import Metrics
from coordinator.messages import (
    Gateways,
    Library,
    PlayerMessage,
    Regions,
    Register,
    Registered,
    Welcome,
    WorkerMessage,
)
from coordinator.messages import Rooms as ListedRooms
from coordinator.rooms.decisions import Decision, Recovered, StartTook, ToPage, ToWorker
from coordinator.rooms.room import Room
from coordinator.rooms.rooms import Rooms
from coordinator.views.ice import PageIceServers
from coordinator.views.lobby import PublishedList, lobby

VERSION = version("coinop")


class Switchboard:
    """Connect outlets and the core. Every callback does the same: feed, deliver, set the timer."""

    def __init__(self, config: Config, router: Router | None = None) -> None:
        """Start with an empty core. ``router`` is the way to pages and workers: by default, those of this process."""
        self._config = config
        self.router: Router = LocalRouter() if router is None else router
        self.registry = Registry()
        self.rooms = Rooms(
            self.registry,
            room_grace=config.room_grace_seconds,
            place_seconds=config.place_wait_seconds,
            rooms_per_address=config.rooms_per_address,
            started_at=time.monotonic(),  # which is the clock of every event loop
        )
        self.page_messages = self.rooms.page_messages
        self.worker_messages = self.rooms.worker_messages
        self.worker_messages.add(Register, self._refuse_registration)
        self.worker_messages.add(Library, self._replace_library)
        self.worker_messages.add(Gateways, self._replace_gateway)
        self._ice = PageIceServers(config.issuing_secret, config.turn_ttl, config.relay_only)
        self._lobby = PublishedList(lambda: lobby(self.rooms.rooms))
        self._regions = PublishedList(lambda: self.registry.regions)
        self.metrics = Metrics(self.registry, self.rooms)
        self.outlets: set[Outlet] = set()
        """All connections that are open, also those before a registration: closed at the end of the server."""
        self._numbers = count(1)
        self._shown_library = self.registry.library
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        """When it is to fire."""

    # ----- pages

    def add_page(self, outlet: Outlet, host: str, address: str = "") -> Page:
        """Welcome a page, which reached the arcade by this host, from this client address."""
        page = Page(next(self._numbers), address)
        self.router.add_page(page.id, outlet)
        welcome = Welcome(
            version=VERSION,
            games=self.registry.library,
            ice_servers=self._ice.add_page(page.id, host, self._now(), time.time()),
            relay_only=self._ice.relay_only,
            rooms=self._lobby.shown,
            regions=self._ice.regions(page.id, self._regions.shown),
        )
        outlet.send(welcome)
        self._set_timer()
        return page

    def handle_page_message(self, page: Page, message: PlayerMessage) -> None:
        """Feed in a page's message, read and checked."""
        self._deliver(self.page_messages.handle(page, message, self._now()))

    def remove_page(self, page: Page) -> None:
        """Feed in that a page's connection has ended."""
        self.router.remove_page(page.id)
        self._ice.remove_page(page.id)
        self._deliver(self.rooms.remove_page(page.id, self._now()))

    # ----- workers

    def add_worker(self, outlet: Outlet, message: Register) -> WorkerId:
        """Take a worker into the registry."""
        worker = self.registry.register(message)
        self.router.add_worker(worker.id, outlet)
        outlet.send(Registered(worker=worker.id, room_grace=self._config.room_grace_seconds))
        self._show_library()
        self._show_gateways()
        self._ice.warn_about(worker.id, worker.gateway)
        self.rooms.note_new_places()
        self._deliver(())
        return worker.id

    def handle_worker_message(self, worker: WorkerId, message: WorkerMessage) -> None:
        """Feed in a registered worker's message, read and checked. Raises PeerError for one out of order."""
        self._deliver(self.worker_messages.handle(worker, message, self._now()))

    def _refuse_registration(self, _worker: WorkerId, _message: Register, _now: float) -> list[Decision]:
        raise PeerError("bad_message", "This worker has registered before; connect again to register anew.")

    def _replace_library(self, worker: WorkerId, message: Library, _now: float) -> list[Decision]:
        if self.registry.update(worker, message.games, message.more):
            self.rooms.note_new_places()  # with games that a room may wait for
            self._show_library()
        return []

    def _replace_gateway(self, worker: WorkerId, message: Gateways, _now: float) -> list[Decision]:
        gateway = Announcement(message.gateways, message.turn_secret)
        self.registry.announce(worker, gateway)
        self._show_gateways()
        self._ice.warn_about(worker, gateway)
        return []

    def remove_worker(self, worker_id: WorkerId) -> None:
        """Feed in that a worker's connection has ended. Its rooms may come back with it, or go on elsewhere."""
        self.router.remove_worker(worker_id)
        worker = self.registry.remove(worker_id)
        self._deliver(self.rooms.remove_worker(worker, self._now()))
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
        """Cancel the timer: nothing is delivered late any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _deliver(self, decisions: Iterable[Decision]) -> None:
        now = self._now()
        for decision in (*decisions, *self.rooms.settle(now)):
            match decision:
                case ToPage(page, message):
                    self.router.send_to_page(page, message)
                case ToWorker(worker, message):
                    self.router.send_to_worker(worker, message)
                case StartTook(seconds):
                    self.metrics.start_seconds.observe(seconds)
                case Recovered(cause, seconds):
                    self.metrics.observe_recovery(cause, seconds)
        for published in (self._lobby, self._regions):
            published.schedule(now)
        self._set_timer()

    def _show_library(self) -> None:
        if self.registry.library is self._shown_library:
            return
        self._shown_library = self.registry.library
        self.router.send_to_pages(Library(games=self.registry.library))

    def _show_lists(self, now: float) -> None:
        if (rooms := self._lobby.changed(now)) is not None:
            self.router.send_to_pages(ListedRooms(rooms=rooms))
        if (regions := self._regions.changed(now)) is not None:
            for page in self.router.pages:
                self.router.send_to_page(page, Regions(regions=self._ice.regions(page, regions)))

    def _show_gateways(self) -> None:
        self._deliver(self._ice.replace_gateways(self.registry.gateways, self._now(), time.time()))

    def _set_timer(self) -> None:
        """Set the one timer for the first deadline of all parts; a timer that comes too early does no harm."""
        parts = (self.rooms, self._ice, self._lobby, self._regions)
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
        self._deliver([*self.rooms.expire(now), *self._ice.renew(now, time.time())])
        self._show_lists(now)
        self._set_timer()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


CONFIG = web.AppKey("config", Config)
SWITCHBOARD = web.AppKey("switchboard", Switchboard)
"""Where handlers find what the application holds."""
