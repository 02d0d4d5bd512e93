"""One WebSocket, to a page or to a worker: frames in under a rate limit, messages out through a bounded queue.

An Outlet for the switchboard. A peer that breaks a rule is told so in one ``refused``, and its connection ends; others
don't notice. What the messages mean is left to players.py and workers.py.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import WebSocketError, WSCloseCode, WSMsgType, web
from msgspec import Struct

from coordinator.errors import MessageError, PeerError
from coordinator.fleet.router import Outlet
from coordinator.http.metrics import Metrics, PeerKind
from coordinator.http.tasks import BackgroundTasks
from coordinator.limits.token_bucket import TokenBucket
from coordinator.messages import MAX_MESSAGE_BYTES, Refused, encode

logger = logging.getLogger(__name__)

CLOSE_SECONDS = 2.0
"""How long the peer may take to read what is left and to agree that the connection ends."""

LINGER_SECONDS = 0.5
"""How long the rest of an oversized message is thrown away before the socket closes. Closing on unread data resets
the connection, and a reset can overtake the refusal."""

VIOLATIONS = {
    WSCloseCode.MESSAGE_TOO_BIG: f"A message is longer than the {MAX_MESSAGE_BYTES} bytes that are read.",
    WSCloseCode.INVALID_TEXT: "A message is not UTF-8 text.",
    WSCloseCode.PROTOCOL_ERROR: "These are not WebSocket frames.",
    WSCloseCode.UNSUPPORTED_DATA: "These are not WebSocket frames.",
}
"""What aiohttp ends a connection for, by its close code."""

_T = TypeVar("_T", bound=Struct)


@dataclass(frozen=True)
class Limits:
    """The limits of one kind of peer."""

    peer: PeerKind
    messages_per_second: float
    burst: float
    queued_bytes: int
    """Bytes that may wait to be sent. A peer for which more waits reads too slowly, and is dropped."""
    remedy: str
    """The advice for the person behind a peer that broke a rule."""
    heartbeat_seconds: float
    """Between pings; a peer that doesn't answer within half of it more is gone."""


class Connection:
    """A WebSocket that is open. Made by ``accept``."""

    def __init__(self, socket: "_Socket", transport: asyncio.Transport | None, limits: Limits, metrics: Metrics):
        self.socket = socket
        self._transport = transport
        self._limits = limits
        self._metrics = metrics
        self._bucket = TokenBucket(limits.messages_per_second, limits.burst, self._now())
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._queued_bytes = 0
        self._ending = False
        self._tasks = BackgroundTasks()
        self._writer = self._tasks.spawn(self._write(), f"the writer to a {limits.peer}")
        socket.on_violation = self._refuse_violation

    async def receive(self, decode: Callable[[bytes], _T]) -> _T | None:
        """Wait for the next message and return it; None when the connection has ended. Raises PeerError."""
        frame = await self.socket.receive()
        if frame.type is WSMsgType.TEXT:
            return self._read(frame.data, decode)
        if frame.type is WSMsgType.BINARY:
            raise self._bad_message("Messages are JSON in text frames, and a binary one came.")
        if frame.type is WSMsgType.ERROR and not isinstance(frame.data, WebSocketError):
            logger.info("= %s connection lost: %s", self._limits.peer, frame.data)
        return None

    def send(self, message: Struct, text: str | None = None) -> None:
        """Queue a message; ``text`` is its encoding where that is there already. Never waits, never fails."""
        if self._ending:
            return
        if self._queued_bytes > self._limits.queued_bytes:
            self._drop()
            return
        text = encode(message) if text is None else text
        self._metrics.count_sent(self._limits.peer, message)
        self._queued_bytes += len(text)
        self._queue.put_nowait(text)

    def refuse(self, error: PeerError) -> None:
        """Tell the peer what was wrong, and log it; closing is left to the caller."""
        logger.warning("! %s connection ends: %s: %r", self._limits.peer, error.code, error.sentence)  # quotes the peer
        self.send(Refused(code=error.code, message=error.sentence))

    async def close(self, code: int = WSCloseCode.OK, reason: str = "") -> None:
        """Send what is queued, then end the connection, as Outlet says. Only the first call counts."""
        if self._ending:
            return
        self._ending = True
        self._queue.put_nowait(None)
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._writer
                await self.socket.close(code=code, message=reason.encode())
        except TimeoutError:
            self._abort()
        finally:
            self._tasks.cancel()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _write(self) -> None:
        """Send what is queued; this runs in the one task that sends. ``close`` waits for it or cancels it."""
        with suppress(ConnectionError):
            while (text := await self._queue.get()) is not None:
                await self.socket.send_str(text)
                self._queued_bytes -= len(text)

    def _read(self, frame: bytes, decode: Callable[[bytes], _T]) -> _T:
        if not self._bucket.take(self._now()):
            limit = self._limits.messages_per_second
            raise PeerError("too_many_messages", f"More than {limit:.0f} messages a second came. {self._limits.remedy}")
        try:
            message = decode(frame)
        except MessageError as error:
            raise self._bad_message(f"This is {error}.") from error
        self._metrics.count_received(self._limits.peer, message)
        return message

    def _bad_message(self, sentence: str) -> PeerError:
        return PeerError("bad_message", f"{sentence} {self._limits.remedy}")

    def _refuse_violation(self, code: int) -> None:
        self.refuse(self._bad_message(VIOLATIONS[WSCloseCode(code)]))

    def _drop(self) -> None:
        logger.warning("! %s connection dropped: it does not read what is sent to it", self._limits.peer)
        self._metrics.dropped.labels(self._limits.peer).inc()
        self._ending = True
        self._abort()

    def _abort(self) -> None:
        self._tasks.cancel()
        if self._transport is not None:
            self._transport.abort()


class _Socket(web.WebSocketResponse):
    """aiohttp ends a connection that breaks the WebSocket protocol by itself; this one says why before that."""

    on_violation: Callable[[int], None]

    async def close(self, *, code: int = WSCloseCode.OK, message: bytes = b"", drain: bool = True) -> bool:
        if code in VIOLATIONS and not self.closed:
            self.on_violation(code)
            await asyncio.sleep(LINGER_SECONDS)
        return await super().close(code=code, message=message, drain=drain)


@asynccontextmanager
async def accept(
    request: web.Request, limits: Limits, metrics: Metrics, outlets: set[Outlet]
) -> AsyncIterator[Connection]:
    """Answer the upgrade request; the connection is open, and in ``outlets``, until the end of the block.

    A PeerError that leaves the block becomes the refusal that ends the connection.
    Raises HTTPBadRequest for a request that is no upgrade.
    """
    socket = _Socket(
        heartbeat=limits.heartbeat_seconds,
        timeout=CLOSE_SECONDS,
        max_msg_size=MAX_MESSAGE_BYTES + 1,  # aiohttp refuses this size itself too
        compress=False,  # an SDP is short, and a deflate state for each page costs more memory than it saves traffic
        decode_text=False,  # msgspec reads bytes
    )
    if not socket.can_prepare(request):
        raise web.HTTPBadRequest(text="This address speaks WebSocket. A person finds the page at /.\n")
    await socket.prepare(request)
    connection = Connection(socket, request.transport, limits, metrics)
    outlets.add(connection)
    try:
        yield connection
    except PeerError as error:
        connection.refuse(error)
        await connection.close(WSCloseCode.POLICY_VIOLATION, error.code)
    finally:
        outlets.discard(connection)
        await connection.close()
