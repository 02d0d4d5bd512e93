"""compose.yaml keeps its promises without being run: ports, rights, limits, variables, order."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from coinop import cli, settings
from coinop.secrets import READ_BY

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "coinop-" in service["image"]}
PROGRAMS = {"coordinator": "coordinator", "worker": "worker", "gateway": "turn"}
"""The services that stay, by what coinop calls them."""
ALWAYS = {name for name, service in SERVICES.items() if "profiles" not in service}

EXAMPLE = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
USED = dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", TEXT))

READ_BY_COMPOSE = {"COMPOSE_PROFILES"}


def test_every_variable_has_a_line_in_the_example_with_its_default() -> None:
    assert {name: value for name, value in EXAMPLE.items() if name not in READ_BY_COMPOSE} == USED


def test_no_variable_is_without_a_default() -> None:
    assert re.findall(r"\$\{?(?!\$)[A-Z_]+(?!:-)\b[^:]", TEXT.replace("$$", "")) == []


def test_the_default_version_is_the_distribution_s() -> None:
    assert USED["COINOP_VERSION"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_only_the_page_and_the_gateway_are_published() -> None:
    published = [port for name in ALWAYS for port in SERVICES[name].get("ports", [])]
    assert sorted(re.sub(r"\$\{\w+:-(\d+)\}", r"\1", port) for port in published) == [
        "3478:3478/tcp",
        "3478:3478/udp",
        "8000:8000/tcp",
    ]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "caddy" else [])
    assert {"cpus", "memory", "pids"} == set(service["deploy"]["resources"]["limits"])
    assert service["healthcheck"]
    assert not {"privileged", "pid", "ipc", "devices"} & set(service)
    assert not any("docker.sock" in str(volume) for volume in service["volumes"])


@pytest.mark.parametrize("name", SERVICES)
def test_a_machine_with_one_processor_will_do(name: str) -> None:
    """Docker refuses a container that may take more processors than there are."""
    allowed = re.sub(r"\$\{\w+:-(\d+)\}", r"\1", SERVICES[name]["deploy"]["resources"]["limits"]["cpus"])
    assert float(allowed) <= 1


@pytest.mark.parametrize("name", OURS)
def test_a_program_of_ours_is_nobody_and_has_its_secrets_from_files(name: str) -> None:
    service = OURS[name]
    assert service["user"] == "10001:10001"
    assert service["environment"]["COINOP_SECRETS_FOLDER"] == "/secrets"


def test_each_program_has_its_own_secrets_and_sees_no_other_s() -> None:
    """Each has a volume of its own, which the first service fills; only that service has the one with all of them."""
    copies = SERVICES["secrets"]["environment"]["COINOP_SECRETS_COPIES"]
    handed = {name: f"{name}-secrets" for name in (*PROGRAMS, "store")}
    filled = [f"{volume}:{copies}/{PROGRAMS.get(name, name)}" for name, volume in handed.items()]
    assert {PROGRAMS.get(name, name) for name in handed} == set(READ_BY)
    seen = {name: [v for v in service["volumes"] if "secrets:" in v] for name, service in SERVICES.items()}
    assert sorted(seen.pop("secrets")) == sorted(["secrets:/secrets", *filled])
    assert {name: volumes for name, volumes in seen.items() if volumes} == {
        name: [f"{volume}:/secrets:ro"] for name, volume in handed.items()
    }


def test_every_setting_is_one_that_its_program_has() -> None:
    for name, service in OURS.items():
        command = service.get("command", [PROGRAMS.get(name)])[0]
        known = {setting.variable for setting in settings.describe(cli.config_class(command))}
        assert set(service["environment"]) <= known | {settings.SECRETS_FOLDER}, name


def test_no_setting_is_a_secret() -> None:
    hidden = {s.variable for c in cli.COMMANDS for s in settings.describe(cli.config_class(c)) if not s.option}
    secret = hidden - {"COINOP_TURN_PORT"}
    assert not [name for name in secret if any(name in service.get("environment", {}) for service in SERVICES.values())]


def test_nothing_starts_before_its_secrets_are_there() -> None:
    waiting = {"coordinator", "worker", "gateway", "store"}
    for name in waiting:
        assert SERVICES[name]["depends_on"]["secrets"] == {"condition": "service_completed_successfully"}
    assert SERVICES["worker"]["depends_on"]["coordinator"] == {"condition": "service_healthy"}


def test_files_that_are_mounted_are_there() -> None:
    places = [str(volume).partition(":")[0] for service in SERVICES.values() for volume in service["volumes"]]
    mounted = [place for place in places if place.startswith("./")]
    assert len(mounted) == 5
    assert [place for place in mounted if not (ROOT / place).exists()] == []
    named = {place for place in places if re.fullmatch(r"[a-z-]+", place)} | {USED["COINOP_GAMES"]}
    assert named == set(COMPOSE["volumes"])


def test_prometheus_asks_who_is_there() -> None:
    jobs = yaml.safe_load((ROOT / "containers" / "prometheus.yml").read_text())["scrape_configs"]
    targets = [target for job in jobs for each in job.get("static_configs", []) for target in each["targets"]]
    names = [name for job in jobs for each in job.get("dns_sd_configs", []) for name in each["names"]]
    assert {target.partition(":")[0] for target in targets} | set(names) == {"coordinator", "worker", "gateway"}
