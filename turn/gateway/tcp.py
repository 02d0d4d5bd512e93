"""Clients on TCP and TLS: one connection each.

What can't be written is dropped, not queued: behind a slow connection a game's picture would only get older. The number
of connections has a limit, and one without an allocation is closed after a while.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from turn.gateway.relayed import Leg
from turn.gateway.traffic import Traffic
from turn.gateway.udp import OnMessage
from turn.relay.allocation import Client
from turn.wire.attributes import Address, text_of
from turn.wire.channel import HEADER, MAX_FRAME, MAX_STRANGERS_FRAME, PADDING, Deframer, is_channel_data
from turn.wire.errors import Malformed
from turn.wire.stun import is_indication

logger = logging.getLogger(__name__)

MAX_UNSENT: Final = 128 * 1024
"""Bytes that may wait for a connection: a key frame, or 0.2 s at 5 Mbit/s. What comes then is dropped."""

MAX_UNSENT_ANSWERS: Final = 32 * 1024
"""Bytes that answers may take beyond that. Nobody repeats a request on a stream, and a client whose Refresh is not
answered gives its allocation up, just when the way to it is slow. Who leaves so many unread is closed."""

HANDSHAKE_SECONDS: Final = 10.0
"""For TLS. Browsers take a few round trips; what takes longer holds a place that others want."""

IDLE: Final = "idle"
"""Why a connection is closed: no allocation for too long."""
NO_TURN: Final = "no_turn"
"""What comes by it can't be read, so what follows can't be found."""

NOT_READING: Final = "not_reading"
"""Not even answers are taken from it."""

_ACCEPT_PAUSE: Final = 1.0
"""Seconds without accepting, when file descriptors have run out."""


class StreamListener:
    """A TCP socket that clients connect to; with a TLS context, it speaks TLS."""

    def __init__(
        self,
        sock: socket.socket,
        on_message: OnMessage,
        on_gone: Callable[[Client], None],
        places: "Places",
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.protocol = "tls" if context else "tcp"
        self.sock = sock
        self.address: Address = sock.getsockname()[:2]
        self.traffic = Traffic()
        self.on_message = on_message
        self.on_gone = on_gone
        self.places = places
        self.accepted = 0
        self._context = context
        self._clients: set[StreamClient] = set()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._accepting: asyncio.Task[None] | None = None
        sock.setblocking(False)

    @property
    def name(self) -> str:
        """As metrics have it."""
        return f"{self.protocol}:{text_of(self.address)}"

    @property
    def connections(self) -> int:
        """Clients that are connected."""
        return len(self._clients)

    def start(self) -> None:
        """Accept connections."""
        self._accepting = asyncio.create_task(self._accept(), name=f"accept {self.name}")

    async def close(self) -> None:
        """End all connections."""
        tasks = [*self._handshakes, *([self._accepting] if self._accepting else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for client in tuple(self._clients):
            client.abort()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self.sock)
            except OSError as error:
                logger.warning("! %s: a connection can't be accepted: %s", self.name, error)
                await asyncio.sleep(_ACCEPT_PAUSE)
                continue
            if not self.places.take():
                connection.close()
                continue
            self.accepted += 1
            task = asyncio.create_task(self._welcome(connection))
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)

    async def _welcome(self, connection: socket.socket) -> None:
        connected = False
        try:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            loop = asyncio.get_running_loop()
            await loop.connect_accepted_socket(
                lambda: StreamClient(self),
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
                self.places.give_back()

    def opened(self, client: "StreamClient") -> None:
        """A client is connected."""
        self._clients.add(client)

    def closed(self, client: "StreamClient") -> None:
        """It is no longer."""
        self._clients.discard(client)
        self.places.give_back()


class Places:
    """How many connections there may be at a time, of all listeners on streams and of DTLS together."""

    def __init__(self, limit: int, idle: float) -> None:
        self.limit = limit
        self.idle = idle
        """Seconds after which a connection without an allocation is closed."""
        self.taken = 0
        self.refused = 0
        self.closed: Counter[str] = Counter()
        """Connections that we have closed, by reason."""

    def take(self) -> bool:
        """Whether there is a place for one more; then it is taken."""
        if self.taken >= self.limit:
            self.refused += 1
            return False
        self.taken += 1
        return True

    def give_back(self) -> None:
        """A connection is over."""
        self.taken -= 1


class StreamClient(asyncio.Protocol):
    """The way to a client on a stream."""

    datagrams = None

    def __init__(self, listener: StreamListener) -> None:
        self.traffic = listener.traffic
        self._listener = listener
        self._deframer = Deframer(MAX_STRANGERS_FRAME)
        self._loop = asyncio.get_running_loop()
        self._leg: Leg | None = None
        self._transport: Any = None
        self._client: Client | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._unsent_answers = 0
        """Bytes that were written although there was no room."""
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio, as the next two."""
        self._transport = transport
        address = transport.get_extra_info("peername")
        if not address:  # gone already
            self.abort()
            address = ("0.0.0.0", 0)
        server = transport.get_extra_info("sockname") or self._listener.address
        self._client = Client(self._listener.protocol, address[:2], server[:2], self)
        self._listener.opened(self)
        self._wait_idle()

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        if self._idle:
            self._idle.cancel()
        self._listener.closed(self)
        if self._client:
            self._listener.on_gone(self._client)

    def data_received(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        now = time.monotonic()
        try:
            for frame in self._deframer.feed(data):
                if not self._transport.is_closing():
                    self._take(frame, now)
        except Malformed as error:
            logger.debug("! %r: %s", self._client, error)
            self.close(NO_TURN)

    def _take(self, frame: memoryview, now: float) -> None:
        if not is_channel_data(frame[0]):
            if self._client:
                self._listener.on_message(bytes(frame), self._client, now)
        elif self._leg:
            self._leg.forward(frame[0] << 8 | frame[1], frame[HEADER:], now)
        else:
            self._listener.traffic.strays += 1

    def send(self, data: bytes) -> bool:
        """Send a STUN message: an answer, or a peer's data. Whether there was room for it."""
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
        """Send as ChannelData. How many there was room for: all or none, for half a burst is half a picture."""
        if self._transport.is_closing() or self._transport.get_write_buffer_size() > MAX_UNSENT:
            return 0
        start = number.to_bytes(2, "big")
        pieces: list[bytes | memoryview] = []
        for payload in payloads:
            length = len(payload)
            pieces += (start, length.to_bytes(2, "big"), payload, PADDING[length % 4])
        self._transport.write(b"".join(pieces))
        return len(payloads)

    def attach(self, leg: Leg) -> None:
        """The client has an allocation from now on."""
        self._leg = leg
        self._deframer.limit = MAX_FRAME
        if self._idle:
            self._idle.cancel()
            self._idle = None

    def detach(self) -> None:
        """It has none any more."""
        self._leg = None
        self._deframer.limit = MAX_STRANGERS_FRAME
        self._wait_idle()

    def close(self, reason: str) -> None:
        """Close at once, and count why."""
        self._listener.places.closed[reason] += 1
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def _wait_idle(self) -> None:
        if self._idle is None and not self.closed:
            self._idle = self._loop.call_later(self._listener.places.idle, self.close, IDLE)
