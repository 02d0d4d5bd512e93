"""A container engine as the tests use it: docker, or podman with podman-compose.

What this machine needs beyond the repository's own files is put together here, from the machine: limits and runtime for
podman, and for builds the certificates and the package index that pip has been told of.
"""

import ast
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BASE = "debian:bookworm-slim"
TARGETS = ("coordinator", "worker", "turn")

CERTIFICATES = "/run/certificates.pem"
"""Where a build finds the machine's."""

ARP_NOTIFY = Path("/proc/sys/net/ipv4/conf/all/arp_notify")

PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "proxy")


class Engine:
    """Runs commands of an engine. A command that fails raises AssertionError with what it said."""

    def __init__(self, program: str, folder: Path) -> None:
        """``folder`` is for files that the engine is pointed to."""
        self.program = program
        self._folder = folder
        self._variables = {"BUILDAH_FORMAT": "docker"}  # podman's own format has no health checks
        if program == "podman" and "CONTAINERS_CONF" not in os.environ:
            (folder / "containers.conf").write_text(podman_settings())
            self._variables["CONTAINERS_CONF"] = str(folder / "containers.conf")

    @property
    def environment(self) -> dict[str, str]:
        """What the engine's programs are run with."""
        return {**os.environ, **self._variables}

    def has(self, image: str) -> bool:
        """Whether the image is here."""
        return self._try("image", "inspect", image).returncode == 0

    def works(self, image: str) -> bool:
        """Whether a container of the image runs; nothing is pulled."""
        return self._try("run", "--rm", "--pull=never", "--network=none", image, "true").returncode == 0

    def run(self, *arguments: str) -> str:
        """Run a command, and give its standard output."""
        ended = self._try(*arguments)
        assert ended.returncode == 0, (
            f"{self.program} {' '.join(arguments)}: {ended.stdout[-4000:]}{ended.stderr[-4000:]}"
        )
        return ended.stdout

    def exec(self, container: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a container."""
        return self._try("exec", container, *command)

    def inspect(self, *names: str) -> list[dict[str, Any]]:
        """Ask the engine about containers or images."""
        found: list[dict[str, Any]] = json.loads(self.run("inspect", *names))
        return found

    def logs(self, container: str) -> str:
        """All that a container has said."""
        ended = self._try("logs", container)
        return ended.stdout + ended.stderr

    def build(self, target: str, tag: str, arguments: Mapping[str, str]) -> None:
        """Build one of the images."""
        given = [f"--build-arg={name}={value}" for name, value in arguments.items()]
        self.run("build", *self._build_options(), *given, f"--target={target}", f"--tag={tag}", str(ROOT))

    def compose(self, project: str, variables: Mapping[str, str], *arguments: str) -> str:
        """Run a command of compose."""
        program = ["docker", "compose"] if self.program == "docker" else [sys.executable, "-m", "podman_compose"]
        command = [*program, "--file", str(ROOT / "compose.yaml"), "--project-name", project, *arguments]
        ended = self._ended(command, variables)
        assert ended.returncode == 0, f"compose {' '.join(arguments)}: {ended.stdout[-4000:]}{ended.stderr[-4000:]}"
        return ended.stdout

    def _build_options(self) -> Iterator[str]:
        yield "--network=host"  # the machine's way to packages, whatever it is
        if self.program == "docker":
            return
        lines = [f"{name} = {value}" for name, value in pip_settings().items()]
        if certificates := os.environ.get("SSL_CERT_FILE"):
            yield f"--volume={certificates}:{CERTIFICATES}:ro"
            lines.append(f"cert = {CERTIFICATES}")
        path = self._folder / "pip.conf"
        path.write_text("\n".join(["[global]", *lines, ""]))
        yield f"--volume={path}:/etc/pip.conf:ro"

    def _try(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._ended([self.program, *arguments], {})

    def _ended(self, command: Sequence[str], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, **variables}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=1800)


def find(folder: Path) -> Engine | None:
    """Find the engine that works here and has the base image already."""
    for program in ("docker", "podman"):
        if shutil.which(program) and (engine := Engine(program, folder)).works(BASE):
            return engine
    return None


@contextmanager
def announced_bridges() -> Iterator[None]:
    """While it lasts, the kernel announces a bridge's new hardware address.

    With netavark before 1.9 (containers/netavark#833) a bridge takes another one when a container joins. Who knew the
    old one gets no name from the engine's server, and no published port answers, for seconds or minutes.
    """
    try:
        before = ARP_NOTIFY.read_text()
        ARP_NOTIFY.write_text("1")
    except OSError:  # not root, whose bridges these are not; or not Linux
        yield
        return
    try:
        yield
    finally:
        ARP_NOTIFY.write_text(before)


def podman_settings() -> str:
    """Write a containers.conf for a machine that allows no more than this process has, or has no systemd."""
    limits = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}
    hard = {name: resource.getrlimit(limit)[1] for name, limit in limits.items()}
    least = {name: min(4096, value) if value > 0 else 4096 for name, value in hard.items()}
    lines = ["[containers]", "default_ulimits = " + json.dumps([f"{n}={v}:{v}" for n, v in least.items()]), "[engine]"]
    if not shutil.which("crun"):
        lines.append('runtime = "runc"')
    if not Path("/run/systemd/system").is_dir():
        lines.append('cgroup_manager = "cgroupfs"')
    return "\n".join([*lines, ""])


def pip_settings() -> dict[str, str]:
    """Where pip gets packages on this machine, as far as it is not the usual."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        if (setting := name.rpartition(".")[2]) in PIP_SETTINGS:
            found[setting] = str(ast.literal_eval(value))
    return found


if __name__ == "__main__":  # whether the tests here can run, for .ci/run
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(find(Path(scratch)) is None)
