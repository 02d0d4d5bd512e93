"""Several processes behind the same ports: starting, watching and ending them, and the pipe to each.

The parent holds the sockets. It sends a child words, one per line: ``figures`` asks for figures, ``drain`` has it end.
A child sends JSON objects, one per line: that it is ready, and figures. If the parent dies, the children end. If a
child does, it is started again, on the very same sockets. What a child serves is left to node.py.
"""

import asyncio
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Final

import msgspec

from turn.config import HANDED_DOWN, Config
from turn.gateway.sockets import BoundSocket
from turn.http import metrics
from turn.http.metrics import Figure
from turn.node import Node
from turn.tasks import BackgroundTasks

logger = logging.getLogger(__name__)

PROCESS_COMMAND: Final = (sys.executable, "-m", "coinop", "turn")
"""The command of a child: the program itself, so that log and event loop are set up in one way."""

MAX_LINE: Final = 1 << 20
"""Bytes of a line: the figures of a process have some kilobytes."""

ANSWER_SECONDS: Final = 2.0
"""Time that a process has for its figures. One that is busy for longer is shown as it was before."""

FIRST_DELAY, MAX_DELAY = 0.2, 30.0
"""Seconds before a process is started again: twice as long each time, until one has run for as long as the longest."""

END_SECONDS: Final = 5.0
"""Time for a process to end once its allocations are over, or the time for them is."""


@dataclass(frozen=True)
class HandedDown:
    """The sockets and the key that a process gets from its parent."""

    control: int
    """File descriptor of the pipe to the parent."""
    sockets: tuple[tuple[str, int], ...]
    """Protocol and file descriptor of each."""
    nonce_key: bytes

    def to_environment(self) -> str:
        """Return the value of an environment variable that says all of it."""
        return json.dumps({"control": self.control, "sockets": self.sockets, "nonce_key": self.nonce_key.hex()})

    @classmethod
    def from_environment(cls, text: str) -> "HandedDown":
        """Read such a value, in the child."""
        found = json.loads(text)
        handed = tuple((protocol, fd) for protocol, fd in found["sockets"])
        return cls(found["control"], handed, bytes.fromhex(found["nonce_key"]))


class ChildMessage(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A message of a child to its parent."""

    ready: bool = False
    """Whether it serves clients now."""
    figures: list[Figure] | None = None
    """Its figures, if it was asked for them."""

    def to_line(self) -> bytes:
        """Encode the message as JSON, and the end of the line."""
        return msgspec.json.encode(self) + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "ChildMessage":
        """Decode a line of JSON. Raises ValueError."""
        return msgspec.json.decode(line, type=cls)


class GatewayProcess:
    """One of the processes, as the parent sees it. ``run`` keeps it going until ``drain`` or ``kill``."""

    def __init__(self, config: Config, bound: Sequence[BoundSocket], nonce_key: bytes, command: Sequence[str]) -> None:
        self.ready = False
        self.restarts = 0
        self.past: list[Figure] = []
        """Counts of the processes that ran before in its place."""
        self._environment = config.environment()
        self._bound = bound
        self._nonce_key = nonce_key
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._figures: list[Figure] = []
        self._answered: asyncio.Future[None] | None = None
        self._ending = asyncio.Event()

    async def run(self) -> None:
        """Start the process, and start it again whenever it ends by itself."""
        delay = FIRST_DELAY
        while not self._ending.is_set():
            began = time.monotonic()
            code = await self._run_once()
            self.ready = False
            self.past = metrics.total([self.past, metrics.counters_of(self._figures)])
            self._figures = []
            if self._ending.is_set():
                return
            self.restarts += 1
            if time.monotonic() - began > MAX_DELAY:
                delay = FIRST_DELAY
            logger.error("! a process of the gateway ended with code %d: starting it again in %.1f s", code, delay)
            with suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._ending.wait()
            delay = min(2 * delay, MAX_DELAY)

    async def _run_once(self) -> int:
        ours, theirs = socket.socketpair()
        with ExitStack() as stack:
            stack.callback(ours.close)
            with theirs:
                self._process = await self._start(theirs.fileno())
            reader, self._writer = await asyncio.open_connection(sock=ours, limit=MAX_LINE)
            stack.pop_all()  # the writer closes it
        if self._ending.is_set():
            self.kill()
        try:
            await self._read(reader)
            return await self._process.wait()
        finally:
            self._writer.close()

    async def _start(self, control: int) -> asyncio.subprocess.Process:
        handed = tuple((each.protocol, each.sock.fileno()) for each in self._bound)
        handed_down = HandedDown(control, handed, self._nonce_key)
        return await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            env={**os.environ, **self._environment, HANDED_DOWN: handed_down.to_environment()},
            pass_fds=[control, *(fd for _, fd in handed)],
        )

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                self._handle(ChildMessage.from_line(line))
        except ConnectionError:
            return
        except ValueError as error:  # it could not be told to drain any more
            logger.error("! a process of the gateway says what makes no sense, and is ended: %s", error)
            self._kill()

    def _handle(self, message: ChildMessage) -> None:
        self.ready = self.ready or message.ready
        if message.figures is not None:
            self._figures = message.figures
            if self._answered and not self._answered.done():
                self._answered.set_result(None)

    async def figures(self) -> list[Figure]:
        """Ask the process for its figures; return its last ones if it does not answer in time."""
        if self.ready:
            if self._answered is None or self._answered.done():
                self._answered = asyncio.get_running_loop().create_future()
            self._send("figures")
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_SECONDS):
                    await asyncio.shield(self._answered)
        return metrics.total([self._figures, self.past])

    def drain(self) -> None:
        """Have the process end once its allocations are over."""
        self._ending.set()
        self._send("drain")

    def kill(self) -> None:
        """End the process at once, and start it no more."""
        self._ending.set()
        self._kill()

    def _kill(self) -> None:
        if self._process and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    def _send(self, word: str) -> None:
        if self._writer and not self._writer.is_closing():
            self._writer.write(f"{word}\n".encode())


class GatewayProcesses:
    """All processes of a gateway, as the parent sees them."""

    def __init__(
        self, config: Config, bound: Sequence[Sequence[BoundSocket]], nonce_key: bytes, command: Sequence[str]
    ) -> None:
        self._grace = config.grace_seconds
        self._processes = [GatewayProcess(config, each, nonce_key, command) for each in bound]
        self._tasks = BackgroundTasks(logger)
        self._stopping = False

    @property
    def state(self) -> str:
        """Return READY, NOT-READY or TERMINATING. One that is missing is enough: its clients can't come in."""
        if self._stopping:
            return "TERMINATING"
        return "READY" if all(process.ready for process in self._processes) else "NOT-READY"

    async def figures(self) -> list[Figure]:
        """Return the sum of all figures."""
        each = await asyncio.gather(*(process.figures() for process in self._processes))
        restarts = sum(process.restarts for process in self._processes)
        return metrics.total([*each, [("coinop_turn_restarts_total", (), restarts)]])

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the processes going until ``stop``, and then until their allocations are over."""
        for process in self._processes:
            self._tasks.spawn(process.run(), "process")
        await stop.wait()
        self._stopping = True
        for process in self._processes:
            if process.ready:
                process.drain()
            else:
                process.kill()
        await self._wait(self._grace + END_SECONDS)

    async def close(self) -> None:
        """End the processes that are left."""
        for process in self._processes:
            process.kill()
        await self._wait(END_SECONDS)
        await self._tasks.close()

    async def _wait(self, timeout_seconds: float) -> None:
        """Wait until all processes have ended, or the time is over."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_seconds)


async def serve_as_child(config: Config, stop: asyncio.Event, handed: HandedDown) -> None:
    """Serve clients as one of the processes, until the parent is gone, or ``stop`` and the last allocation is over."""
    bound = [BoundSocket(protocol, socket.socket(fileno=fd)) for protocol, fd in handed.sockets]
    control = socket.socket(fileno=handed.control)
    reader, writer = await asyncio.open_connection(sock=control, limit=MAX_LINE)
    node = Node(config, bound, handed.nonce_key)
    tasks = BackgroundTasks(logger)
    listening = tasks.spawn(_listen(node, reader, writer, stop), "control")
    stopping = tasks.spawn(_drain_after(stop, node, config.grace_seconds), "drain")
    try:
        await node.start()
        writer.write(ChildMessage(ready=True).to_line())
        await asyncio.wait((listening, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        await tasks.close()
        writer.close()
        await node.close()


async def _drain_after(stop: asyncio.Event, node: Node, grace: float) -> None:
    await stop.wait()
    await node.gateway.drain(grace)


async def _listen(node: Node, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stop: asyncio.Event) -> None:
    """Do what the parent says, until it is gone."""
    with suppress(ConnectionError):
        while line := await reader.readline():
            if line == b"drain\n":
                stop.set()
            elif line == b"figures\n":
                writer.write(ChildMessage(figures=node.figures()).to_line())
