"""The worker's agent: library, rooms, link and metrics put together, from start to orderly end. It decides nothing."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from coordinator import messages
from coordinator.messages import (
    CloseRoom,
    Draining,
    Frozen,
    Holding,
    Keep,
    Register,
    Registered,
    RoomClosed,
    WorkerMessage,
)
from worker.agent.drain import drain
from worker.agent.empty_rooms import EmptyRooms
from worker.agent.held_rooms import HeldRooms
from worker.agent.link import Link
from worker.agent.orders import OrderHandler
from worker.agent.report import REPORT_SECONDS, Reporter
from worker.cluster.following import following
from worker.config import MAX_GATEWAYS, Config
from worker.library.library import Library, Scanner, in_parts
from worker.ops.health import serving
from worker.ops.metrics import Metrics
from worker.processes.lifecycle import TimeLimits
from worker.processes.supervisor import ROOM_COMMAND, Supervisor
from worker.runtime.errors import StartupError
from worker.runtime.tasks import BackgroundTasks, unless
from worker.sandbox import Mode, SandboxRefusedError, missing
from worker.store.objects import Objects, open_store
from worker.store.store import Store

logger = logging.getLogger(__name__)

EMPTY_ROOMS_SECONDS = 1.0
"""Seconds between two looks at rooms that may have been empty for too long."""


async def serve(config: Config, stop: asyncio.Event) -> int:
    """Run the worker until ``stop`` and return its exit code: 0, or that of the StartupError which the log explains."""
    try:
        await Agent(config).run(stop)
    except StartupError as error:
        logger.error("%s", error)
        return error.exit_code
    return 0


class Agent:
    """The parts of a worker, and the tasks that keep them going."""

    def __init__(
        self,
        config: Config,
        *,
        command: Sequence[str] = ROOM_COMMAND,
        time_limits: TimeLimits | None = None,
    ) -> None:
        self._config = config
        self._scanner = Scanner(config)
        self._library = Library()
        self._empty_rooms = EmptyRooms()
        self._held_rooms = HeldRooms()
        self._gateways = config.gateways
        metrics = self._metrics = Metrics()
        self._link = Link(config.link_url, config.own_token, introduce=self._introduce, handle=self._handle)
        self._store = _open_store(config, metrics)
        self._supervisor = Supervisor(
            config, self._report, metrics, self._store, command=command, time_limits=time_limits
        )
        self._order_handler = OrderHandler(lambda: self._library, self._supervisor, config.capacity, self._link.send)
        self._handlers: dict[type[messages.WorkerCommand], Callable[[Any], None]] = {
            Registered: self._note_registration,
            Keep: self._keep_record,
        }
        metrics.show(self._supervisor, config.capacity, lambda: self._link.registered)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``, then end all rooms.

        Raises ClusterError, CoordinatorRefusedError, PortInUseError, SandboxRefusedError.
        """
        try:
            _check_sandbox(self._config.sandbox)
            async with serving(
                self._config.metrics_host, self._config.metrics_port, self._metrics.exposition, self._ready
            ):
                # A first look at a large library takes minutes, and the worker is alive while it looks.
                library = await unless(stop, self._scanner.scan_in_thread())
                if library is not None:
                    self._library = library
                    _log_library(library)
                    async with following(self._config, self._gateway_changed, lambda: self._supervisor.seated):
                        await self._work_until(stop)
        finally:
            await self._supervisor.stop()

    async def _work_until(self, stop: asyncio.Event) -> None:
        tasks = BackgroundTasks(logger)
        stopped = tasks.spawn(stop.wait(), "stop", awaited=True)
        linked = tasks.spawn(self._link.run(), "link", awaited=True)
        # The worker goes on without any of these: without the first, its library stays as it is.
        tasks.spawn(self._scanner.follow(self._library_changed), "library")
        tasks.spawn(self._close_empty_rooms(), "end of empty rooms")
        tasks.spawn(self._send_figures(), "report of figures")
        tasks.spawn(self._store.expire(), "old snapshots")
        try:
            done, _ = await asyncio.wait((stopped, linked), return_when=asyncio.FIRST_COMPLETED)
            if linked in done:
                linked.result()
            else:
                await drain(self._supervisor, self._report, self._config.drain_seconds)
            await self._supervisor.stop()  # while there is somebody to tell
            await self._link.flush()
        finally:
            await tasks.close()

    def _ready(self) -> bool:
        return self._link.registered

    def _introduce(self) -> list[WorkerMessage]:
        """Collect what a coordinator is sent first: this worker, and the rooms that it has from the one before."""
        rooms = [(room.id, room.viewers) for room in self._supervisor if room.continues]
        held = self._held_rooms.introduction(rooms)
        first, *rest = in_parts(self._library.announced)
        registration = Register(
            name=self._config.name,
            region=self._config.region,
            capacity=self._config.capacity,
            games=first.games,
            more=first.more,
            gateways=self._gateways,
            turn_secret=self._config.announced_secret,
            holding=sum(isinstance(message, Holding) for message in held),
        )
        parts = (messages.Library(games=part.games, more=part.more) for part in rest)
        return [registration, *held, *parts, *([Draining()] if self._supervisor.draining else [])]

    def _report(self, message: WorkerMessage) -> None:
        if isinstance(message, RoomClosed | Frozen):
            self._held_rooms.record_end(message, delivered=self._link.registered)
        self._link.send(message)

    def _handle(self, command: messages.WorkerCommand) -> None:
        handler = self._handlers.get(type(command), self._order_handler.handle)
        handler(command)

    def _note_registration(self, command: Registered) -> None:
        self._empty_rooms.seconds = command.room_grace
        self._held_rooms.acknowledge()

    def _keep_record(self, command: Keep) -> None:
        if command.room in self._supervisor:  # else it has just ended, and its record would stay for ever
            self._held_rooms.keep(command)

    async def _close_empty_rooms(self) -> None:
        """End the rooms that have been empty for too long while there is no coordinator."""
        while True:
            await asyncio.sleep(EMPTY_ROOMS_SECONDS)
            if self._link.registered:
                self._empty_rooms.restart()
                continue
            rooms = [(room.id, bool(room.viewers)) for room in self._supervisor]
            for room in self._empty_rooms.expired(rooms, asyncio.get_running_loop().time()):
                self._supervisor.close(CloseRoom(room=room))

    async def _send_figures(self) -> None:
        """Send the coordinator every few seconds how the rooms do, for its operator."""
        reporter = Reporter()
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            for message in reporter.report((room.id, room.figures) for room in self._supervisor):
                self._link.send(message)

    def _gateway_changed(self, urls: tuple[str, ...]) -> None:
        self._gateways = tuple(dict.fromkeys((*self._config.gateways, *urls)))[:MAX_GATEWAYS]
        self._link.send(messages.Gateways(gateways=self._gateways, turn_secret=self._config.announced_secret))

    def _library_changed(self, library: Library) -> None:
        before, self._library = self._library, library
        if library == before:
            return
        _log_library(library)
        if library.announced != before.announced:
            for part in in_parts(library.announced):
                self._link.send(messages.Library(games=part.games, more=part.more))


def _check_sandbox(mode: Mode) -> None:
    """Log once what every room will lack. Raises SandboxRefusedError."""
    lacks = "; ".join(missing()) if mode is not Mode.OFF else ""
    if lacks and mode is Mode.REQUIRE:
        raise SandboxRefusedError(f"games can't be locked in as COINOP_WORKER_SANDBOX=require wants it: {lacks}")
    if lacks:
        logger.warning("Games are not fully locked in, so run only cores that you trust: %s.", lacks)


def _open_store(config: Config, metrics: Metrics) -> Store:
    options = {name: value.get_secret_value() for name, value in config.store_options.items()}
    opened = open_store(config.store_url, options, plain_http=config.store_plain_http)
    store = Store(Objects(opened, metrics.store_operation), keep=timedelta(days=config.snapshot_days))
    metrics.show_waiting(lambda: store.waiting_bytes)
    return store


def _log_library(library: Library) -> None:
    playable = len(library.entries) - len(library.missing)
    logger.info("%d games can be played.", playable)
    if playable > len(library.announced):
        logger.warning("The library is too long: only its first %d games are offered.", len(library.announced))
    for remedy, count in Counter(entry.remedy for entry in library.missing).items():
        logger.warning("%d more can't: %s", count, remedy)
