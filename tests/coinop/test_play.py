"""``coinop play`` as a person uses it: real programs, a real port, real signals."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aioice.turn import create_turn_endpoint

from coinop.gateway import LOOPBACK
from coinop.play import Config
from coordinator.messages import Welcome, decode_player_event
from tests.ports import free_port

MARK = "COINOP_TEST_MARK"
"""A variable that every process of the stack inherits, whatever session or group it is in."""

WITHIN = 60.0
"""Seconds until a condition has to hold; it holds in two or three."""

needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for survivors in /proc")


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.05)


def is_ready(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5) as response:
        return response.status == 200
    return False


class Stack:
    """A running ``coinop play``."""

    def __init__(self, port: int, *options: str) -> None:
        self.port = port
        self.mark = uuid.uuid4().hex
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COINOP_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "coinop", "play", "--no-browser", "--port", str(port), "--turn-port", "0", *options],
            env={**environment, MARK: self.mark},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def living(self) -> set[int]:
        """List the processes of this stack that run, ``coinop play`` included."""
        return {int(entry.name) for entry in Path("/proc").glob("[0-9]*") if self._runs(entry)}

    def _runs(self, entry: Path) -> bool:
        with suppress(OSError):  # it ended as we looked; the memory of a zombie is gone, so it has no environment
            return f"{MARK}={self.mark}".encode() in (entry / "environ").read_bytes()
        return False

    def program(self, name: str) -> int:
        """Find the process of one program."""
        (found,) = (process for process in self.living() if _command(process)[1:4] == [b"-m", b"coinop", name.encode()])
        return found

    def url(self) -> str:
        """Wait for the line on standard output; empty if the stack ended without one."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def end(self) -> None:
        for process in self.living():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.kill()
        self.process.communicate()


def _command(process: int) -> list[bytes]:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    return []


@pytest.fixture
def stack() -> Iterator[Stack]:
    stack = Stack(free_port())
    yield stack
    stack.end()


@needs_proc
def test_it_prints_the_address_when_ready_and_ctrl_c_ends_every_process(stack: Stack) -> None:
    assert stack.url() == f"http://127.0.0.1:{stack.port}/"
    assert is_ready(stack.port)
    assert len(stack.living()) >= 4  # itself, coordinator, gateway, worker
    stack.process.send_signal(signal.SIGINT)
    rest, said = stack.process.communicate(timeout=WITHIN)
    assert (stack.process.returncode, rest, said) == (0, "", "")
    until(lambda: not stack.living(), "every process ended")


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_stop_before_it_is_ready_ends_every_process_too(stack: Stack, number: signal.Signals) -> None:
    until(lambda: len(stack.living()) >= 4, "the programs have been started")
    stack.process.send_signal(number)
    stack.process.communicate(timeout=WITHIN)
    assert stack.process.returncode == 0
    until(lambda: not stack.living(), "every process ended")


@needs_proc
def test_kill_9_leaves_no_orphan(stack: Stack) -> None:
    assert stack.url()
    stack.process.kill()
    until(lambda: not stack.living(), "every process ended")


@needs_proc
@pytest.mark.parametrize(("program", "called"), [("worker", "worker"), ("turn", "gateway")])
def test_a_program_that_dies_ends_the_stack_with_a_sentence(stack: Stack, program: str, called: str) -> None:
    assert stack.url()
    os.kill(stack.program(program), signal.SIGKILL)
    _, said = stack.process.communicate(timeout=WITHIN)
    assert stack.process.returncode == 1
    assert f"coinop play: the {called} ended with signal 9" in said
    until(lambda: not stack.living(), "every process ended")


class Ear(asyncio.DatagramProtocol):
    """Hears one datagram."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.heard, self.ended = loop.create_future(), loop.create_future()

    def datagram_received(self, data: bytes, _address: Any) -> None:
        self.heard.set_result(data)

    def connection_lost(self, _error: Exception | None) -> None:
        self.ended.set_result(None)


async def test_a_page_may_use_the_gateway_and_reaches_the_rooms_through_it() -> None:
    stack = Stack(free_port(), "--relay-only")
    try:
        url = await asyncio.to_thread(stack.url)
        async with ClientSession() as session, session.ws_connect(f"{url}ws/player") as page:
            welcome = decode_player_event(await page.receive_str())
        assert isinstance(welcome, Welcome)
        assert welcome.relay_only
        (server,) = welcome.ice_servers
        host, port = server.urls[0].removeprefix("turn:").removesuffix("?transport=udp").split(":")
        assert server.urls[1] == f"turn:{host}:{port}?transport=tcp"
        loop = asyncio.get_running_loop()
        room, at_the_room = await loop.create_datagram_endpoint(Ear, local_addr=(LOOPBACK, 0))
        relay, at_the_page = await create_turn_endpoint(
            Ear, server_addr=(host, int(port)), username=server.username, password=server.credential
        )
        relay.sendto(b"hello", room.get_extra_info("sockname"))
        assert await asyncio.wait_for(at_the_room.heard, WITHIN) == b"hello"
        relay.close()
        await asyncio.wait_for(at_the_page.ended, WITHIN)
        room.close()
    finally:
        stack.end()


def test_a_busy_port_is_one_sentence_that_names_it_and_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        second = Stack(port)
        address, said = second.process.communicate(timeout=WITHIN)
    assert (second.process.returncode, address) == (1, "")
    (line,) = said.splitlines()
    assert re.match(rf"coinop play: port {port} is in use", line)
    assert "--port" in line


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("0.0.0.0", "http://127.0.0.1:8000/"),
        ("::", "http://[::1]:8000/"),
        ("192.0.2.1", "http://192.0.2.1:8000/"),
    ],
)
def test_the_address_is_one_that_this_machine_can_open(host: str, url: str) -> None:
    assert Config(host=ip_address(host)).url == url
