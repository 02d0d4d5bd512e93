"""What ``/metrics`` shows. The series of a room are read from it when they are asked for, so they end with the room.

Serving them is ``health.py``'s business.
"""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from worker.messages.control import Figures, ViewerFigures
from worker.processes.room import HostedRoom
from worker.processes.supervisor import Supervisor
from worker.runtime.procfs import Usage, usage_of

OPEN_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 15.0)
"""Seconds. A warm room takes 0.1 to 0.5, a cold one 1 to 3, and none more than ``TimeLimits.open``."""

STORE_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds. A folder takes a few milliseconds, an S3 in the same region 10 to 100, and none more than 10 s."""

ALERTED_CODES = ("core_crashed", "core_failed", "core_hung", "no_process", "room_failed", "room_killed")
"""Ends that an alert waits for. They are shown as 0 before the first one, which would be no increase otherwise."""

STORE_KINDS = ("delete", "get", "list", "put")
"""Operations whose failures are shown as 0 for the same reason."""

MAX_CODES = 32
"""Codes come from rooms, and a damaged one may send anything: what exceeds these is counted as ``other``."""


class Metrics:
    """Counts what happens to rooms, in a collector of its own."""

    def __init__(self) -> None:
        self.collector = CollectorRegistry()
        self._codes = set(ALERTED_CODES)
        self._closed = Counter(
            "coinop_worker_rooms_closed",
            "Rooms that have ended, by why; core_crashed and core_hung among them.",
            ("code",),
            registry=self.collector,
        )
        for code in ALERTED_CODES:
            self._closed.labels(code)
        self._open_seconds = Histogram(
            "coinop_worker_room_open_seconds",
            "From the order to open a room until its game runs.",
            buckets=OPEN_BUCKETS,
            registry=self.collector,
        )

        self._store_operations = Counter(
            "coinop_worker_store_operations",
            "Operations on the object store: put, get, list and delete, by how they ended.",
            ("kind", "result"),
            registry=self.collector,
        )
        for kind in STORE_KINDS:
            self._store_operations.labels(kind, "failed")
        self._store_seconds = Histogram(
            "coinop_worker_store_seconds",
            "What an operation on the object store took.",
            ("kind",),
            buckets=STORE_BUCKETS,
            registry=self.collector,
        )
        self._store_waiting = Gauge(
            "coinop_worker_store_waiting_bytes",
            "Snapshots, saves and battery memory that the store does not have yet.",
            registry=self.collector,
        )

    def room_opened(self, seconds: float) -> None:
        """Count a room whose game runs, so many seconds after it was asked for."""
        self._open_seconds.observe(seconds)

    def room_closed(self, code: str) -> None:
        """Count a room that has ended, by the code that says why."""
        if code not in self._codes and len(self._codes) >= MAX_CODES:
            code = "other"
        self._codes.add(code)
        self._closed.labels(code).inc()

    def store_operation(self, kind: str, result: str, seconds: float) -> None:
        """Count an operation on the object store, by how it ended, and its seconds."""
        self._store_operations.labels(kind, result).inc()
        self._store_seconds.labels(kind).observe(seconds)

    def show_waiting(self, waiting_bytes: Callable[[], float]) -> None:
        """Show how many bytes wait for the store, read at each scrape."""
        self._store_waiting.set_function(waiting_bytes)

    def show(self, supervisor: Supervisor, capacity: int, registered: Callable[[], bool]) -> None:
        """Show the supervisor's rooms too, read at each scrape."""
        self.collector.register(_Rooms(supervisor, capacity, registered))

    def exposition(self) -> bytes:
        """Write the figures in Prometheus' text format."""
        return generate_latest(self.collector)


class _Rooms(Collector):
    def __init__(self, supervisor: Supervisor, capacity: int, registered: Callable[[], bool]) -> None:
        self._supervisor = supervisor
        self._capacity = capacity
        self._registered = registered

    def describe(self) -> Iterable[Metric]:
        """Describe nothing: there are no duplicates to check for at registration, so nothing is collected then."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Collect the series of the rooms that there are now, for each scrape."""
        yield _gauge("coinop_worker_rooms", "Rooms that are open, opening or closing.", len(self._supervisor))
        yield _gauge("coinop_worker_capacity", "How many rooms this worker takes.", self._capacity)
        yield _gauge("coinop_worker_spare_ready", "Whether the next room opens warm.", self._supervisor.spare_ready)
        yield _gauge("coinop_worker_registered", "Whether the coordinator has this worker.", self._registered())
        rooms = list(self._supervisor)
        yield from _figures([(room, room.figures) for room in rooms if room.figures])
        usages = [(room, usage_of(room.process.pid)) for room in rooms if room.process]
        yield from _usages([(room, usage) for room, usage in usages if usage])


_COUNTERS: dict[str, tuple[str, Callable[[Figures], float]]] = {
    "frames": ("Frames that the core has run.", lambda figures: figures.frames),
    "late_frames": (
        "Frames that began more than half a frame after their deadline.",
        lambda figures: figures.late_frames,
    ),
    "run_seconds": ("Time spent in the core.", lambda figures: figures.run_seconds),
    "encode_seconds": ("Time spent converting and encoding pictures.", lambda figures: figures.encode_seconds),
    "video_bytes": ("Encoded picture, before it goes to each viewer.", lambda figures: figures.video_bytes),
    "audio_bytes": ("Encoded sound, before it goes to each viewer.", lambda figures: figures.audio_bytes),
    "keyframes": ("Key frames.", lambda figures: figures.keyframes),
}

_GAUGES: dict[str, tuple[str, Callable[[Figures], float | None]]] = {
    "fps": ("Frames in the last second.", lambda figures: figures.fps),
    "bitrate": ("Bits per second to one viewer, in the last second.", lambda figures: figures.bitrate),
    "viewers": ("Viewers, players among them.", lambda figures: len(figures.viewers)),
    "rtt_seconds": (
        "Round trip to the farthest viewer.",
        lambda figures: _largest(figures.viewers, lambda viewer: viewer.rtt_seconds),
    ),
    "loss": (
        "Share of packets lost, of the viewer who loses most.",
        lambda figures: _largest(figures.viewers, lambda viewer: viewer.loss),
    ),
}


def _figures(rooms: list[tuple[HostedRoom, Figures]]) -> Iterator[Metric]:
    for name, (sentence, count) in _COUNTERS.items():
        counter = CounterMetricFamily(f"coinop_worker_room_{name}", sentence, labels=("room",))
        for room, figures in rooms:
            counter.add_metric((room.label,), count(figures))
        yield counter
    for name, (sentence, measure) in _GAUGES.items():
        gauge = GaugeMetricFamily(f"coinop_worker_room_{name}", sentence, labels=("room",))
        for room, figures in rooms:
            if (value := measure(figures)) is not None:
                gauge.add_metric((room.label,), value)
        yield gauge


def _usages(rooms: list[tuple[HostedRoom, Usage]]) -> Iterator[Metric]:
    cpu = CounterMetricFamily(
        "coinop_worker_room_cpu_seconds", "Processor time of the room's process.", labels=("room",)
    )
    memory = GaugeMetricFamily("coinop_worker_room_resident_bytes", "Memory of the room's process.", labels=("room",))
    for room, usage in rooms:
        cpu.add_metric((room.label,), usage.cpu_seconds)
        memory.add_metric((room.label,), usage.resident_bytes)
    yield from (cpu, memory)


def _largest(viewers: Iterable[ViewerFigures], measure: Callable[[ViewerFigures], float | None]) -> float | None:
    known = [value for viewer in viewers if (value := measure(viewer)) is not None]
    return max(known, default=None)


def _gauge(name: str, sentence: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, sentence, value=float(value))
