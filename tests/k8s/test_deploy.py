"""docs/deploy.md, followed line by line, as far as that goes without a cluster."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from coinop.cli import COMMANDS
from tests.k8s.rendering import K8S, ROOT, kubectl, pods, render

TEXT = (ROOT / "docs/deploy.md").read_text()
BLOCKS = re.findall(r"^```console\n(.*?)^```$", TEXT, flags=re.M | re.S)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Make a checkout on a fresh machine whose `kubectl` has no cluster."""
    ignored = shutil.ignore_patterns("arcade.env", "clusters.env", "join.env", "stunner.env", "mine")
    shutil.copytree(K8S, tmp_path / "k8s", ignore=ignored)
    stand_in = tmp_path / "bin" / "kubectl"
    stand_in.parent.mkdir()
    program = Path(__file__).with_name("kubectl_without_cluster.py")
    stand_in.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
    stand_in.chmod(0o755)
    return tmp_path


def follow(machine: Path, script: str) -> subprocess.CompletedProcess[str]:
    path = f"{machine / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=machine,
        env={**os.environ, "PATH": path, "REAL_KUBECTL": kubectl(), "CLUSTERS": str(machine / "clusters.json")},
        capture_output=True,
        text=True,
        check=False,
    )


def in_contexts(block: str) -> str:
    """Add the context of a reader with one cluster first, and then two: the first is the primary."""
    return re.sub(r"^(.*)kubectl (?!--context)", r"\1kubectl --context primary ", block, flags=re.M)


def test_every_line_can_be_followed(machine: Path) -> None:
    assert len(BLOCKS) >= 12
    for block in BLOCKS:
        done = follow(machine, in_contexts(block))
        assert done.returncode == 0, f"{block}\n{done.stderr}"
    left = json.loads((machine / "clusters.json").read_text())
    assert {key.partition("/")[0] for key in left["secondary"]} <= {"Secret"}, "it has left"
    assert "http://203.0.113.9:8000" in follow(machine, in_contexts(BLOCKS[1] + BLOCKS[2])).stdout


def test_a_line_that_is_wrong_is_found(machine: Path) -> None:
    for wrong in (
        "kubectl apply -k k8s/overlays/other",
        "kubectl apply -k k8s/overlays/secondary",
        "kubectl -n coinop rollout status deployment/coinop-coordinator",
        "kubectl apply -k k8s/overlays/single\nkubectl -n coinop get service coinop-gateway",
        "kubectl apply -k k8s/overlays/single\nkubectl delete -k k8s/overlays/single",
        "kubectl -n coinop frobnicate",
    ):
        assert follow(machine, wrong).returncode != 0, wrong


def test_an_overlay_of_ones_own_has_ones_own_images(machine: Path) -> None:
    follow(machine, BLOCKS[0])
    done = subprocess.run(
        [kubectl(), "kustomize", machine / "k8s/overlays/mine"], capture_output=True, text=True, check=True
    )
    ours = set(re.findall(r"image: (\S*coinop-\S+)", done.stdout))
    assert all(image.startswith("registry.example/arcade/coinop-") for image in ours)
    assert len(ours) == 3


def test_what_it_names_is_there() -> None:
    components = {path.name for path in (K8S / "components").iterdir()}
    assert components - set(re.findall(r"components/([\w-]+)", TEXT)) == {"ingress", "volume"}  # of overlays alone
    for command in re.findall(r"-- coinop ([a-z ]+?)(?: --\w+)*$", TEXT, flags=re.M):
        assert command in COMMANDS
    for linked in re.findall(r"\]\(([\w-]+\.md)", TEXT):
        assert (ROOT / "docs" / linked).is_file(), linked
    for heading in re.findall(r"\]\(#([\w-]+)\)", TEXT):
        assert heading in {line.lstrip("# ").lower().replace(" ", "-") for line in TEXT.splitlines() if line[:1] == "#"}


def test_the_table_of_saves_is_right() -> None:
    for overlay in ("single", "primary", "secondary", "stunner"):
        assert "coinop-store" in pods(render(overlay))
    volumes = pods(render("local"))["coinop-worker"]["spec"]["volumes"]
    assert {"name": "data", "persistentVolumeClaim": {"claimName": "coinop-data"}} in volumes
