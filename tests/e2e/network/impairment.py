"""A bad network in user space: a UDP proxy that loses, delays and holds up datagrams, in both directions alike.

It stands in front of a gateway, so that all media of a browser that uses relay candidates alone pass through it. What
happens to a datagram is decided by ``Impairment``, which has a seed and no clock.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

Address = tuple[Any, ...]


@dataclass
class Impairment:
    """What the network does, from now on; each field may be changed while it runs."""

    loss: float = 0.0
    """The share of datagrams that are lost, each by itself."""
    latency: float = 0.0
    """Each datagram takes so many seconds."""
    jitter: float = 0.0
    """Each datagram takes up to so many seconds more, and may overtake others."""
    seed: int = 1
    dark_until: float = 0.0
    """Nothing arrives before this time."""
    lost: int = 0
    passed: int = 0
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def delay(self, now: float) -> float | None:
        """How long a datagram is held up; None if it is lost."""
        if now < self.dark_until or self._random.random() < self.loss:
            self.lost += 1
            return None
        self.passed += 1
        return self.latency + self._random.uniform(0, self.jitter)


class Proxy(asyncio.DatagramProtocol):
    """The side of the browsers: each of their addresses gets a socket of its own towards the gateway."""

    def __init__(self, target: Address, impairment: Impairment) -> None:
        self.impairment = impairment
        self._target = target
        self._loop = asyncio.get_running_loop()
        self._ways: dict[Address, asyncio.Task[_Way]] = {}
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, source: Address) -> None:
        if source not in self._ways:
            self._ways[source] = self._loop.create_task(self._open(source))
        way = self._ways[source]
        if way.done():
            self.carry(data, way.result().send)
        else:
            way.add_done_callback(lambda opened: self.carry(data, opened.result().send))

    def carry(self, data: bytes, send: Callable[[bytes], None]) -> None:
        """Let the network have this datagram."""
        delay = self.impairment.delay(self._loop.time())
        if delay is not None:
            self._loop.call_later(delay, send, data)

    def answer(self, data: bytes, browser: Address) -> None:
        """From the gateway, back to the browser."""
        self.carry(data, lambda data: self._transport.sendto(data, browser))

    def go_dark(self, seconds: float) -> None:
        """Begin an outage now."""
        self.impairment.dark_until = self._loop.time() + seconds

    async def _open(self, browser: Address) -> "_Way":
        _, way = await self._loop.create_datagram_endpoint(lambda: _Way(self, browser), remote_addr=self._target)
        return way

    async def close(self) -> None:
        for way in await asyncio.gather(*self._ways.values()):
            way.transport.close()
        self._transport.close()


class _Way(asyncio.DatagramProtocol):
    """The side of the gateway, for one address of a browser."""

    transport: asyncio.DatagramTransport

    def __init__(self, proxy: Proxy, browser: Address) -> None:
        self._proxy = proxy
        self._browser = browser

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def send(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.sendto(data)

    def datagram_received(self, data: bytes, source: Address) -> None:
        self._proxy.answer(data, self._browser)


@contextlib.asynccontextmanager
async def proxy(port: int, target: int, impairment: Impairment) -> AsyncIterator[Proxy]:
    """Run a proxy on this port of the loopback for a gateway on that one, until the end of the block."""
    loop = asyncio.get_running_loop()
    transport, running = await loop.create_datagram_endpoint(
        lambda: Proxy(("127.0.0.1", target), impairment), local_addr=("127.0.0.1", port)
    )
    try:
        yield running
    finally:
        await running.close()
        transport.close()
