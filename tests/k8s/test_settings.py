"""That manifests and code mean the same: variables, values, ports, probes and files."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from coinop import settings
from coinop.cli import COMMANDS, config_class
from coordinator.app import create_app
from tests.k8s.rendering import K8S, ROOT, VALUES, VARIANTS, Object, containers, find, pods, render
from worker.agent.drain import STORE_SECONDS

PROGRAMS = {
    "coinop-coordinator": "coordinator",
    "coinop-worker": "worker",
    "coinop-turn": "turn",
    "coinop-secrets": "secrets",
}
"""By the workload."""

FOREIGN = {"games", "store", "bucket"}
"""Containers that run programs of others, or none of ours."""

PODS = [(variant, name) for variant in VARIANTS for name in pods(render(variant)) if name in PROGRAMS]

MADE = {
    "COINOP_WORKER_TOKEN": "a-token-that-is-made-in-the-cluster",
    "COINOP_TURN_SECRET": "a-secret-that-is-made-in-the-cluster",
    "COINOP_ADMIN_TOKEN": "another-token-that-is-made-there",
    "STORE_ACCESS_KEY": "0123456789abcdef0123",
    "STORE_SECRET_KEY": "the-key-of-the-own-store",
    "COINOP_WORKER_STORE_OPTIONS": '{"endpoint": "http://coinop-store:7070", "region": "us-east-1"}',
}
"""The keys of the Secret that the Job makes."""

OF_THE_POD = {"metadata.name": "coinop-worker-5d8f7-x2v9k"}
"""What the downward API says."""


def ours(template: Object) -> Object:
    """Find the container with our program."""
    (container,) = [found for found in containers(template) if found["name"] not in FOREIGN]
    return container


def environment(objects: tuple[Object, ...], container: Object) -> dict[str, str]:
    """Compute the variables of a container, as the kubelet makes them."""
    given: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        given |= dict(_all_of(objects, source))
    own: dict[str, str] = {}
    for variable in container.get("env", ()):
        value = variable["value"] if "value" in variable else _from(variable["valueFrom"])
        own[variable["name"]] = re.sub(r"\$\((\w+)\)", lambda found: own[found[1]], value)
    return given | own


def _all_of(objects: tuple[Object, ...], source: Object) -> Iterator[tuple[str, str]]:
    if "configMapRef" in source:
        (config,) = [
            thing
            for thing in objects
            if thing["kind"] == "ConfigMap" and thing["metadata"]["name"] == source["configMapRef"]["name"]
        ]
        yield from config["data"].items()
    elif source["secretRef"]["name"].startswith("coinop-join"):
        yield from ((name, value) for name, value in VALUES.items() if name.startswith("COINOP_"))


def _from(source: Object) -> str:
    if "fieldRef" in source:
        return OF_THE_POD[source["fieldRef"]["fieldPath"]]
    key: str = source["secretKeyRef"]["key"]
    return MADE[key] if source["secretKeyRef"]["name"] == "coinop" else VALUES[key]


def variables_of(program: str) -> set[str]:
    return {setting.variable for setting in settings.describe(config_class(program))}


def configured(variant: str, name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Read the settings as the program does in its pod, by its own class. Raises ConfigurationError."""
    objects = render(variant)
    for variable, value in environment(objects, ours(pods(objects)[name])).items():
        monkeypatch.setenv(variable, value)
    return settings.read(config_class(PROGRAMS[name]), name)


@pytest.mark.parametrize(("variant", "name"), PODS)
def test_every_variable_is_a_setting_and_has_a_good_value(
    variant: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = render(variant)
    container = ours(pods(objects)[name])
    assert container["args"] == [PROGRAMS[name]]
    assert container["args"][0] in COMMANDS
    parts = {
        found
        for variable in container.get("env", ())
        for found in re.findall(r"\$\((\w+)\)", variable.get("value", ""))
    }
    assert set(environment(objects, container)) - parts <= variables_of(PROGRAMS[name])
    configured(variant, name, monkeypatch)


@pytest.mark.parametrize("path", sorted(K8S.glob("components/*/kustomization.yaml")), ids=lambda path: path.parent.name)
def test_every_variable_that_a_component_names_is_a_setting(path: Path) -> None:
    known = {variable for program in PROGRAMS.values() for variable in variables_of(program)}
    text = "".join(file.read_text() for file in path.parent.glob("*.yaml"))
    assert set(re.findall(r"\bCOINOP_\w+", text)) <= known


@pytest.mark.parametrize(("variant", "name"), PODS)
def test_ports_are_those_of_the_program(variant: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configured(variant, name, monkeypatch)
    open_ports = {
        port["name"]: (port["containerPort"], port["protocol"])
        for port in ours(pods(render(variant))[name]).get("ports", ())
    }
    match name:
        case "coinop-coordinator":
            wanted = {"http": (config.port, "TCP")}
        case "coinop-worker":
            wanted = {"metrics": (config.metrics_port, "TCP")}
        case "coinop-turn":
            wanted = _gateway_ports(config)
        case _:
            wanted = {}
    assert open_ports == wanted


def _gateway_ports(config: Any) -> Mapping[str, tuple[int, str]]:
    ports = {
        "turn": (config.port, "UDP"),
        "metrics": (config.metrics_port, "TCP"),
        "health": (config.health_port, "TCP"),
    }
    if config.certificate:
        ports["tls"] = (config.tls_port, "TCP")
    return ports


@pytest.mark.parametrize("variant", VARIANTS)
def test_services_lead_to_ports_of_their_pods(variant: str) -> None:
    objects = render(variant)
    for service in [thing["spec"] for thing in objects if thing["kind"] == "Service"]:
        template = selected(objects, service)
        there = {port["name"]: port["protocol"] for c in containers(template) for port in c.get("ports", ())}
        for port in service["ports"]:
            if isinstance(port.get("targetPort"), str):
                assert there[port["targetPort"]] == port["protocol"]


def selected(objects: tuple[Object, ...], service: Object) -> Object:
    """Find the pods that a Service leads to."""
    wanted = service["selector"].items()
    (template,) = [found for found in pods(objects).values() if wanted <= found["metadata"]["labels"].items()]
    return template


@pytest.mark.parametrize("variant", [variant for variant in VARIANTS if variant != "stunner"])
def test_the_gateway_s_service_has_what_the_gateway_serves(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configured(variant, "coinop-turn", monkeypatch)
    ports = find(render(variant), "Service", "coinop-turn")["spec"]["ports"]
    served = {(config.port, "UDP")}
    if config.tcp:
        served.add((config.port, "TCP"))
    if config.certificate:
        served.add((config.tls_port, "TCP"))
    assert {(port["port"], port["protocol"]) for port in ports} == served
    assert all(port["targetPort"] in (port["port"], port["name"]) for port in ports)


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_port_of_a_container_is_named_twice(variant: str) -> None:
    for template in pods(render(variant)).values():
        for container in containers(template):
            numbers = [port["containerPort"] for port in container.get("ports", ())]
            assert len(numbers) == len(set(numbers)), "`kubectl apply` takes them for one and loses the other"


@pytest.mark.parametrize(("variant", "name"), PODS)
def test_probes_ask_what_the_program_answers(variant: str, name: str) -> None:
    if name == "coinop-secrets":
        return  # it runs once
    container = ours(pods(render(variant))[name])
    ports = {port["name"] for port in container["ports"]}
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        probe = container[kind]
        if "httpGet" in probe:
            assert probe["httpGet"]["port"] in ports
            assert probe["httpGet"]["path"] in answered(name)
        else:
            assert kind == "startupProbe", "a program to start takes seconds on a busy node, and more than there are"
            assert probe["exec"]["command"] == ["coinop", "turn", "probe"]
            assert "turn probe" in COMMANDS


def answered(name: str) -> set[str]:
    """List the paths that a program has a health page at."""
    if name == "coinop-coordinator":
        config = config_class("coordinator")(COINOP_WORKER_TOKEN=MADE["COINOP_WORKER_TOKEN"])
        return {resource.canonical for resource in create_app(config).router.resources()}  # type: ignore[arg-type]
    folder = {"coinop-turn": "turn/http", "coinop-worker": "worker/ops"}[name]
    return set(re.findall(r'web\.get\("(/\w+)"', (ROOT / folder / "health.py").read_text()))


@pytest.mark.parametrize(("variant", "name"), [(v, n) for v, n in PODS if n == "coinop-worker"])
def test_what_a_worker_writes_to_can_be_written_to(variant: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    template = pods(render(variant))[name]
    config = configured(variant, name, monkeypatch)
    writable = [
        PurePosixPath(mount["mountPath"]) for mount in ours(template)["volumeMounts"] if not mount.get("readOnly")
    ]
    for folder in (config.saves, config.system):
        assert any(PurePosixPath(folder).is_relative_to(mount) for mount in writable)
    volumes = {volume["name"] for volume in template["spec"]["volumes"]}
    assert {mount["name"] for c in containers(template) for mount in c["volumeMounts"]} == volumes


@pytest.mark.parametrize("variant", VARIANTS)
def test_there_is_time_for_an_orderly_end(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = render(variant)
    worker = configured(variant, "coinop-worker", monkeypatch)
    grace = pods(objects)["coinop-worker"]["spec"]["terminationGracePeriodSeconds"]
    assert grace >= worker.drain_seconds + STORE_SECONDS + 15
    if "coinop-turn" in pods(objects):
        gateway = configured(variant, "coinop-turn", monkeypatch)
        grace = pods(objects)["coinop-turn"]["spec"]["terminationGracePeriodSeconds"]
        assert grace >= gateway.grace_seconds + 15


@pytest.mark.parametrize("variant", VARIANTS)
def test_nobody_notices_a_rollout(variant: str) -> None:
    for thing in render(variant):
        if thing["kind"] == "Deployment":
            strategy = thing["spec"]["strategy"]
            if thing["metadata"]["name"] == "coinop-coordinator":
                assert strategy == {"type": "Recreate"}, "two of them would each have some of the workers"
            else:
                assert strategy["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_program_may_be_disrupted_one_at_a_time(variant: str) -> None:
    objects = render(variant)
    budgets = {thing["metadata"]["name"]: thing["spec"] for thing in objects if thing["kind"] == "PodDisruptionBudget"}
    assert set(budgets) == {name for name in PROGRAMS if name in pods(objects)} - {"coinop-secrets"}
    for name, budget in budgets.items():
        assert budget["maxUnavailable"] == 1
        assert budget["selector"]["matchLabels"].items() <= pods(objects)[name]["metadata"]["labels"].items()


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_gateway_finds_the_workers_by_a_name_that_is_there(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = render(variant)
    if "coinop-turn" not in pods(objects):
        return
    (peers,) = configured(variant, "coinop-turn", monkeypatch).peers
    (service,) = [
        thing["spec"] for thing in objects if thing["kind"] == "Service" and thing["metadata"]["name"] == peers
    ]
    assert service["clusterIP"] == "None"
    assert service["publishNotReadyAddresses"], "a worker that is about to end is still played on"
    assert service["selector"].items() <= pods(objects)["coinop-worker"]["metadata"]["labels"].items()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_gateway_that_is_about_to_end_gets_no_new_players_and_keeps_its_own(variant: str) -> None:
    objects = render(variant)
    if "coinop-turn" not in pods(objects):
        return
    (service,) = [
        thing["spec"] for thing in objects if thing["kind"] == "Service" and thing["metadata"]["name"] == "coinop-turn"
    ]
    assert "publishNotReadyAddresses" not in service, "a terminating pod would be offered to new players"
    (container,) = pods(objects)["coinop-turn"]["spec"]["containers"]
    assert container["readinessProbe"]["httpGet"] == {"path": "/live", "port": "health"}, "/ready fails in a drain"


@pytest.mark.parametrize("variant", VARIANTS)
def test_workers_announce_a_gateway_that_is_there(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = render(variant)
    worker = configured(variant, "coinop-worker", monkeypatch)
    named = worker.gateway_service
    services = {thing["metadata"]["name"]: thing["spec"] for thing in objects if thing["kind"] == "Service"}
    gateways = {
        f"{thing['metadata']['namespace']}/{thing['metadata']['name']}"
        for thing in objects
        if thing["kind"] == "Gateway"
    }  # STUNner's Service has its Gateway's name
    if named:
        assert named in services or named in gateways
        return
    ports = {(port["protocol"].lower(), port["nodePort"]) for port in services["coinop-turn"]["ports"]}
    for url in worker.gateways:
        found = re.fullmatch(r"turn:\{host\}:(\d+)\?transport=(\w+)", url)
        assert found
        assert (found[2], int(found[1])) in ports
