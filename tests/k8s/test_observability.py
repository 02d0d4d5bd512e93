"""That dashboard, alerts and autoscaler ask for what the programs really show."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from coordinator.fleet.registry import Registry
from coordinator.http.metrics import Metrics as CoordinatorMetrics
from coordinator.messages import Admitted, Leave, Reconnect, Refused, Register
from coordinator.rooms.endings import RESTART_POLICIES
from coordinator.rooms.rooms import Rooms
from tests.k8s.queries import asked, waited_for
from tests.k8s.rendering import K8S, containers, find, pods, render
from tests.turn.live_gateway import serving, settings
from tests.worker.stand_ins.rooms import Reports, make_entry, make_supervisor, order_for, until
from turn.http.metrics import COUNTERS, GAUGES, exposition, figures_of, total
from turn.processes import Siblings
from turn.wire import stun
from worker.ops.metrics import Metrics as WorkerMetrics

FOLDER = K8S / "components/observability"
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())
RULES = [
    rule for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["spec"]["groups"] for rule in group["rules"]
]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]

OF_THE_SCRAPE = {"instance", "job", "namespace", "pod", "le"}
"""Labels that Prometheus adds, and the buckets' own."""


def queries() -> Iterator[tuple[str, str]]:
    """Where, and what."""
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m")


QUERIES = list(queries())


def samples(page: bytes) -> Iterator[Sample]:
    for family in text_string_to_metric_families(page.decode()):
        yield from family.samples


def of_the_coordinator() -> bytes:
    registry = Registry()
    metrics = CoordinatorMetrics(registry, Rooms(registry))
    registry.register(Register(name="w", capacity=3, games=()))
    metrics.count_received("page", Leave())
    metrics.count_sent("page", Refused(code="no_seats", message="All are taken."))
    metrics.count_sent("page", Reconnect(room="r", code="moved", message="Elsewhere."))
    metrics.observe_recovery("worker_lost", 1.0)
    metrics.dropped.labels("page").inc()
    return metrics.exposition()


async def of_a_worker(folder: Path) -> bytes:
    metrics, reports = WorkerMetrics(), Reports()
    metrics.store_operation("put", "ok", 0.1)
    metrics.room_closed("closed")
    supervisor = make_supervisor(folder, reports, metrics)
    metrics.show(supervisor, 3, lambda: True)
    try:
        supervisor.open(order_for("0123456789abcdef"), make_entry())
        await reports.expect(Admitted)
        room = next(iter(supervisor))
        await until(lambda: room.figures and room.figures.viewers)
        return metrics.exposition()
    finally:
        await supervisor.stop()


def of_a_gateway() -> bytes:
    gauges = [(name, labels, 1.0) for name, (_, labels) in GAUGES.items()]
    counters = [(f"{name}_total", labels, 1.0) for name, (_, labels) in COUNTERS.items()]
    return exposition([*gauges, *counters])


@pytest.fixture
async def series(tmp_path: Path) -> Mapping[str, set[str]]:
    """Everything that is shown: names, with their labels."""
    pages = (of_the_coordinator(), await of_a_worker(tmp_path), of_a_gateway())
    return {sample.name: set(sample.labels) for page in pages for sample in samples(page)}


async def test_all_that_is_asked_for_is_shown(series: Mapping[str, set[str]]) -> None:
    assert len(series) > 60
    for place, expression in QUERIES:
        for name, labels in asked(expression):
            assert name in series, f"{place}: nobody shows {name}"
            assert labels <= series[name] | OF_THE_SCRAPE, f"{place}: {name} has no {labels - series[name]}"


async def test_all_gauges_are_on_the_dashboard(series: Mapping[str, set[str]]) -> None:
    on_it = {name for _, expression in QUERIES for name, _ in asked(expression)}
    states = {name for name in series if not name.endswith(("_total", "_created", "_bucket", "_sum", "_count"))}
    assert states - on_it == {
        "coinop_turn_connections",
        "coinop_worker_capacity",
        "coinop_worker_room_bitrate",
    }


async def test_what_an_alert_waits_for_is_shown_before_it_happens() -> None:
    """A counter that begins with its first event has not increased by it."""
    registry = Registry()
    async with serving() as node:
        gateway = [figures_of(node.gateway, node.places), await Siblings(settings(), (), b"", ()).figures()]
    pages = (
        CoordinatorMetrics(registry, Rooms(registry)).exposition(),
        WorkerMetrics().exposition(),
        exposition(total(gateway)),
    )
    zeros = [sample for page in pages for sample in samples(page) if sample.value == 0]
    for rule in RULES:
        for name, patterns in waited_for(rule["expr"]):
            series = [sample.labels for sample in zeros if sample.name == name]
            assert series, f"{rule['alert']}: {name} is not there"
            for label, pattern in patterns.items():
                missing = set(pattern.split("|")) - {labels[label] for labels in series}
                assert not missing, f"{rule['alert']}: {name} has no {label} {missing}"


def test_what_no_one_shows_is_found() -> None:
    assert asked('sum by (code) (rate(a_total{x="1"}[5m])) / b > 0 or absent(c)') == [
        ("a_total", {"code", "x"}),
        ("b", set()),
        ("c", set()),
    ]
    with pytest.raises(ValueError, match=r"."):
        asked("sum(rate(a_total[5m])")


def test_panels_and_their_places() -> None:
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
    taken = [
        (column, row)
        for panel in DASHBOARD["panels"]
        for column in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for row in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(taken) == len(set(taken))
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert all(panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"} for panel in PANELS)
    assert all(panel["title"] and panel["description"] for panel in PANELS)


def test_alerts_say_what_is_wrong_and_what_to_do() -> None:
    for rule in RULES:
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert set(rule["annotations"]) == {"summary", "description"}
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


def test_labels_have_values_that_occur() -> None:
    text = (FOLDER / "alerts.yaml").read_text()
    methods = set(re.findall(r'method="(\w+)"', text))
    assert methods <= set(stun.METHODS.values())
    codes = {code for listed in re.findall(r'rooms_closed_total\{code=~"([\w|]+)"', text) for code in listed.split("|")}
    assert codes
    assert codes <= set(RESTART_POLICIES)


def test_the_autoscaler_keeps_places_free() -> None:
    objects = render("single, observed and scaled")
    scaler = find(objects, "HorizontalPodAutoscaler", "coinop-worker")["spec"]
    (metric,) = scaler["metrics"]
    settings = next(
        thing["data"]
        for thing in objects
        if thing["kind"] == "ConfigMap" and "COINOP_WORKER_CAPACITY" in thing.get("data", {})
    )
    assert metric["pods"]["metric"]["name"] == "coinop_worker_rooms"
    taken, places = int(metric["pods"]["target"]["averageValue"]), int(settings["COINOP_WORKER_CAPACITY"])
    assert 0.5 * places <= taken < places
    assert "replicas" not in find(objects, "Deployment", "coinop-worker")["spec"], "every apply would undo it"


def test_prometheus_finds_the_ports() -> None:
    objects = render("single, observed and scaled")
    services = [thing for thing in objects if thing["kind"] == "Service"]
    monitors = [thing for thing in objects if thing["kind"] == "ServiceMonitor"]
    assert len(monitors) == 3
    for monitor in monitors:
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        (service,) = [thing for thing in services if wanted <= thing["metadata"]["labels"].items()]
        (endpoint,) = monitor["spec"]["endpoints"]
        (port,) = [port for port in service["spec"]["ports"] if port["name"] == endpoint["port"]]
        (template,) = [
            t for t in pods(objects).values() if service["spec"]["selector"].items() <= t["metadata"]["labels"].items()
        ]
        assert port["targetPort"] in {p["name"] for c in containers(template) for p in c["ports"]}


def test_grafana_is_given_the_dashboard() -> None:
    board = find(render("single, observed and scaled"), "ConfigMap", "coinop-dashboard")
    assert board["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(board["data"]["coinop.json"]) == DASHBOARD
