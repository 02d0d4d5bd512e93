"""The figures for Prometheus."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from coordinator.fleet.registry import Registry
from coordinator.fleet.router import Page
from coordinator.http.metrics import START_BUCKETS, Metrics
from coordinator.messages import Leave, Reconnect, Refused, Register, Start, Welcome
from coordinator.rooms.room_table import ANSWER_SECONDS
from coordinator.rooms.rooms import Rooms
from tests.coordinator.simulation import DUEL


@pytest.fixture
def registry():
    return Registry()


@pytest.fixture
def rooms(registry):
    return Rooms(registry)


@pytest.fixture
def metrics(registry, rooms):
    return Metrics(registry, rooms)


def figure(metrics, name, **labels):
    return metrics.collector.get_sample_value(f"coinop_coordinator_{name}", labels)


def test_gauges_follow_the_registry_and_the_rooms(metrics, registry, rooms):
    assert figure(metrics, "workers") == 0

    registry.register(Register(name="box", capacity=3, games=(DUEL,)))
    registry.register(Register(name="box", capacity=5, games=(DUEL,)))
    rooms.page_messages.handle(Page(1), Start(game="d", offer="v=0"), 0.0)

    names = ("workers", "capacity", "free", "games", "rooms", "members", "viewers", "seats_taken")
    assert {name: figure(metrics, name) for name in names} == {
        "workers": 2,
        "capacity": 8,
        "free": 7,
        "games": 1,
        "rooms": 1,
        "members": 1,
        "viewers": 1,
        "seats_taken": 1,
    }


def test_every_region_has_figures_until_its_last_worker_has_left(metrics, registry):
    registry.register(Register(name="box", capacity=3, games=(DUEL,)))
    registry.register(Register(name="near", region="north", capacity=4, games=(DUEL,)))
    far = registry.register(Register(name="far", region="north", capacity=5, games=(DUEL,)))
    far.draining = True

    assert figure(metrics, "region_workers", region="main") == 1
    assert figure(metrics, "region_workers", region="north") == 2
    assert figure(metrics, "region_capacity", region="north") == 9
    assert figure(metrics, "region_free", region="north") == 4

    for worker in list(registry.workers)[1:]:
        registry.remove(worker.id)
    assert figure(metrics, "region_workers", region="main") == 1
    assert figure(metrics, "region_workers", region="north") is None


def test_the_first_player_who_finds_no_place_is_an_increase(metrics):
    assert figure(metrics, "refused_total", peer="page", code="no_seats") == 0
    assert figure(metrics, "refused_total", peer="page", code="no_workers") == 0


def test_the_first_page_that_connects_again_is_an_increase(metrics):
    for code in ("connection_lost", "moved", "no_place", "room_killed", "worker_lost"):
        assert figure(metrics, "reconnects_total", code=code) == 0
    assert figure(metrics, "reconnects_total", code="game_over") is None


def test_messages_are_counted_by_type_and_direction(metrics):
    metrics.count_received("page", Leave())
    metrics.count_received("page", Leave())
    metrics.count_sent("page", Welcome(version="1", games=()))

    assert figure(metrics, "messages_total", peer="page", direction="in", type="leave") == 2
    assert figure(metrics, "messages_total", peer="page", direction="out", type="welcome") == 1


def test_refusals_are_counted_by_code(metrics):
    metrics.count_sent("page", Refused(code="no_seats", message="All seats are taken."))

    assert figure(metrics, "refused_total", peer="page", code="no_seats") == 1


def test_recoveries_and_reconnects_are_counted_by_cause(metrics):
    metrics.observe_recovery("moved", 0.4)
    metrics.count_sent("page", Reconnect(room="r1", code="moved", message="It moves."))

    assert figure(metrics, "recovery_seconds_count", cause="moved") == 1
    assert figure(metrics, "reconnects_total", code="moved") == 1


def test_the_start_buckets_reach_as_far_as_a_start_may_take(metrics):
    metrics.start_seconds.observe(0.25)

    assert START_BUCKETS[-1] == ANSWER_SECONDS
    assert figure(metrics, "start_seconds_bucket", le="0.3") == 1
    assert figure(metrics, "start_seconds_bucket", le="0.2") == 0


def test_two_applications_do_not_mix(metrics):
    other = Metrics(registry := Registry(), Rooms(registry))

    metrics.unauthorised.inc()

    assert figure(other, "worker_unauthorised_total") == 0


def test_the_exposition_is_prometheus_text(metrics):
    families = list(text_string_to_metric_families(metrics.exposition().decode()))

    assert {"coinop_coordinator_rooms", "coinop_coordinator_start_seconds"} <= {family.name for family in families}
    assert all(family.documentation for family in families)
