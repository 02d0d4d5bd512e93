"""A whole coinop on free ports of the loopback, as an operator starts it, and what its tests look at from outside."""

import asyncio
import contextlib
import datetime
import inspect
import ipaddress
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.ports import free_port

PATIENCE = 20.0
"""Seconds that a condition may take on a busy machine before it counts as never."""


async def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Wait until the condition, a function or a coroutine function, is true, and give its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


def get(url: str) -> tuple[int, str]:
    """Status and body; status 0 if nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def as_variable(value: Any) -> str:
    """Write a setting as the environment has it: JSON where it is a list, a table or a truth value."""
    return json.dumps(value) if isinstance(value, list | dict | bool) else str(value)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1, and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "coinop test")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


def rooms_of(worker: subprocess.Popen[bytes]) -> set[int]:
    """List the process ids of a worker's rooms, spare ones too."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(") ")[2].split()[1])
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == worker.pid and b"worker.room.process" in command:
            found.add(int(entry.name))
    return found


def plays(pid: int, core: bytes) -> bool:
    """Whether the process runs this core."""
    return core in Path(f"/proc/{pid}/maps").read_bytes()


class Stack:
    """A coordinator and a worker. ``worker`` holds settings by their environment names without the prefix."""

    def __init__(self, folder: Path, **worker: Any) -> None:
        self.folder = folder
        self.token = secrets.token_urlsafe(24)
        self.admin_token = secrets.token_urlsafe(24)
        self.turn_secret = secrets.token_urlsafe(24)
        self.port = free_port()
        self.metrics_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self._settings = worker
        self._coordinator: dict[str, str] = {}
        self.programs: dict[str, subprocess.Popen[bytes]] = {}

    async def start(self) -> "Stack":
        """Start both and wait until a game can be started."""
        self.start_coordinator()
        self.start_worker()
        await until(lambda: get(self.url + "ready")[0] == 200, f"the stack is ready; {self.log()}")
        return self

    def start_coordinator(self) -> None:
        self._run(
            "coordinator",
            {
                "COINOP_COORDINATOR_PORT": str(self.port),
                "COINOP_COORDINATOR_ROOM_GRACE_SECONDS": "2",
                **self._coordinator,
            },
        )

    async def start_gateway(self, program: str = "turn", **settings: Any) -> None:
        """Start a gateway on UDP, TCP and TLS that reaches this machine's rooms, and have everybody know of it.

        Before ``start``: the worker announces it, and the coordinator has its secret.
        """
        self.turn_port, tls_port, self.health_port = free_port(), free_port(), free_port()
        certificate, key = self_signed(self.folder)
        values = {
            "host": "127.0.0.1",
            "port": self.turn_port,
            "tls_port": tls_port,
            "certificate": certificate,
            "key": key,
            "peers": "127.0.0.1",
            "relay_address": ["127.0.0.1"],
            "secret": self.turn_secret,
            "metrics_port": 0,
            "health_port": self.health_port,
            **settings,
        }
        environment = {f"COINOP_TURN_{name.upper()}": as_variable(value) for name, value in values.items()}
        self._run(program, environment, command="turn")
        self._coordinator["COINOP_TURN_SECRET"] = self.turn_secret
        self._settings["gateways"] = [
            f"turn:127.0.0.1:{self.turn_port}?transport=udp",
            f"turn:127.0.0.1:{self.turn_port}?transport=tcp",
            f"turns:127.0.0.1:{tls_port}?transport=tcp",
        ]
        ready = f"http://127.0.0.1:{self.health_port}/ready"
        await until(lambda: get(ready)[0] == 200, f"the gateway is ready; {self.log()}")

    def start_worker(self, program: str = "worker", **settings: Any) -> None:
        """Start the worker, or one more of another name, whose metrics nobody reads."""
        values = {
            "name": program,
            "coordinator": self.url,
            "metrics_port": self.metrics_port if program == "worker" else 0,
            "saves": self.folder / "saves",
            "addresses": ["127.0.0.1"],
            "drain_seconds": 0,
            **self._settings,
            **settings,
        }
        environment = {f"COINOP_WORKER_{name.upper()}": as_variable(value) for name, value in values.items()}
        self._run(program, environment, command="worker")

    def place(self, program: str) -> list[str]:
        """Give the command that takes this program to where it is to run: none, as all are here."""
        return []

    def _run(self, program: str, environment: dict[str, str], command: str = "") -> None:
        secrets = {"COINOP_WORKER_TOKEN": self.token, "COINOP_ADMIN_TOKEN": self.admin_token}
        with (self.folder / "log").open("ab") as log:
            self.programs[program] = subprocess.Popen(
                [*self.place(program), sys.executable, "-m", "coinop", command or program],
                env={**os.environ, **secrets, **environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, program: str) -> None:
        """End a program and its children at once, as if its machine had gone."""
        os.killpg(self.programs[program].pid, signal.SIGKILL)
        self.programs[program].wait()

    def restart_coordinator(self) -> None:
        """End it without a word, and start it again on its port."""
        self.kill("coordinator")
        self.start_coordinator()

    def stop(self) -> None:
        """End both, and whatever they left."""
        for program in reversed(list(self.programs.values())):
            program.terminate()
        for program in self.programs.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
            program.wait()

    def log(self) -> str:
        """Read what all programs have logged so far."""
        path = self.folder / "log"
        return path.read_text(errors="replace")[-8000:] if path.exists() else ""

    def metric(self, name: str, *, worker: bool = True) -> float:
        """Add up a metric's series."""
        port = self.metrics_port if worker else self.port
        _, text = get(f"http://127.0.0.1:{port}/metrics")
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))

    def status(self) -> dict[str, Any]:
        """Ask the coordinator about its workers and rooms."""
        found: dict[str, Any] = json.loads(get(self.url + "api/status")[1])
        return found

    def idle(self) -> bool:
        """Whether no room is open, and nobody sits anywhere, in either's eyes."""
        return self.status()["rooms"] == 0 and self.metric("coinop_worker_rooms") == 0
