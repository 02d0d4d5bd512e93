"""Clients on TCP and TLS: one connection each.

Packets that can't be written are dropped, not queued: behind a slow connection a game's picture would only get older. A
connection without an allocation is closed after a while. How many there may be is listener.py's business.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import Sequence
from typing import Final, cast

from turn.gateway.listener import (
    HANDSHAKE_SECONDS,
    IDLE,
    NO_TURN,
    ConnectionLimit,
    ConnectionListener,
    OnGone,
    OnMessage,
)
from turn.gateway.relayed import ClientTransport, RelayedTransport
from turn.relay.allocation import Client
from turn.tasks import BackgroundTasks
from turn.wire.channel import HEADER, MAX_FRAME, MAX_STRANGERS_FRAME, PADDING, Deframer, is_channel_data
from turn.wire.errors import MalformedError
from turn.wire.stun import is_indication

logger = logging.getLogger(__name__)

MAX_UNSENT: Final = 128 * 1024
"""Bytes that may wait for a connection: a key frame, or 0.2 s at 5 Mbit/s. What comes then is dropped."""

MAX_UNSENT_ANSWERS: Final = 32 * 1024
"""Bytes that answers may take beyond that. Nobody repeats a request on a stream, and a client whose Refresh is not
answered gives its allocation up, just when the way to it is slow. A client that leaves so many unread is closed."""

NOT_READING: Final = "not_reading"
"""Why a connection is closed: not even answers are taken from it."""

_ACCEPT_PAUSE_SECONDS: Final = 1.0
"""Time without accepting, when file descriptors have run out."""


class TcpListener(ConnectionListener):
    """A TCP socket that clients connect to; with a TLS context, it speaks TLS."""

    def __init__(
        self,
        sock: socket.socket,
        on_message: OnMessage,
        on_gone: OnGone,
        limit: ConnectionLimit,
        context: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__("tls" if context else "tcp", sock, on_message, on_gone, limit)
        self._context = context
        self._clients: set[TcpClientTransport] = set()
        self._tasks = BackgroundTasks(logger)

    @property
    def connections(self) -> int:
        """Count the clients that are connected."""
        return len(self._clients)

    def start(self) -> None:
        """Accept connections from now on."""
        self._tasks.spawn(self._accept(), f"accept {self.name}")

    async def close(self) -> None:
        """Accept no more and end all connections."""
        await self._tasks.close()
        for client in tuple(self._clients):
            client.abort()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self.sock)
            except OSError as error:
                logger.warning("! %s: a connection can't be accepted: %s", self.name, error)
                await asyncio.sleep(_ACCEPT_PAUSE_SECONDS)
                continue
            if not self.limit.acquire():
                connection.close()
                continue
            self.accepted += 1
            self._tasks.spawn(self._connect(connection), f"handshake {self.name}")

    async def _connect(self, connection: socket.socket) -> None:
        """Make the transport of an accepted connection, after its TLS handshake if there is one."""
        connected = False
        try:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            loop = asyncio.get_running_loop()
            await loop.connect_accepted_socket(
                lambda: TcpClientTransport(self),
                connection,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if self._context else None,
            )
            connected = True  # from here on connection_lost gives the place back
        except OSError as error:
            logger.debug("! %s: %s", self.name, error)
        finally:
            if not connected:
                connection.close()
                self.limit.release()

    def add(self, client: "TcpClientTransport") -> None:
        """Remember a client that is connected, to end it with the listener."""
        self._clients.add(client)

    def remove(self, client: "TcpClientTransport") -> None:
        """Forget a client whose connection is over, and give its place back."""
        self._clients.discard(client)
        self.limit.release()


class TcpClientTransport(asyncio.Protocol, ClientTransport):
    """The way to a client on a stream, and asyncio's protocol for it."""

    destination = None

    def __init__(self, listener: TcpListener) -> None:
        self.traffic = listener.traffic
        self._listener = listener
        self._deframer = Deframer(MAX_STRANGERS_FRAME)
        self._loop = asyncio.get_running_loop()
        self._relayed: RelayedTransport | None = None
        self._transport: asyncio.Transport  # there from connection_made on
        self._client: Client | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._unsent_answers = 0
        """Bytes that were written although there was no room."""
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Make the client. asyncio calls this, and the next two."""
        self._transport = cast(asyncio.Transport, transport)
        address = transport.get_extra_info("peername")
        if not address:  # gone already
            self.abort()
            address = ("0.0.0.0", 0)
        server = transport.get_extra_info("sockname") or self._listener.address
        self._client = Client(self._listener.protocol, address[:2], server[:2], self)
        self._listener.add(self)
        self._start_idle_timer()

    def connection_lost(self, error: Exception | None) -> None:
        """End the client, and its allocation with it."""
        self.closed = True
        if self._idle:
            self._idle.cancel()
        self._listener.remove(self)
        if self._client:
            self._listener.on_gone(self._client)

    def data_received(self, data: bytes) -> None:
        """Handle the frames that are whole now. Close the connection if it brings anything but TURN."""
        if self._transport.is_closing():
            return
        now = time.monotonic()
        try:
            for frame in self._deframer.feed(data):
                if not self._transport.is_closing():
                    self._handle_frame(frame, now)
        except MalformedError as error:
            logger.debug("! %r: %s", self._client, error)
            self.close(NO_TURN)

    def _handle_frame(self, frame: memoryview, now: float) -> None:
        if not is_channel_data(frame[0]):
            if self._client:
                self._listener.on_message(bytes(frame), self._client, now)
        elif self._relayed:
            self._relayed.forward(frame[0] << 8 | frame[1], frame[HEADER:], now)
        else:
            self._listener.traffic.strays += 1

    def send(self, data: bytes) -> bool:
        """Send a STUN message: an answer, or a peer's data. Return whether there was room for it."""
        if self._transport.is_closing():
            return False
        if self._transport.get_write_buffer_size() <= MAX_UNSENT:
            self._unsent_answers = 0
        elif is_indication(data):
            return False
        else:
            self._unsent_answers += len(data)
            if self._unsent_answers > MAX_UNSENT_ANSWERS:
                logger.debug("! %r: closed, for it does not read", self._client)
                self.close(NOT_READING)
                return False
        self._transport.write(data)
        return True

    def send_channel_data(self, number: int, payloads: Sequence[memoryview], tos: int) -> int:
        """Send the payloads as ChannelData; a stream has no TOS for each.

        Return how many there was room for: all or none, for half a burst is half a picture.
        """
        if self._transport.is_closing() or self._transport.get_write_buffer_size() > MAX_UNSENT:
            return 0
        start = number.to_bytes(2, "big")
        pieces: list[bytes | memoryview] = []
        for payload in payloads:
            length = len(payload)
            pieces += (start, length.to_bytes(2, "big"), payload, PADDING[length % 4])
        self._transport.write(b"".join(pieces))
        return len(payloads)

    def attach(self, relayed: RelayedTransport) -> None:
        """Hand ChannelData to this relayed transport, and let frames be long and the connection be idle."""
        self._relayed = relayed
        self._deframer.limit = MAX_FRAME
        if self._idle:
            self._idle.cancel()
            self._idle = None

    def detach(self) -> None:
        """Treat the client as a stranger again."""
        self._relayed = None
        self._deframer.limit = MAX_STRANGERS_FRAME
        self._start_idle_timer()

    def close(self, reason: str) -> None:
        """Close the connection at once, and count why."""
        self._listener.limit.closed[reason] += 1
        self.abort()

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def _start_idle_timer(self) -> None:
        if self._idle is None and not self.closed:
            self._idle = self._loop.call_later(self._listener.limit.idle_seconds, self.close, IDLE)
