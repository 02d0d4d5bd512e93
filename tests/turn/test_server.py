"""``coinop turn`` as a program, in one process and in two: start, signals, failures, and an orderly end."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.gateway.client import CHANNEL, Client, Credentials, RelayError, allocated
from tests.ports import free_ports
from tests.turn.live_gateway import HOST, PASSWORD, SECRET, USER, PeerSocket, run, settings
from turn.gateway.sockets import bind, close
from turn.processes import HANDED_DOWN
from turn.server import FAILED, serve

PATIENCE = 60.0
"""Seconds that a condition may take on a busy machine before it counts as never."""

TRIES = 3

processes = pytest.mark.parametrize("processes", [1, 2])


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition in another process."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Program:
    """A running gateway."""

    def __init__(self, process: "subprocess.Popen[str]", port: int, metrics: int, health: int) -> None:
        self.process, self.port, self._metrics, self._health = process, port, metrics, health

    def get(self, path: str) -> tuple[int, str]:
        port = self._metrics if path == "/metrics" else self._health
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name: str) -> float:
        lines = [line for line in self.get("/metrics")[1].splitlines() if line.startswith((name + " ", name + "{"))]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    @contextmanager
    def client(self) -> Iterator[Client]:
        client = allocated((HOST, self.port), Credentials(USER, PASSWORD), HOST)
        with client.socket:
            yield client

    @contextmanager
    def sessions(self, count: int) -> Iterator[list["Session"]]:
        with ExitStack() as stack:
            yield [Session(stack.enter_context(self.client()), stack.enter_context(PeerSocket())) for _ in range(count)]

    def refuses(self) -> bool:
        try:
            with self.client() as client:
                client.release()
        except RelayError as error:
            return error.code == 508
        return False


class Session:
    """A client and its peer."""

    def __init__(self, client: Client, peer: PeerSocket) -> None:
        self.client, self._peer = client, peer
        peer.socket.settimeout(PATIENCE)
        client.bind(peer.address)

    def goes_on(self) -> bool:
        """Tell whether a packet gets to the peer, and one back."""
        try:
            self.client.bind(self._peer.address)
        except RelayError:
            return False
        self.client.socket.send(CHANNEL.to_bytes(2, "big") + b"\0\2hi")
        data, source = self._peer.socket.recvfrom(100)
        self._peer.socket.sendto(b"hello", self.client.relayed)
        return (data, source) == (b"hi", self.client.relayed) and self.client.socket.recv(100)[4:] == b"hello"


@contextmanager
def program(**changes: str) -> Iterator[Program]:
    """Start a gateway and wait until it is ready. Try again if another program takes one of its ports before."""
    for _ in range(TRIES):
        started = start(**changes)
        try:
            wait_until(lambda found=started: found.process.poll() is not None or found.get("/ready")[0] == 200)
            if started.process.poll() is None:
                yield started
                return
        finally:
            started.process.kill()
            started.process.wait()
    raise AssertionError("the gateway does not start")


def start(**changes: str) -> Program:
    port, tls, metrics, health = free_ports(4)
    values = {
        "HOST": HOST,
        "PORT": str(port),
        "TLS_PORT": str(tls),
        "USERS": json.dumps({USER: PASSWORD}),
        "PEERS": HOST,
        "METRICS_PORT": str(metrics),
        "HEALTH_PORT": str(health),
        "LOG_LEVEL": "warning",
    }
    environment = {f"COINOP_TURN_{name}": value for name, value in (values | changes).items()}
    process = subprocess.Popen((sys.executable, "-m", "coinop", "turn"), env=os.environ | environment, text=True)
    return Program(process, port, metrics, health)


@processes
def test_it_serves_drains_and_ends(processes: int) -> None:
    with program(PROCESSES=str(processes)) as gateway:
        with gateway.sessions(8) as sessions:
            assert all(session.goes_on() for session in sessions)
            assert gateway.metric("stunner_allocations_active") == 8
            assert gateway.metric("coinop_turn_processes") == processes
            assert gateway.metric("stunner_cluster_packets_total") == 16
            gateway.process.send_signal(signal.SIGTERM)
            wait_until(lambda: gateway.get("/ready")[0] == 503)
            wait_until(gateway.refuses)
            assert gateway.get("/live")[0] == 200
            assert json.loads(gateway.get("/status")[1])["status"] == "TERMINATING"
            for session in sessions:
                assert session.goes_on()
                session.client.release()
        assert gateway.process.wait(PATIENCE) == 0


@processes
def test_the_time_for_draining_is_over(processes: int) -> None:
    with program(PROCESSES=str(processes), GRACE_SECONDS="0.5") as gateway, gateway.sessions(1):
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(PATIENCE) == 0


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")
def test_a_process_that_dies_takes_its_own_clients_alone_and_is_started_again() -> None:
    with program(PROCESSES="2") as gateway, gateway.sessions(12) as sessions:
        assert all(session.goes_on() for session in sessions)
        packets = gateway.metric("stunner_cluster_packets_total")
        victim, survivor = children(gateway.process.pid)
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: gateway.get("/ready")[0] == 503)
        wait_until(lambda: gateway.get("/ready")[0] == 200)
        assert survivor in children(gateway.process.pid)
        assert gateway.metric("coinop_turn_restarts_total") == 1
        assert gateway.metric("stunner_cluster_packets_total") == packets  # none forgotten
        left = gateway.metric("stunner_allocations_active")
        assert 0 < left < 12
        assert sum(session.goes_on() for session in sessions) == left


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")
def test_no_process_outlives_the_first() -> None:
    with program(PROCESSES="2") as gateway:
        others = children(gateway.process.pid)
        assert len(others) == 2
        gateway.process.kill()
        gateway.process.wait()
        wait_until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in others))


def test_rest_is_off_unless_asked_for() -> None:
    with program(SECRET=SECRET) as gateway:
        assert gateway.get("/?service=turn")[0] == 404
    with program(SECRET=SECRET, REST="true", REST_HOST="gateway.example", REST_KEY="key", PROCESSES="2") as gateway:
        assert gateway.get("/?service=turn")[0] == 401
        found = json.loads(gateway.get("/?service=turn&username=ann&key=key")[1])
        assert found["uris"][0].startswith("turn:gateway.example:")
        with allocated((HOST, gateway.port), Credentials(found["username"], found["password"]), HOST).socket:
            assert gateway.metric("stunner_allocations_active") == 1


@processes
def test_the_status_tells_what_the_file_says_now(processes: int, tmp_path: Path) -> None:
    live = tmp_path / "live.toml"
    live.write_text('peers = ["10.1.0.0/16"]')
    with program(PROCESSES=str(processes), FILE=str(live)) as gateway:

        def peers() -> list[str]:
            found: list[str] = json.loads(gateway.get("/status")[1])["peers"]
            return found

        assert peers() == ["10.1.0.0/16"]
        live.write_text("peers = [")
        assert peers() == ["10.1.0.0/16"]
        live.write_text('peers = ["worker:9000"]')
        wait_until(lambda: peers() == ["worker:9000"])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"host": "192.0.2.1"}, "no address of this machine"),
        ({"relay_address": ["192.0.2.1"]}, "it has to be this machine's"),
        ({"file": "/no/such/file.toml"}, "can't be read"),
        ({}, "is in use"),
    ],
)
@processes
def test_what_fails_is_said(
    processes: int, changes: dict[str, Any], sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        (taken,) = bind(settings())
        port = 0 if changes else taken[0].sock.getsockname()[1]
        try:
            assert await serve(settings(port=port, processes=processes, **changes), asyncio.Event()) == FAILED
        finally:
            close(taken)

    assert HANDED_DOWN not in os.environ
    run(scenario)
    assert sentence in caplog.text
