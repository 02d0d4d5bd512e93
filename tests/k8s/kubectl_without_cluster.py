"""A `kubectl` for walking through docs/deploy.md without a cluster: it renders, and knows what has been applied.

Called as `kubectl` is. What it doesn't know it refuses, and so it does with what is not there.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

REAL = os.environ["REAL_KUBECTL"]
STATE = Path(os.environ["CLUSTERS"])
"""What there is: names by context, as `kind/namespace/name`."""

KINDS = {
    "deployment": "Deployment",
    "statefulset": "StatefulSet",
    "service": "Service",
    "job": "Job",
    "secret": "Secret",
    "gateway": "Gateway",
    "servicemonitor": "ServiceMonitor",
    "prometheusrule": "PrometheusRule",
}

SECRETS_JOB = "Job/coinop/coinop-secrets"
"""It makes the Secret, and is gone a minute later."""

Words = list[str]


class Clusters:
    """What has been applied where."""

    def __init__(self, context: str, namespace: str) -> None:
        self._all: dict[str, list[str]] = json.loads(STATE.read_text()) if STATE.exists() else {}
        self.here = self._all.setdefault(context, [])
        self.namespace = namespace

    def save(self) -> None:
        STATE.write_text(json.dumps(self._all))

    def need(self, kind: str, name: str) -> None:
        wanted = f"{KINDS[kind]}/{self.namespace}/{name}"
        if wanted not in self.here:
            sys.exit(f"there is no {wanted}")


def keys(folder: str) -> Iterator[str]:
    rendered = subprocess.run([REAL, "kustomize", folder], check=True, capture_output=True, text=True).stdout
    for thing in yaml.safe_load_all(rendered):
        yield f"{thing['kind']}/{thing['metadata'].get('namespace', '')}/{thing['metadata']['name']}"


def apply(clusters: Clusters, words: Words) -> None:
    *options, flag, folder = words
    assert flag == "-k"
    assert set(options) <= {"--server-side", "--force-conflicts"}
    clusters.here += [key for key in keys(folder) if key != SECRETS_JOB]
    if SECRETS_JOB in keys(folder):
        clusters.here.append("Secret/coinop/coinop")


def delete(clusters: Clusters, words: Words) -> None:
    flag, folder, *options = words
    assert flag == "-k"
    assert set(options) <= {"--ignore-not-found"}
    for key in keys(folder):
        if key in clusters.here:
            clusters.here.remove(key)
        elif "--ignore-not-found" not in options:
            sys.exit(f"there is no {key}")


def named(clusters: Clusters, words: Words) -> None:
    for word in words:
        if found := re.fullmatch(r"(\w+)/([\w.-]+)", word):
            clusters.need(found[1], found[2])
            return
    clusters.need(words[0], words[1])
    if words[2:3] == ["-o"] and "loadBalancer" in words[3]:
        print("203.0.113.9", end="")  # noqa: T201


def wait(clusters: Clusters, words: Words) -> None:
    """Pods come from what has been applied, and end by themselves."""
    if words[:2] != ["--for=delete", "pod"]:
        named(clusters, words)


def create(clusters: Clusters, words: Words) -> None:
    """Create a Secret, whose files are not read here."""
    kind, name = words[1], words[2]
    options = [word for word in words[3:] if not word.startswith(("--cert=", "--key="))]
    if kind == "generic":
        subprocess.run([REAL, "create", *words[:3], *options, "--dry-run=client", "-o", "yaml"], check=True)
    clusters.here.append(f"Secret/{clusters.namespace}/{name}")


def label(clusters: Clusters, words: Words) -> None:
    assert all(kind in KINDS for kind in words[0].split(","))
    assert words[1] == "--all"


COMMANDS: dict[str, Callable[[Clusters, Words], None]] = {
    "apply": apply,
    "delete": delete,
    "create": create,
    "label": label,
    "get": named,
    "logs": named,
    "describe": named,
    "exec": named,
    "scale": named,
    "wait": wait,
    "rollout": lambda c, words: named(c, words[1:]),
}


def main(words: Words) -> None:
    options: dict[str, Any] = {"--context": "", "-n": "default"}
    while words[0] in options:
        options[words[0]] = words[1]
        words = words[2:]
    clusters = Clusters(options["--context"], options["-n"])
    COMMANDS[words[0]](clusters, words[1:])
    clusters.save()


if __name__ == "__main__":
    main(sys.argv[1:])
