"""The servers that ``benchmarks.relay`` compares: ours, and Debian's coturn in the same minimal configuration.

Both listen on a free UDP port of loopback, take the same user and may reach loopback. Neither is pinned to a processor.
"""

import asyncio
import json
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.gateway.client import Address, Client, Credentials, RelayError
from benchmarks.gateway.load import Target
from benchmarks.measure.processes import descendants
from benchmarks.measure.report import BenchmarkError
from benchmarks.measure.wait import until
from coinop.child import Child

HOST = "127.0.0.1"
COTURN = "turnserver"
READY_WITHIN = 15.0
"""Seconds."""

OURS, THEIRS = "ours", "coturn"


@dataclass(frozen=True)
class Server:
    """A running server."""

    name: str
    address: Address
    credentials: Credentials
    pid: int

    @property
    def pids(self) -> tuple[int, ...]:
        """Its process and all that it started."""
        return tuple(descendants(self.pid))

    def target(self) -> Target:
        """Describe the server as the load generator wants it."""
        return Target(self.name, self.address, self.credentials.username, self.credentials.password, self.pids)


def coturn_version() -> str:
    """Read the version of the installed coturn. Raises BenchmarkError."""
    if shutil.which(COTURN) is None:
        raise BenchmarkError("There is no coturn to compare with: on Debian, run apt-get install coturn.")
    said = subprocess.run([COTURN, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    found = re.search(r"\d+\.\d+[\w.]*", said)
    if found is None:
        raise BenchmarkError("coturn does not say its version: `turnserver --version` printed no number.")
    return found.group()


@asynccontextmanager
async def ours(processes: int) -> AsyncIterator[Server]:
    """Our gateway, until the end of the block. Raises BenchmarkError."""
    address, credentials = (HOST, _free_port()), _credentials()
    child = await Child.start("turn", our_environment(address, credentials, processes))
    try:
        server = Server(OURS, address, credentials, child._process.pid)
        await _answers(server)
        yield server
    finally:
        await child.end()


def our_environment(address: Address, credentials: Credentials, processes: int) -> dict[str, str]:
    """Make the gateway's settings."""
    return {
        "COINOP_TURN_HOST": address[0],
        "COINOP_TURN_PORT": str(address[1]),
        "COINOP_TURN_PROCESSES": str(processes),
        "COINOP_TURN_USERS": json.dumps({credentials.username: credentials.password}),
        "COINOP_TURN_PEERS": address[0],
        "COINOP_TURN_METRICS_PORT": "0",
        "COINOP_TURN_HEALTH_PORT": "0",
        "COINOP_TURN_LOG_LEVEL": "warning",
    }


@asynccontextmanager
async def coturn(processes: int) -> AsyncIterator[Server]:
    """Debian's coturn with as many relay threads as ours has processes. Raises BenchmarkError."""
    coturn_version()
    address, credentials = (HOST, _free_port()), _credentials()
    with tempfile.TemporaryDirectory(prefix="coinop-benchmark-") as folder:
        process = await asyncio.create_subprocess_exec(
            *(COTURN, "-c", _written(folder, their_configuration(address, credentials, processes, folder))),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            server = Server(THEIRS, address, credentials, process.pid)
            await _answers(server)
            yield server
        finally:
            with suppress(ProcessLookupError):
                process.kill()  # asked politely it waits for its sessions
            await process.wait()


def _written(folder: str, configuration: str) -> str:
    path = Path(folder, "turnserver.conf")
    path.write_text(configuration)
    return str(path)


def their_configuration(address: Address, credentials: Credentials, processes: int, folder: str) -> str:
    """Make a ``turnserver.conf``: the defaults, less what needs other ports, and loopback allowed as for ours."""
    return f"""\
listening-ip={address[0]}
listening-port={address[1]}
relay-ip={address[0]}
relay-threads={processes}
realm=benchmark
lt-cred-mech
user={credentials.username}:{credentials.password}
allow-loopback-peers
no-tls
no-dtls
no-cli
no-rfc5780
userdb={folder}/turndb
pidfile={folder}/turnserver.pid
log-file=/dev/null
no-stdout-log
"""


async def _answers(server: Server) -> None:
    """Wait until the server gives an allocation; it is given back."""

    def there() -> bool:
        client = Client(server.address, server.credentials)
        with client.socket:
            try:
                client.allocate()
                client.release()
            except RelayError:
                return False
        return True

    async def looked() -> bool:
        return await asyncio.to_thread(there)

    await until(looked, f"{server.name} did not serve on {server.address[0]}:{server.address[1]}", READY_WITHIN)


def _credentials() -> Credentials:
    return Credentials("benchmark", secrets.token_hex(8))


def _free_port() -> int:
    """Find a port that is free for UDP and TCP now."""
    with socket.create_server((HOST, 0)) as free:
        return int(free.getsockname()[1])
