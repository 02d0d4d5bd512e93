"""The Dockerfile says the same as the programs and compose.yaml: users, ports, probes, settings, cores."""

import json
import re
from pathlib import Path

import pytest
import yaml

from coinop import cli, settings
from coinop.secrets import READ_BY
from worker.library.cores import DEBIAN_PACKAGES

ROOT = Path(__file__).parents[2]
TEXT = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text())
STAGES = {
    name: body
    for body in re.split(r"^(?=FROM )", TEXT, flags=re.MULTILINE)
    if (name := "".join(re.findall(r" AS (\S+)", body)))
}
TARGETS = ("coordinator", "worker", "turn")
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def test_nothing_depends_on_the_processor() -> None:
    instructions = "\n".join(line for line in TEXT.splitlines() if not line.startswith("#"))
    assert re.findall(r"amd64|arm64|x86|aarch64|TARGETARCH|--platform", instructions) == []


@pytest.mark.parametrize("target", TARGETS)
def test_the_last_user_is_nobody(target: str) -> None:
    users = re.findall(r"^USER (\S+)$", STAGES["program"] + STAGES[target], re.MULTILINE)
    assert users[-1] == "10001:10001"


def test_a_volume_for_each_program_s_secrets_gets_its_owner() -> None:
    folders = re.findall(r"install -d -o 10001 -g 10001 -m 0750 (.*)", STAGES["program"])[0].split()
    assert {f"/copies/{program}" for program in READ_BY} | {"/secrets", "/data"} == set(folders)


@pytest.mark.parametrize("target", TARGETS)
def test_every_setting_is_one_that_its_program_has(target: str) -> None:
    set_here = set(re.findall(r"(COINOP_\w+)=", STAGES[target]))
    known = {s.variable for command in (target, "probe") for s in settings.describe(cli.config_class(command))}
    assert set_here <= known


@pytest.mark.parametrize(
    ("target", "service"), [("coordinator", "coordinator"), ("worker", "worker"), ("turn", "gateway")]
)
def test_compose_probes_as_the_image_does(target: str, service: str) -> None:
    probe = re.search(r"HEALTHCHECK .*? CMD (\[.*\])$", STAGES[target], re.MULTILINE)
    assert probe
    assert ["CMD", *json.loads(probe[1])] == SERVICES[service]["healthcheck"]["test"]


def test_ports_are_those_of_the_programs() -> None:
    exposed = {target: set(re.findall(r"(\d+)/(?:tcp|udp)", STAGES[target])) for target in TARGETS}
    for target in TARGETS:
        described = settings.describe(cli.config_class(target))
        assert exposed[target] == {s.default for s in described if s.variable.endswith("_PORT")}


def test_cores_are_debian_s_and_known_to_the_worker() -> None:
    packages = set(re.findall(r"\blibretro-[a-z-]+", STAGES["cores"]))
    assert packages <= set(DEBIAN_PACKAGES.values())
    assert {"libretro-nestopia", "libretro-gambatte", "libretro-mgba"} <= packages


def test_every_package_of_ours_is_in_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for name in ("coinop", "coordinator", "games", "turn", "web", "worker"):
        assert f"COPY {name} {name}" in STAGES["wheel"]
        assert f"!{name}" in ignored
