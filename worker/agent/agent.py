"""The worker's agent: library, rooms, link and metrics put together, from start to orderly end. It decides nothing."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

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
from worker.agent.empty_rooms import Grace
from worker.agent.held_rooms import Notebook
from worker.agent.link import CoordinatorRefusedError, Link
from worker.agent.orders import Dispatcher
from worker.agent.report import REPORT_SECONDS, Reporter
from worker.cluster.errors import ClusterError
from worker.cluster.following import following
from worker.config import MAX_GATEWAYS, Config
from worker.library.library import Library, Scanner
from worker.ops.health import PortInUseError, serving
from worker.ops.metrics import Metrics
from worker.processes.lifecycle import Patience
from worker.processes.supervisor import ROOM_COMMAND, Supervisor
from worker.runtime.tasks import log_failure, unless
from worker.sandbox import Mode, RefusedError, missing
from worker.store.objects import Objects, StoreSettingsError, open_store
from worker.store.store import Store

logger = logging.getLogger(__name__)

FAILED, MISUSED = 1, 2

GRACE_TICK = 1.0
"""Seconds between two looks at rooms that may have been empty for too long."""


async def serve(config: Config, stop: asyncio.Event) -> int:
    """Run the worker until ``stop``. Its exit code: 0, or 1 after a failure that the log explains."""
    try:
        await Agent(config).run(stop)
    except (CoordinatorRefusedError, PortInUseError, RefusedError, StoreSettingsError) as error:
        logger.error("%s", error)
        return FAILED
    except ClusterError as error:
        logger.error("%s", error)
        return MISUSED
    return 0


class Agent:
    """The parts of a worker, and the tasks that keep them going."""

    def __init__(
        self,
        config: Config,
        *,
        command: Sequence[str] = ROOM_COMMAND,
        patience: Patience | None = None,
    ) -> None:
        self._config = config
        self._scanner = Scanner(config)
        self._library = Library()
        self._grace = Grace()
        self._notebook = Notebook()
        self._gateways = config.gateways
        metrics = self._metrics = Metrics()
        self._link = Link(config.link_url, config.own_token, introduce=self._introduce, handle=self._handle)
        self._store = _open_store(config, metrics)
        self._supervisor = Supervisor(config, self._report, metrics, self._store, command=command, patience=patience)
        self._dispatcher = Dispatcher(lambda: self._library, self._supervisor, config.capacity, self._link.send)
        metrics.show(self._supervisor, config.capacity, lambda: self._link.registered)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``, then end all rooms.

        Raises ClusterError, CoordinatorRefusedError, PortInUseError, RefusedError.
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
        stopped = asyncio.create_task(stop.wait(), name="stop")
        linked = asyncio.create_task(self._link.run(), name="link")
        watching = asyncio.create_task(self._scanner.follow(self._changed), name="library")
        watching.add_done_callback(log_failure)  # without it the library just stays as it is
        sparing = asyncio.create_task(self._keep_grace(), name="grace of empty rooms")
        sparing.add_done_callback(log_failure)
        reporting = asyncio.create_task(self._report_figures(), name="report of figures")
        reporting.add_done_callback(log_failure)
        expiring = asyncio.create_task(self._store.expire(), name="old snapshots")
        expiring.add_done_callback(log_failure)
        try:
            done, _ = await asyncio.wait((stopped, linked), return_when=asyncio.FIRST_COMPLETED)
            if linked in done:
                linked.result()
            else:
                await drain(self._supervisor, self._report, self._config.drain_seconds)
            await self._supervisor.stop()  # while there is somebody to tell
            await self._link.flush()
        finally:
            tasks = (stopped, linked, watching, sparing, reporting, expiring)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _ready(self) -> bool:
        return self._link.registered

    def _introduce(self) -> list[WorkerMessage]:
        """What a coordinator is told first: this worker, and the rooms that it has from the one before."""
        rooms = [(room.id, room.viewers) for room in self._supervisor if room.goes_on]
        held = self._notebook.introduction(rooms)
        registration = Register(
            name=self._config.name,
            region=self._config.region,
            capacity=self._config.capacity,
            games=self._library.announced(),
            gateways=self._gateways,
            turn_secret=self._config.announced_secret,
            holding=sum(isinstance(message, Holding) for message in held),
        )
        return [registration, *held, *([Draining()] if self._supervisor.draining else [])]

    def _report(self, message: WorkerMessage) -> None:
        if isinstance(message, RoomClosed | Frozen):
            self._notebook.ended(message, heard=self._link.registered)
        self._link.send(message)

    def _handle(self, command: messages.WorkerCommand) -> None:
        match command:
            case Registered():
                self._grace.seconds = command.room_grace
                self._notebook.heard()
            case Keep():
                if command.room in self._supervisor:  # else it has just ended, and its record would stay for ever
                    self._notebook.keep(command)
            case _:
                self._dispatcher.handle(command)

    async def _keep_grace(self) -> None:
        """Without a coordinator, end the rooms that nobody comes back to."""
        while True:
            await asyncio.sleep(GRACE_TICK)
            if self._link.registered:
                self._grace.forget()
                continue
            rooms = [(room.id, bool(room.viewers)) for room in self._supervisor]
            for room in self._grace.over(rooms, asyncio.get_running_loop().time()):
                self._supervisor.close(CloseRoom(room=room))

    async def _report_figures(self) -> None:
        """Tell the coordinator how the rooms do, for its operator."""
        reporter = Reporter()
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            for message in reporter.report((room.id, room.figures) for room in self._supervisor):
                self._link.send(message)

    def _gateway_changed(self, urls: tuple[str, ...]) -> None:
        self._gateways = tuple(dict.fromkeys((*self._config.gateways, *urls)))[:MAX_GATEWAYS]
        self._link.send(messages.Gateways(gateways=self._gateways, turn_secret=self._config.announced_secret))

    def _changed(self, library: Library) -> None:
        before, self._library = self._library, library
        if library == before:
            return
        _log_library(library)
        if library.announced() != before.announced():
            self._link.send(messages.Library(games=library.announced()))


def _check_sandbox(mode: Mode) -> None:
    """Say once what every room will lack. Raises RefusedError."""
    lacks = "; ".join(missing()) if mode is not Mode.OFF else ""
    if lacks and mode is Mode.REQUIRE:
        raise RefusedError(f"games can't be locked in as COINOP_WORKER_SANDBOX=require wants it: {lacks}")
    if lacks:
        logger.warning("Games are not fully locked in, so run only cores that you trust: %s.", lacks)


def _open_store(config: Config, metrics: Metrics) -> Store:
    options = {name: value.get_secret_value() for name, value in config.store_options.items()}
    opened = open_store(config.store_url, options, plain_http=config.store_plain_http)
    store = Store(Objects(opened, metrics.store_operation), keep=timedelta(days=config.snapshot_days))
    metrics.show_waiting(lambda: store.waiting_bytes)
    return store


def _log_library(library: Library) -> None:
    logger.info("%d games can be played.", len(library.entries) - len(library.missing))
    for remedy, count in Counter(entry.remedy for entry in library.missing).items():
        logger.warning("%d more can't: %s", count, remedy)
