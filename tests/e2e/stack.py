"""A whole coinop on free ports of the loopback, as an operator starts it, and what its tests look at from outside."""

import asyncio
import contextlib
import inspect
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


def free_port() -> int:
    """A TCP port that nobody has right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
    """A setting as the environment has it: JSON where it is a list, a table or a truth value."""
    return json.dumps(value) if isinstance(value, list | dict | bool) else str(value)


class Stack:
    """A coordinator and a worker. ``worker`` holds settings by their environment names without the prefix."""

    def __init__(self, folder: Path, **worker: Any) -> None:
        self.folder = folder
        self.token = secrets.token_urlsafe(24)
        self.port = free_port()
        self.metrics_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self._settings = worker
        self.programs: dict[str, subprocess.Popen[bytes]] = {}

    async def start(self) -> "Stack":
        """Start both and wait until a game can be started."""
        self.start_coordinator()
        self.start_worker()
        await until(lambda: get(self.url + "ready")[0] == 200, f"the stack is ready; {self.log()}")
        return self

    def start_coordinator(self) -> None:
        self._run("coordinator", {"COINOP_COORDINATOR_PORT": str(self.port)})

    def start_worker(self, **settings: Any) -> None:
        values = {
            "coordinator": self.url,
            "metrics_port": self.metrics_port,
            "saves": self.folder / "saves",
            "addresses": ["127.0.0.1"],
            **self._settings,
            **settings,
        }
        self._run(
            "worker",
            {
                f"COINOP_WORKER_{name.upper()}": json.dumps(value)
                if isinstance(value, list | dict | bool)
                else str(value)
                for name, value in values.items()
            },
        )

    def _run(self, program: str, environment: dict[str, str]) -> None:
        with (self.folder / "log").open("ab") as log:
            self.programs[program] = subprocess.Popen(
                [sys.executable, "-m", "coinop", program],
                env={**os.environ, "COINOP_WORKER_TOKEN": self.token, **environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

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
        """What both have said so far."""
        path = self.folder / "log"
        return path.read_text(errors="replace")[-8000:] if path.exists() else ""

    def metric(self, name: str, *, worker: bool = True) -> float:
        """The sum of a metric's series."""
        port = self.metrics_port if worker else self.port
        _, text = get(f"http://127.0.0.1:{port}/metrics")
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))

    def status(self) -> dict[str, Any]:
        """The coordinator's own word on its workers and rooms."""
        found: dict[str, Any] = json.loads(get(self.url + "api/status")[1])
        return found

    def idle(self) -> bool:
        """Whether no room is open, and nobody sits anywhere, in either's eyes."""
        return self.status()["rooms"] == 0 and self.metric("coinop_worker_rooms") == 0
