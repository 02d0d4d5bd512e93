"""Several processes behind the same ports: how they are started, watched and ended, and what they tell each other.

The process that holds the sockets talks to each of the others over a pipe, one JSON object per line: it asks for
figures, and says when to drain; they say when they are ready. If it dies, they end. If one of them does, it is started
again, on the very same sockets.
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
from turn.gateway.sockets import Bound
from turn.http import metrics
from turn.http.metrics import Figure
from turn.node import Node, log_failure

logger = logging.getLogger(__name__)

PROCESS_COMMAND: Final = (sys.executable, "-m", "coinop", "turn")
"""The same program again, so that log and event loop are set up the same way."""

MAX_LINE: Final = 1 << 20
"""Bytes: the figures of a process have some kilobytes."""

ANSWER_SECONDS: Final = 2.0
"""A process that is busy for longer is left out of this scrape."""

FIRST_DELAY, MAX_DELAY = 0.2, 30.0
"""Seconds before a process is started again: twice as long each time, until one has run for as long as the longest."""

END_SECONDS: Final = 5.0
"""For a process to end once its allocations are over, or the time for them is."""


@dataclass(frozen=True)
class HandedDown:
    """What a process gets from the one that starts it."""

    control: int
    sockets: tuple[tuple[str, int], ...]
    """Protocol and file descriptor."""
    nonce_key: bytes

    def to_environment(self) -> str:
        """As the value of an environment variable."""
        return json.dumps({"control": self.control, "sockets": self.sockets, "nonce_key": self.nonce_key.hex()})

    @classmethod
    def from_environment(cls, text: str) -> "HandedDown":
        """The same, in the process."""
        found = json.loads(text)
        handed = tuple((protocol, fd) for protocol, fd in found["sockets"])
        return cls(found["control"], handed, bytes.fromhex(found["nonce_key"]))


class Said(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a process says to the one that started it."""

    ready: bool = False
    """It serves its clients."""
    figures: list[Figure] | None = None
    """What it was asked for."""

    def to_line(self) -> bytes:
        """As JSON, and the end of the line."""
        return msgspec.json.encode(self) + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Said":
        """The same, from JSON. Raises ValueError."""
        return msgspec.json.decode(line, type=cls)


class Sibling:
    """One of the processes, as the one that started it sees it. ``run`` keeps it going until it is told to end."""

    def __init__(self, config: Config, bound: Sequence[Bound], nonce_key: bytes, command: Sequence[str]) -> None:
        self.ready = False
        self.restarts = 0
        self.past: list[Figure] = []
        """What those before it have counted."""
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
        """Start the process, and again whenever it ends by itself."""
        delay = FIRST_DELAY
        while not self._ending.is_set():
            began = time.monotonic()
            code = await self._run_once()
            self.ready = False
            self.past = metrics.total([self.past, metrics.counted(self._figures)])
            self._figures = []
            if self._ending.is_set():
                return
            self.restarts += 1
            if time.monotonic() - began > MAX_DELAY:
                delay = FIRST_DELAY
            logger.error("! a process of the gateway ended with code %d: starting it again in %.1f s", code, delay)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), delay)
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
                self._hear(Said.from_line(line))
        except ConnectionError:
            return
        except ValueError as error:  # nobody could tell it to drain any more
            logger.error("! a process of the gateway says what makes no sense, and is ended: %s", error)
            self._kill()

    def _hear(self, said: Said) -> None:
        self.ready = self.ready or said.ready
        if said.figures is not None:
            self._figures = said.figures
            if self._answered and not self._answered.done():
                self._answered.set_result(None)

    async def figures(self) -> list[Figure]:
        """What it counts now; what it said last, if it does not answer."""
        if self.ready:
            if self._answered is None or self._answered.done():
                self._answered = asyncio.get_running_loop().create_future()
            self._say("figures")
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._answered), ANSWER_SECONDS)
        return metrics.total([self._figures, self.past])

    def drain(self) -> None:
        """Have it end once its allocations are over."""
        self._ending.set()
        self._say("drain")

    def kill(self) -> None:
        """End it at once."""
        self._ending.set()
        self._kill()

    def _kill(self) -> None:
        if self._process and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    def _say(self, word: str) -> None:
        if self._writer and not self._writer.is_closing():
            self._writer.write(f"{word}\n".encode())


class Siblings:
    """All of the processes."""

    def __init__(
        self, config: Config, bound: Sequence[Sequence[Bound]], nonce_key: bytes, command: Sequence[str]
    ) -> None:
        self._grace = config.grace_seconds
        self._siblings = [Sibling(config, each, nonce_key, command) for each in bound]
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    @property
    def state(self) -> str:
        """READY, NOT-READY or TERMINATING. Without one of them, those clients who would get it can't come in."""
        if self._stopping:
            return "TERMINATING"
        return "READY" if all(sibling.ready for sibling in self._siblings) else "NOT-READY"

    async def figures(self) -> list[Figure]:
        """Of all of them together."""
        each = await asyncio.gather(*(sibling.figures() for sibling in self._siblings))
        restarts = sum(sibling.restarts for sibling in self._siblings)
        return metrics.total([*each, [("coinop_turn_restarts_total", (), restarts)]])

    async def run(self, stop: asyncio.Event) -> None:
        """Keep them going until ``stop``, and then until their allocations are over."""
        for sibling in self._siblings:
            task = asyncio.create_task(sibling.run(), name="process")
            task.add_done_callback(log_failure)
            self._tasks.append(task)
        await stop.wait()
        self._stopping = True
        for sibling in self._siblings:
            if sibling.ready:
                sibling.drain()
            else:
                sibling.kill()
        await asyncio.wait(self._tasks, timeout=self._grace + END_SECONDS)

    async def close(self) -> None:
        """End those that are left."""
        for sibling in self._siblings:
            sibling.kill()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=END_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def serve_as_sibling(config: Config, stop: asyncio.Event, handed: HandedDown) -> None:
    """Be one of the processes, until told to drain and the last allocation is over, or until the first one is gone."""
    bound = [Bound(protocol, socket.socket(fileno=fd)) for protocol, fd in handed.sockets]
    control = socket.socket(fileno=handed.control)
    reader, writer = await asyncio.open_connection(sock=control, limit=MAX_LINE)
    node = Node(config, bound, handed.nonce_key)
    listening = asyncio.create_task(_listen(node, reader, writer, stop), name="control")
    stopping = asyncio.create_task(_drain_after(stop, node, config.grace_seconds), name="drain")
    try:
        await node.start()
        writer.write(Said(ready=True).to_line())
        await asyncio.wait((listening, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (listening, stopping):
            task.cancel()
        await asyncio.gather(listening, stopping, return_exceptions=True)
        writer.close()
        await node.close()


async def _drain_after(stop: asyncio.Event, node: Node, grace: float) -> None:
    await stop.wait()
    await node.gateway.drain(grace)


async def _listen(node: Node, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stop: asyncio.Event) -> None:
    """Do what the first process says, until it is gone."""
    with suppress(ConnectionError):
        while line := await reader.readline():
            if line == b"drain\n":
                stop.set()
            elif line == b"figures\n":
                writer.write(Said(figures=node.figures()).to_line())
