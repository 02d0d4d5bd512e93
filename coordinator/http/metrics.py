"""The figures of ``/metrics``. Gauges are read from the registry and the rooms at each scrape."""

from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from coordinator.fleet.registry import Registry
from coordinator.fleet.worker import Worker
from coordinator.messages import Reconnect, Refused
from coordinator.rooms.endings import RESTART_POLICIES, RestartPolicy
from coordinator.rooms.rooms import Rooms
from coordinator.rooms.seats import seats_taken

PeerKind = Literal["page", "worker"]

START_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 15.0)
"""Seconds. A warm start takes 0.1 to 0.7, a cold one some seconds, and none may take more than ANSWER_SECONDS."""


RECOVERY_BUCKETS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 60.0)
"""Seconds. A room is back 0.3 to 1.5 s after a crash, up to 3 s after its worker died; more is waiting for a place."""


WITHOUT_PLACE = ("no_seats", "no_workers")
"""Refusals that an alert waits for. They are shown as 0 before the first one, which would be no increase otherwise."""

TROUBLES = (
    "connection_lost",
    "moved",
    "no_place",
    *(code for code, policy in RESTART_POLICIES.items() if policy != RestartPolicy.OVER),
)
"""Why pages connect again; shown as 0 for the same reason."""


class Metrics:
    """The figures of one application, in a collector of their own: two applications in a process don't mix."""

    def __init__(self, registry: Registry, rooms: Rooms) -> None:
        self.collector = CollectorRegistry()
        self._messages = Counter(
            "coinop_coordinator_messages",
            "Signalling messages.",
            ("peer", "direction", "type"),
            registry=self.collector,
        )
        self._counted: dict[tuple[PeerKind, str, type[Struct]], Counter] = {}
        self._refused = Counter(
            "coinop_coordinator_refused", "Refusals, by their code.", ("peer", "code"), registry=self.collector
        )
        for code in WITHOUT_PLACE:
            self._refused.labels("page", code)
        self.unauthorised = Counter(
            "coinop_coordinator_worker_unauthorised",
            "Workers turned away for their token.",
            registry=self.collector,
        )
        self.dropped = Counter(
            "coinop_coordinator_slow_dropped",
            "Connections dropped because they did not read what was sent to them.",
            ("peer",),
            registry=self.collector,
        )
        self.start_seconds = Histogram(
            "coinop_coordinator_start_seconds",
            "From a page's start to its worker's answer.",
            buckets=START_BUCKETS,
            registry=self.collector,
        )
        self._reconnects = Counter(
            "coinop_coordinator_reconnects",
            "Pages told to connect to their room once more, by why.",
            ("code",),
            registry=self.collector,
        )
        for code in TROUBLES:
            self._reconnects.labels(code)
        self._recovery_seconds = Histogram(
            "coinop_coordinator_recovery_seconds",
            "From the moment that a room lost its worker, or was to be moved, until somebody was let in again.",
            ("cause",),
            buckets=RECOVERY_BUCKETS,
            registry=self.collector,
        )
        self._gauges(registry, rooms)
        self.collector.register(_Regions(registry))

    def observe_recovery(self, cause: str, seconds: float) -> None:
        """Observe that a room can be played again, after so many seconds. Moves are among the causes."""
        self._recovery_seconds.labels(cause).observe(seconds)

    def count_received(self, peer: PeerKind, message: Struct) -> None:
        """Count a message that came in."""
        self._count(peer, "in", message)

    def count_sent(self, peer: PeerKind, message: Struct) -> None:
        """Count a message that goes out."""
        self._count(peer, "out", message)
        if isinstance(message, Refused):
            self._refused.labels(peer, message.code).inc()
        elif isinstance(message, Reconnect):
            self._reconnects.labels(message.code).inc()

    def exposition(self) -> bytes:
        """Write the figures in Prometheus' text format."""
        return generate_latest(self.collector)

    def _count(self, peer: PeerKind, direction: str, message: Struct) -> None:
        key = (peer, direction, type(message))
        counter = self._counted.get(key)
        if counter is None:  # labels() costs more than all the rest of a message's accounting
            tag = str(type(message).__struct_config__.tag)
            counter = self._counted[key] = self._messages.labels(peer, direction, tag)
        counter.inc()

    def _gauges(self, registry: Registry, rooms: Rooms) -> None:
        figures = {
            "workers": ("Workers that are registered.", lambda: len(registry)),
            "capacity": ("Rooms that all workers take together.", lambda: sum(w.capacity for w in registry.workers)),
            "free": ("Rooms that workers would still open.", lambda: sum(max(0, w.free) for w in registry.workers)),
            "games": ("Games in the library.", lambda: len(registry.library)),
            "rooms": ("Rooms that are open or opening.", lambda: len(rooms.rooms)),
            "members": ("Players and spectators, also those who may come back.", lambda: len(rooms.members)),
            "viewers": ("Media connections.", lambda: sum(len(room.viewers) for room in rooms.rooms)),
            "seats_taken": ("Players in rooms.", lambda: seats_taken(rooms.members)),
            "rooms_without_worker": (
                "Rooms that wait for a worker.",
                lambda: sum(room.worker is None for room in rooms.rooms),
            ),
        }
        for name, (sentence, figure) in figures.items():
            gauge = Gauge(f"coinop_coordinator_{name}", sentence, registry=self.collector)
            gauge.set_function(figure)


_OF_A_REGION: dict[str, tuple[str, Callable[[Worker], int]]] = {
    "workers": ("Workers that are registered, by region.", lambda worker: 1),
    "capacity": ("Rooms that they take together.", lambda worker: worker.capacity),
    "free": ("Rooms that they would still open.", lambda worker: max(0, worker.free)),
}


class _Regions(Collector):
    """Show what each region has; its series end with its last worker."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges of all regions as they are now; called for each scrape."""
        inside: dict[str, list[Worker]] = {}
        for worker in self._registry.workers:
            inside.setdefault(worker.region, []).append(worker)
        for name, (sentence, figure) in _OF_A_REGION.items():
            gauge = GaugeMetricFamily(f"coinop_coordinator_region_{name}", sentence, labels=("region",))
            for region, workers in inside.items():
                gauge.add_metric((region,), sum(map(figure, workers)))
            yield gauge
