"""What ``/metrics`` shows: STUNner's names where it has one for the thing, ``coinop_turn_`` for the rest.

Figures are plain numbers, so that those of several processes can be sent over a pipe and added up.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from turn.gateway.gateway import Gateway, Listener, relayed_by
from turn.gateway.tcp import Places
from turn.gateway.udp import DatagramListener

Figure: TypeAlias = tuple[str, tuple[str, ...], float]
"""A metric's name, its labels' values, and its value."""

GAUGES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "stunner_allocations_active": ("Allocations that there are.", ()),
    "stunner_listener_connections": ("Clients of a listener: with an allocation, or on a stream.", ("name",)),
    "coinop_turn_connections": ("Connections that take a place: TCP, TLS, DTLS.", ()),
    "coinop_turn_processes": ("Processes that serve.", ()),
    "coinop_turn_draining": ("Processes that take no more allocations.", ()),
}

COUNTERS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "stunner_listener_connections": ("Connections of a listener so far.", ("name",)),
    "stunner_listener_packets": ("Packets between a listener and its clients.", ("name", "direction")),
    "stunner_listener_bytes": ("Their bytes, without headers.", ("name", "direction")),
    "stunner_cluster_packets": ("Packets between relay addresses and peers.", ("name", "direction")),
    "stunner_cluster_bytes": ("Their bytes, without headers.", ("name", "direction")),
    "coinop_turn_allocations": ("Allocations that have begun.", ()),
    "coinop_turn_allocations_ended": ("Allocations that are over.", ("reason",)),
    "coinop_turn_answers": ("Answers to requests; code 0 is success.", ("method", "code")),
    "coinop_turn_dropped": ("Packets that were dropped.", ("reason",)),
    "coinop_turn_connections_refused": ("Connections that there was no place for.", ()),
    "coinop_turn_connections_closed": ("Connections that the gateway has closed.", ("reason",)),
    "coinop_turn_restarts": ("Processes that ended by themselves and were started again.", ()),
}

NO_PLACE_NO_PEER: Final = (("Allocate", 486), ("Allocate", 508), ("ChannelBind", 403), ("CreatePermission", 403))
"""Answers that an alert waits for. They are shown as 0 before the first one, which would be no increase otherwise."""

PEERS: Final = "peers"
"""What STUNner calls a cluster: all that may be reached."""


def figures_of(gateway: Gateway, places: Places) -> list[Figure]:
    """The figures of one process; a counter's name ends in ``_total``."""
    gateway.collect()
    counters = gateway.relay.counters
    strays = sum(listener.traffic.strays for listener in gateway.listeners)
    drops = counters.drops + Counter({"stray": strays})
    answers = {**dict.fromkeys(NO_PLACE_NO_PEER, 0), **counters.answers}
    return [
        ("stunner_allocations_active", (), len(gateway.relay.allocations)),
        ("coinop_turn_connections", (), places.taken),
        ("coinop_turn_processes", (), 1),
        ("coinop_turn_draining", (), int(gateway.relay.draining)),
        ("coinop_turn_allocations_total", (), counters.allocated),
        ("coinop_turn_connections_refused_total", (), places.refused),
        *(("coinop_turn_connections_closed_total", (reason,), count) for reason, count in places.closed.items()),
        *(("coinop_turn_allocations_ended_total", (reason,), count) for reason, count in counters.ended.items()),
        *(("coinop_turn_answers_total", (method, str(code)), count) for (method, code), count in answers.items()),
        *(("coinop_turn_dropped_total", (reason,), count) for reason, count in drops.items()),
        *_traffic(gateway),
    ]


def _traffic(gateway: Gateway) -> Iterator[Figure]:
    relayed: dict[int, list[int]] = {id(listener.traffic): [0, 0, 0, 0] for listener in gateway.listeners}
    for allocation in gateway.relay.allocations:
        to_client, to_peer = relayed_by(allocation)
        sums = relayed[id(allocation.client.transport.traffic)]
        sums[:] = (a + b for a, b in zip(sums, (*to_client, *to_peer), strict=True))
    peers = [0, 0, 0, 0]
    for listener in gateway.listeners:
        sums, traffic = relayed[id(listener.traffic)], listener.traffic
        past = traffic.relayed_before
        peers = [a + b + c for a, b, c in zip(peers, sums, past, strict=True)]
        out = (traffic.packets_out + sums[0] + past[0], traffic.bytes_out + sums[1] + past[1])
        came = (traffic.packets_in + sums[2] + past[2], traffic.bytes_in + sums[3] + past[3])
        yield from _listener(listener, came, out)
    yield from _both_ways("stunner_cluster", PEERS, (peers[0], peers[1]), (peers[2], peers[3]))


def _listener(listener: Listener, came: tuple[int, int], went: tuple[int, int]) -> Iterator[Figure]:
    yield "stunner_listener_connections", (listener.name,), listener.connections
    if not isinstance(listener, DatagramListener):
        yield "stunner_listener_connections_total", (listener.name,), listener.accepted
    yield from _both_ways("stunner_listener", listener.name, came, went)


def _both_ways(family: str, name: str, came: tuple[int, int], went: tuple[int, int]) -> Iterator[Figure]:
    for direction, (packets, size) in (("rx", came), ("tx", went)):
        yield f"{family}_packets_total", (name, direction), packets
        yield f"{family}_bytes_total", (name, direction), size


def total(processes: Iterable[Iterable[Figure]]) -> list[Figure]:
    """The figures of several processes, added up."""
    sums: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for figures in processes:
        for name, labels, value in figures:
            sums[name, tuple(labels)] += value  # type: ignore[assignment]
    return [(name, labels, value) for (name, labels), value in sums.items()]


def counted(figures: Iterable[Figure]) -> list[Figure]:
    """What is left of a process that has ended: what it has counted."""
    return [figure for figure in figures if figure[0].endswith("_total")]


def exposition(figures: Iterable[Figure]) -> bytes:
    """The figures in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Shown(list(figures)))
    return generate_latest(registry)


class _Shown(Collector):
    def __init__(self, figures: list[Figure]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """All families, those without figures too."""
        for name, (sentence, labels) in GAUGES.items():
            yield self._filled(GaugeMetricFamily(name, sentence, labels=labels), name)
        for name, (sentence, labels) in COUNTERS.items():
            yield self._filled(CounterMetricFamily(name, sentence, labels=labels), f"{name}_total")

    def _filled(self, family: GaugeMetricFamily | CounterMetricFamily, name: str) -> Metric:
        for found, labels, value in self._figures:
            if found == name:
                family.add_metric(labels, value)
        return family
