"""The servers that other programs are aimed at: our gateway and coturn, as processes, on free ports of loopback.

Both know the same user, speak UDP, TCP, TLS and DTLS over IPv4 and IPv6, and may reach loopback.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from benchmarks.gateway.client import Client, Credentials, RelayError
from tests.ports import free_port, free_ports

HOST = "127.0.0.1"
PATIENCE = 60.0
"""Seconds that a condition may take on a busy machine before it counts as never."""

USER, PASSWORD, SECRET = "user", "password", "a secret that is long enough"

TRIES = 3

Settings = dict[str, str]


class EndedError(Exception):
    """A server has ended that was to serve."""


@dataclass
class Server:
    """A running server."""

    process: "subprocess.Popen[bytes]"
    port: int
    """UDP and TCP."""
    secure_port: int
    """TLS and DTLS."""
    health_port: int = 0
    """Ours only: /live, /ready and /status."""
    metrics_port: int = 0
    """Ours only: /metrics."""
    folder: Path = field(default_factory=Path)
    """The folder of certificate, key and settings."""

    @property
    def address(self) -> tuple[str, int]:
        return HOST, self.port

    @property
    def credentials(self) -> Credentials:
        return Credentials(USER, PASSWORD)

    def client(self) -> Client:
        """Make a client that has no allocation yet."""
        return Client(self.address, self.credentials)

    def serves(self) -> bool:
        """Tell whether the server gives an allocation."""
        client = self.client()
        with client.socket:
            try:
                client.allocate()
                client.release()
            except RelayError:
                return False
        return True

    def ask(self, path: str) -> tuple[int, str]:
        """Get one of the gateway's own pages, and return status and body; 0 when nobody listens."""
        port = self.metrics_port if path == "/metrics" else self.health_port
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name: str) -> float:
        """Return a metric, summed over its labels."""
        lines = [line for line in self.ask("/metrics")[1].splitlines() if line.startswith((name + " ", name + "{"))]
        return sum(float(line.rpartition(" ")[2]) for line in lines)


def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)


def program(name: str) -> str:
    """Find a program of coturn's Debian package."""
    path = shutil.which(name)
    assert path, (
        f"These tests need coturn's {name}: on Debian, run apt-get install coturn, or make test, which does so."
    )
    return path


def certificate(folder: Path, name: str = "localhost") -> None:
    """Make a self-signed certificate and its key, as cert.pem and key.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=30),
    ).sign(key, hashes.SHA256())
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))


def settings(folder: Path, port: int, secure_port: int, health_port: int, metrics_port: int) -> Settings:
    """Return the gateway's environment."""
    return {
        "COINOP_TURN_HOST": f"{HOST},::1",
        "COINOP_TURN_PORT": str(port),
        "COINOP_TURN_TLS_PORT": str(secure_port),
        "COINOP_TURN_CERTIFICATE": str(folder / "cert.pem"),
        "COINOP_TURN_KEY": str(folder / "key.pem"),
        "COINOP_TURN_USERS": json.dumps({USER: PASSWORD}),
        "COINOP_TURN_SECRET": SECRET,
        "COINOP_TURN_PEERS": f"{HOST},::1",
        "COINOP_TURN_METRICS_PORT": str(metrics_port),
        "COINOP_TURN_HEALTH_PORT": str(health_port),
        "COINOP_TURN_GRACE_SECONDS": "0",
        "COINOP_TURN_LOG_LEVEL": "warning",
    }


@contextlib.contextmanager
def gateway(folder: Path, changes: Settings | None = None) -> Iterator[Server]:
    """Run our gateway, with other settings if need be.

    Ports that are free may be taken by others before it has them. Then there is another try.
    """
    certificate(folder)
    for tries_left in reversed(range(TRIES)):
        ports = free_ports(4)
        environment = os.environ | settings(folder, *ports) | (changes or {})
        process = subprocess.Popen((sys.executable, "-m", "coinop", "turn"), env=environment)
        with _ended(process):
            server = Server(process, *ports, folder)
            try:
                _wait_for(server, "the gateway")
            except EndedError:
                if not tries_left:
                    raise
                continue
            yield server
            return


@contextlib.contextmanager
def coturn(folder: Path) -> Iterator[Server]:
    """Run Debian's coturn."""
    certificate(folder)
    port, secure_port = free_ports(2)
    configuration = folder / "turnserver.conf"
    configuration.write_text(
        f"""\
listening-ip={HOST}
listening-ip=::1
relay-ip={HOST}
relay-ip=::1
listening-port={port}
tls-listening-port={secure_port}
realm=test
lt-cred-mech
user={USER}:{PASSWORD}
allow-loopback-peers
cert={folder}/cert.pem
pkey={folder}/key.pem
no-cli
no-rfc5780
userdb={folder}/turndb
pidfile={folder}/turnserver.pid
log-file=/dev/null
no-stdout-log
"""
    )
    quiet = subprocess.DEVNULL
    process = subprocess.Popen((program("turnserver"), "-c", str(configuration)), stdout=quiet, stderr=quiet)
    with _ended(process, signal.SIGKILL):  # asked politely it waits for its sessions
        server = Server(process, port, secure_port, folder=folder)
        _wait_for(server, "coturn")
        yield server


@contextlib.contextmanager
def echo_peer() -> Iterator[int]:
    """Run coturn's peer, which echoes, and yield its port. It answers for RTCP on the next one."""
    port = free_port()
    listen = ("-L", HOST, "-L", "::1", "-p", str(port))
    quiet = subprocess.DEVNULL
    with _ended(subprocess.Popen((program("turnutils_peer"), *listen), stdout=quiet, stderr=quiet)):
        yield port


def _wait_for(server: Server, name: str) -> None:
    def there() -> bool:
        if server.process.poll() is not None:
            raise EndedError(f"{name} ended with {server.process.returncode}")
        return server.serves()

    until(there, f"{name} serves")


@contextlib.contextmanager
def _ended(process: "subprocess.Popen[bytes]", how: int = signal.SIGTERM) -> Iterator[None]:
    try:
        yield
    finally:
        if process.poll() is None:
            process.send_signal(how)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
