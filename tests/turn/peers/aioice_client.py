"""aioice's TURN client as the tests use it, and a peer that echoes."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aioice import turn

from tests.turn.peers.servers import HOST, PASSWORD, USER, Server

WITHIN = 20.0
"""Seconds for anything that is waited for."""


class Echo(asyncio.DatagramProtocol):
    """A peer that answers with what it gets."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.transport.sendto(data, addr)


class Receiver(asyncio.DatagramProtocol):
    """The client's side: it keeps the packets that it gets."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()
        self.errors: asyncio.Queue[Exception] = asyncio.Queue()
        self.closed = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.received.put_nowait((data, addr))

    def error_received(self, exc: Exception) -> None:
        self.errors.put_nowait(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()


def unverified() -> ssl.SSLContext:
    """Make a TLS context for the gateway's certificate, which is self-signed."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@asynccontextmanager
async def endpoint(
    server: Server, transport: str, **changes: Any
) -> AsyncIterator[tuple[turn.TurnTransport, Receiver]]:
    """Hold an allocation; afterwards, whatever the test came to, delete it and wait for the answer."""
    secure = transport == "tls"
    options: dict[str, Any] = {"username": USER, "password": PASSWORD} | changes
    async with asyncio.timeout(WITHIN):
        client, receiver = await turn.create_turn_endpoint(
            Receiver,
            server_addr=(HOST, server.secure_port if secure else server.port),
            ssl=unverified() if secure else None,
            transport="udp" if transport == "udp" else "tcp",
            **options,
        )
    try:
        yield client, receiver
    finally:
        client.close()
        async with asyncio.timeout(WITHIN):
            await receiver.closed.wait()
