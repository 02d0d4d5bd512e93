"""That the manifests say what compose.yaml and the images say: images, users, ports, folders, probes, the store."""

import re

import yaml

from tests.k8s.rendering import ROOT, Object, containers, find, pods, render

SERVICES: dict[str, Object] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
DOCKERFILE = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text())

SAME = {
    "coordinator": "coinop-coordinator",
    "worker": "coinop-worker",
    "gateway": "coinop-turn",
    "store": "coinop-store",
}
"""The services of compose.yaml, by the workloads that are the same."""


def pod(service: str) -> Object:
    return pods(render("single"))[SAME[service]]


def container(service: str) -> Object:
    (found,) = pod(service)["spec"]["containers"]
    return found


def image(service: str) -> str:
    """With compose's default version, and no prefix."""
    named = re.sub(r"\$\{COINOP_IMAGE_PREFIX:-\}", "", SERVICES[service]["image"])
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", named)


def published(service: str) -> set[tuple[int, str]]:
    """Read the ports that compose.yaml opens."""
    found = [re.fullmatch(r".*:(\d+)/(tcp|udp)", port) for port in SERVICES[service].get("ports", ())]
    return {(int(port[1]), port[2].upper()) for port in found if port}


def test_images_are_the_same() -> None:
    for service in SAME:
        assert image(service) == container(service)["image"]


def test_users_are_the_same() -> None:
    for service in SAME:
        context = pod(service)["spec"]["securityContext"]
        assert SERVICES[service]["user"] == f"{context['runAsUser']}:{context['runAsGroup']}"
    assert set(re.findall(r"^USER (\d.*)$", DOCKERFILE, flags=re.M)) == {SERVICES["worker"]["user"]}


def test_what_is_public_is_the_same() -> None:
    for service in ("coordinator", "gateway"):
        ports = find(render("single"), "Service", SAME[service])["spec"]["ports"]
        assert published(service) == {(port["port"], port["protocol"]) for port in ports}


def test_folders_are_the_same() -> None:
    observed = pods(render("single, games on a volume"))["coinop-worker"]
    mounted = {mount["mountPath"]: mount.get("readOnly", False) for mount in containers(observed)[0]["volumeMounts"]}
    folders = [re.sub(r"\$\{[^}]*\}", "x", volume).split(":") for volume in SERVICES["worker"]["volumes"]]
    in_compose = {place: rights == ["ro"] for _, place, *rights in folders if place != "/secrets"}
    assert in_compose | {"/tmp": False} == mounted
    assert "/games" in re.findall(r"COINOP_WORKER_GAMES=\'(.*?)\'", DOCKERFILE)[0]


def test_the_gateway_is_probed_in_the_same_way() -> None:
    assert SERVICES["gateway"]["healthcheck"]["test"] == [
        "CMD",
        *container("gateway")["startupProbe"]["exec"]["command"],
    ]


def test_a_worker_has_the_time_to_move_its_rooms_in_both() -> None:
    grace = pod("worker")["spec"]["terminationGracePeriodSeconds"]
    assert int(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) >= 30
    assert grace >= int(SERVICES["worker"]["stop_grace_period"].removesuffix("s"))


def test_the_store_has_the_same_name_and_port() -> None:
    (port,) = container("store")["ports"]
    job = pods(render("single"))["coinop-secrets"]["spec"]["containers"][0]
    (url,) = [variable["value"] for variable in job["env"] if variable["name"] == "COINOP_SECRETS_STORE"]
    assert url == f"http://coinop-store:{port['containerPort']}"
    assert SERVICES["secrets"]["environment"]["COINOP_SECRETS_STORE"] == url.replace("coinop-store", "store")


def test_the_dashboard_is_the_same() -> None:
    assert "./k8s/components/observability/dashboard.json:/dashboards/coinop.json:ro" in SERVICES["grafana"]["volumes"]
