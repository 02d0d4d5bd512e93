"""The compose stack on ports of its own, and what can be seen of it from outside."""

import json
import secrets
import tomllib
import urllib.request
from pathlib import Path
from typing import Any

from tests.containers.engine import ROOT, TARGETS, Engine
from tests.e2e.arcade.stack import get, until
from tests.ports import free_port

VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

PREFIX = "localhost/"
"""Of images that no registry has."""

PROGRAMS = {"coordinator": "coordinator", "worker": "worker", "gateway": "turn", "store": "store"}
"""The services that stay, by what `coinop secrets` calls them; the last in profile s3 alone."""

READY_SECONDS = 60.0

ADDRESSES = Path("/proc/net/if_inet6")
TENTATIVE = 0x40
"""IFA_F_TENTATIVE, in the fifth column there."""


class Arcade:
    """One project of compose."""

    def __init__(self, engine: Engine, **variables: str) -> None:
        self.engine = engine
        self.project = f"coinop-test-{secrets.token_hex(3)}"
        self.port, self.turn_port = free_port(), free_port()
        self.variables = {
            "COINOP_IMAGE_PREFIX": PREFIX,
            "COINOP_VERSION": VERSION,
            "COINOP_PORT": str(self.port),
            "COINOP_TURN_PORT": str(self.turn_port),
            "COMPOSE_PROFILES": "",
            **variables,
        }
        self.url = f"http://localhost:{self.port}/"

    async def up(self) -> None:
        """Start it, and wait until workers and gateway are there."""
        self.engine.compose(self.project, self.variables, "up", "--detach", "--no-build")
        await until(lambda: self._ready(), f"the arcade is ready; {self.log()}", READY_SECONDS)
        await until(_has_settled, "the addresses of the containers' interfaces are settled", READY_SECONDS)

    def _ready(self) -> bool:
        status, body = get(self.url + "api/status")
        if status != 200 or json.loads(body)["workers"] != 2 or get(self.url + "ready")[0] != 200:
            return False
        return all(
            self.engine.exec(name, "coinop", "turn", "probe").returncode == 0 for name in self.containers("gateway")
        )

    def down(self, *options: str) -> None:
        """Take it down; volumes stay, unless ``--volumes`` is given."""
        self.engine.compose(self.project, self.variables, "down", *options)

    def containers(self, service: str = "") -> list[str]:
        """Names of the containers of a service, or of all."""
        labels = {"project": self.project, **({"service": service} if service else {})}
        filters = [f"--filter=label=com.docker.compose.{name}={value}" for name, value in labels.items()]
        return self.engine.run("ps", "--all", *filters, "--format={{.Names}}").split()

    def running(self) -> list[str]:
        """Names of the containers of the programs."""
        return [name for program in PROGRAMS for name in self.containers(program)]

    def secrets(self) -> dict[str, str]:
        """Read the secrets that the stack has made for itself and its programs see, by the files' names."""
        return {name: value for container in self.running() for name, value in self.secrets_of(container).items()}

    def secrets_of(self, container: str) -> dict[str, str]:
        """Read the secrets that one container sees."""
        names = self.engine.exec(container, "ls", "/secrets").stdout.split()
        return {name: self.engine.exec(container, "cat", f"/secrets/{name}").stdout for name in names}

    def worker_of_the_room(self) -> str:
        """Find the container of the worker that has a room open."""
        request = urllib.request.Request(f"{self.url}admin/workers")
        request.add_header("Authorization", f"Bearer {self.secrets()['coinop_admin_token']}")
        with urllib.request.urlopen(request, timeout=5) as answer:
            workers: list[dict[str, Any]] = json.load(answer)["workers"]
        (name,) = [worker["name"] for worker in workers if worker["rooms"]]
        hosts = {c: self.engine.inspect(c)[0]["Config"]["Hostname"] for c in self.containers("worker")}
        return next(container for container, host in hosts.items() if host == name)

    def log(self) -> str:
        """Collect what the programs have logged."""
        return "\n".join(f"--- {name}\n{self.engine.logs(name)[-3000:]}" for name in self.containers())


def image(target: str) -> str:
    """Name an image with its tag."""
    return f"{PREFIX}coinop-{target}:{VERSION}"


def build_all(engine: Engine) -> None:
    """Build the three images."""
    for target in TARGETS:
        engine.build(target, image(target), {"VERSION": VERSION, "REVISION": "0123456789abcdef"})


def _has_settled() -> bool:
    """Whether all addresses of this machine are. When one becomes so, a browser breaks off what it is loading."""
    lines = ADDRESSES.read_text().splitlines() if ADDRESSES.exists() else []
    return not any(int(line.split()[4], 16) & TENTATIVE for line in lines)
