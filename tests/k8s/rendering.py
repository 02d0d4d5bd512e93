"""What Kubernetes would be given: overlays as `kubectl kustomize` renders them, with an operator's values."""

import atexit
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
K8S = ROOT / "k8s"

Object = dict[str, Any]

OVERLAYS = ("local", "single", "primary", "secondary", "stunner")

VARIANTS: dict[str, tuple[str, tuple[str, ...]]] = {
    **{overlay: (overlay, ()) for overlay in OVERLAYS},
    "single, observed and scaled": ("single", ("observability", "autoscaling")),
    "single, games on a volume": ("single", ("games-volume",)),
    "single, games in a bucket": ("single", ("games-bucket",)),
    "single, TLS at the gateway": ("single", ("turn-tls",)),
    "single, guarded": ("single", ("guard",)),
    "single, UDP alone": ("single", ("udp-only",)),
    "single, ports of nodes": ("single", ("node-port",)),
    "secondary, all of it": ("secondary", ("games-bucket", "turn-tls", "observability", "autoscaling")),
}
"""Overlays as they are, and with components that an operator adds."""

VALUES = {
    "HOST": "arcade.test",
    "JOIN_TOKENS": "first-token-of-a-cluster,second-token-of-another",
    "COINOP_WORKER_COORDINATOR": "https://arcade.test",
    "COINOP_WORKER_TOKEN": "first-token-of-a-cluster",
    "secret": "what-credentials-are-made-of",
}
"""What an operator fills in."""


def kubectl() -> str:
    """Find kubectl: the one beside this Python, or the machine's."""
    found = shutil.which("kubectl", path=str(Path(sys.executable).parent)) or shutil.which("kubectl")
    assert found, "kubectl is missing: install it, or the development tools once more (make setup)"
    return found


def build(folder: Path) -> list[Object]:
    """Render a kustomization's objects. Raises CalledProcessError."""
    done = subprocess.run([kubectl(), "kustomize", folder], capture_output=True, text=True, check=True)
    assert done.stderr == "", f"kustomize warns: {done.stderr}"
    return list(yaml.safe_load_all(done.stdout))


def copy(to: Path) -> Path:
    """Copy the folder as it is committed, with the operator's files filled in."""
    ignored = shutil.ignore_patterns("*.env")
    shutil.copytree(K8S, to, ignore=ignored)
    for kept in [*K8S.glob("base/*/settings.env"), K8S / "overlays/local/worker.env"]:
        shutil.copy(kept, to / kept.relative_to(K8S))
    for example in to.rglob("*.env.example"):
        example.with_suffix("").write_text("".join(_filled(example.read_text().splitlines())))
    return to


def _filled(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        name = line.partition("=")[0]
        yield line + "\n" if line.startswith("#") else f"{name}={VALUES[name]}\n"


@cache
def _copy() -> Path:
    folder = Path(mkdtemp(prefix="coinop-k8s-"))
    atexit.register(shutil.rmtree, folder)
    return copy(folder / "k8s")


@cache
def render(variant: str) -> tuple[Object, ...]:
    """All objects of a variant; nobody may change them."""
    overlay, components = VARIANTS[variant]
    folder = _copy() / "overlays" / overlay
    if components:
        folder = _copy() / "variants" / variant.replace(" ", "-").replace(",", "")
        folder.mkdir(parents=True)
        added = [f"../../components/{component}" for component in components]
        own = {"namespace": "coinop", "resources": [f"../../overlays/{overlay}"], "components": added}
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(own))
    return tuple(build(folder))


def find(objects: Sequence[Object], kind: str, name: str) -> Object:
    """Find the only object of this kind and name."""
    (found,) = [thing for thing in objects if thing["kind"] == kind and thing["metadata"]["name"] == name]
    return found


WORKLOADS = ("Deployment", "StatefulSet", "Job", "DaemonSet", "CronJob")


def pods(objects: Sequence[Object]) -> dict[str, Object]:
    """Collect the pods' templates, by the name of what makes them."""
    return {thing["metadata"]["name"]: thing["spec"]["template"] for thing in objects if thing["kind"] in WORKLOADS}


def containers(template: Object) -> list[Object]:
    """Of a pod, those that come first too."""
    spec = template["spec"]
    return [*spec.get("initContainers", ()), *spec["containers"]]
