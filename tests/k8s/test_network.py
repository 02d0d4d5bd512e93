"""That everybody reaches what it needs, and nobody anything else: the whole table, for every variant."""

import pytest

from tests.k8s.reach import Place, may_reach, may_send, may_take, outside, pod
from tests.k8s.rendering import OVERLAYS, VARIANTS, Object, pods, render

PLAYER = outside("203.0.113.7")
PLAYER_IPV6 = outside("2001:db8::7")
NODE = outside("10.0.0.5")
METADATA = outside("169.254.169.254")
NAMES = Place("kube-system", {"k8s-app": "kube-dns"})
STRANGER = Place("elsewhere", {"app": "strange"})
PROMETHEUS = Place("monitoring", {"app.kubernetes.io/name": "prometheus"})
STUNNER = Place("stunner", {"app": "stunner"})
FORGED = Place("elsewhere", {"app.kubernetes.io/name": "coinop-turn"})
"""A pod of another namespace that calls itself a gateway."""

MEDIA = 40_000
RELAY = 50_000


def gateway(objects: tuple[Object, ...]) -> Place:
    return pod(objects, "coinop-turn") if "coinop-turn" in pods(objects) else STUNNER


@pytest.mark.parametrize("variant", VARIANTS)
def test_workers_take_media_from_the_gateway_alone(variant: str) -> None:
    objects = render(variant)
    worker = pod(objects, "coinop-worker")
    assert may_reach(objects, gateway(objects), worker, "UDP", MEDIA)
    assert may_reach(objects, worker, gateway(objects), "UDP", RELAY)
    others = [pod(objects, name) for name in pods(objects) if name != "coinop-turn"]
    for other in (*others, PLAYER, PLAYER_IPV6, NODE, STRANGER, FORGED, PROMETHEUS):
        assert not may_take(objects, worker, other, "UDP", MEDIA), other
    for other in (*others, PLAYER, NODE, STRANGER, METADATA, NAMES):
        assert not may_send(objects, worker, other, "UDP", RELAY), other


@pytest.mark.parametrize("variant", [variant for variant in VARIANTS if variant != "stunner"])
def test_the_gateway_reaches_workers_and_names_alone(variant: str) -> None:
    objects = render(variant)
    turn = pod(objects, "coinop-turn")
    assert may_reach(objects, turn, NAMES, "UDP", 53)
    for protocol in ("UDP", "TCP"):
        for name in set(pods(objects)) - {"coinop-worker"}:
            assert not may_send(objects, turn, pod(objects, name), protocol, MEDIA), name
        for other in (PLAYER, PLAYER_IPV6, NODE, METADATA, STRANGER, NAMES):
            assert not may_send(objects, turn, other, protocol, MEDIA), other
    assert not may_send(objects, turn, pod(objects, "coinop-worker"), "TCP", 8001)
    assert not may_send(objects, turn, METADATA, "TCP", 80)


@pytest.mark.parametrize("variant", [variant for variant in VARIANTS if variant != "stunner"])
def test_players_reach_the_public_ports_alone(variant: str) -> None:
    objects = render(variant)
    turn = pod(objects, "coinop-turn")
    for player in (PLAYER, PLAYER_IPV6, NODE):
        assert may_reach(objects, player, turn, "UDP", 3478)
        assert may_reach(objects, player, turn, "TCP", 3478) == (variant != "single, UDP alone")
        assert may_reach(objects, player, turn, "TCP", 5349) == ("turn-tls" in VARIANTS[variant][1])
        for port in (8080, 8086):
            assert not may_reach(objects, player, turn, "TCP", port)
        assert not may_reach(objects, player, turn, "UDP", RELAY)


@pytest.mark.parametrize("overlay", [overlay for overlay in OVERLAYS if overlay != "secondary"])
def test_the_coordinator_is_asked_by_all_and_asks_nobody(overlay: str) -> None:
    objects = render(overlay)
    coordinator = pod(objects, "coinop-coordinator")
    for other in (PLAYER, PLAYER_IPV6, NODE, STRANGER, pod(objects, "coinop-worker")):
        assert may_reach(objects, other, coordinator, "TCP", 8000)
    for other in (PLAYER, NODE, STRANGER, NAMES, METADATA, pod(objects, "coinop-worker")):
        for protocol, port in (("TCP", 443), ("TCP", 8001), ("UDP", 53), ("UDP", MEDIA)):
            assert not may_send(objects, coordinator, other, protocol, port)


@pytest.mark.parametrize("variant", VARIANTS)
def test_workers_find_all_that_they_ask(variant: str) -> None:
    objects = render(variant)
    worker = pod(objects, "coinop-worker")
    assert may_reach(objects, worker, NAMES, "UDP", 53)
    for port in (443, 6443):
        assert may_reach(objects, worker, NODE, "TCP", port), "the Kubernetes API"
    for port in (22, 80, 443, 10250):
        assert not may_reach(objects, worker, METADATA, "TCP", port)
        assert may_reach(objects, worker, PLAYER, "TCP", port) == (port == 443)
    assert may_reach(objects, worker, PLAYER, "TCP", 8000) == variant.startswith("secondary")
    if "coinop-store" in pods(objects):
        assert may_reach(objects, worker, pod(objects, "coinop-store"), "TCP", 7070)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_store_is_for_workers(variant: str) -> None:
    objects = render(variant)
    for name in set(pods(objects)) & {"coinop-store"}:
        store = pod(objects, name)
        for other in (PLAYER, NODE, STRANGER, *(pod(objects, n) for n in set(pods(objects)) - {"coinop-worker"})):
            assert not may_take(objects, store, other, "TCP", 7070)
        for other in (PLAYER, NODE, STRANGER, pod(objects, "coinop-worker")):
            assert not may_send(objects, store, other, "TCP", 443)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_pod_that_nobody_has_thought_of_is_alone(variant: str) -> None:
    objects = render(variant)
    forgotten = Place("coinop", {"app.kubernetes.io/name": "forgotten", "app.kubernetes.io/part-of": "coinop"})
    for other in (PLAYER, NODE, STRANGER, NAMES, pod(objects, "coinop-worker")):
        assert not may_send(objects, forgotten, other, "TCP", 443)
        assert not may_take(objects, forgotten, other, "TCP", 443)


def test_the_secrets_job_asks_the_api_alone() -> None:
    objects = render("single")
    job = pod(objects, "coinop-secrets")
    assert may_reach(objects, job, NODE, "TCP", 6443)
    assert not may_send(objects, job, PLAYER, "TCP", 80)
    assert not may_send(objects, job, pod(objects, "coinop-worker"), "TCP", 8001)


@pytest.mark.parametrize("variant", VARIANTS)
def test_figures_are_for_prometheus(variant: str) -> None:
    objects = render(variant)
    observed = "observability" in VARIANTS[variant][1]
    for name, port in (("coinop-worker", 8001), ("coinop-turn", 8080)):
        if name in pods(objects):
            assert may_reach(objects, PROMETHEUS, pod(objects, name), "TCP", port) == observed
            assert not may_take(objects, pod(objects, name), STRANGER, "TCP", port)
