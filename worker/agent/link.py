"""The link to the coordinator: one WebSocket, opened by the worker, and opened again when it breaks.

Messages are brought in and out as they are; what they mean is ``orders.py``'s business.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus

import aiohttp
from pydantic import SecretStr

from coordinator.messages import (
    MAX_MESSAGE_BYTES,
    MessageError,
    Refused,
    Registered,
    WorkerCommand,
    WorkerMessage,
    decode_worker_command,
    encode,
)
from worker.runtime.backoff import backoff
from worker.runtime.errors import StartupError

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5.0
"""Between two pings; a coordinator that is silent for half of it after one is taken to be gone."""

CONNECT_SECONDS = 10.0
"""For connecting and the handshake."""

FLUSH_SECONDS = 0.5
"""For the last messages, and again for the closing handshake, when the worker stops."""

FIRST_DELAY = 0.25
MAX_DELAY = 5.0
"""Seconds between two tries, twice as many each time. A coordinator that restarts finds its workers, with their rooms,
back within these; a random half is taken off, so that a hundred workers don't come at once."""

QUIET_TRIES = 6
"""Failed tries until the outage is worth a warning, 4 to 8 seconds: when everything starts at once, the coordinator may
be last, and on a busy machine by some seconds."""


class CoordinatorRefusedError(StartupError):
    """The coordinator does not want this worker."""

    code = "coordinator_refused"

    def __init__(self, url: str, reason: str) -> None:
        """``reason`` continues the sentence, with the punctuation before it."""
        super().__init__(f"The coordinator at {url} refused this worker{reason}")
        self.url = url
        self.reason = reason


class Link:
    """Keeps the worker registered: ``run`` connects again whenever the link breaks."""

    def __init__(
        self,
        url: str,
        token: SecretStr,
        *,
        introduce: Callable[[], Iterable[WorkerMessage]],
        handle: Callable[[WorkerCommand], None],
    ) -> None:
        """Connect with ``run``; ``introduce`` returns what to send first: the registration, and rooms brought along."""
        self._url = url
        self._token = token
        self._introduce = introduce
        self._handle = handle
        self._outgoing: asyncio.Queue[WorkerMessage] | None = None
        self._failures = 0
        self._was_registered = False
        self.registered = False
        """Whether the coordinator has this worker in its registry now."""

    def send(self, message: WorkerMessage) -> None:
        """Send the message soon; drop it if there is no link, or if the link breaks first."""
        if self._outgoing is not None:
            self._outgoing.put_nowait(message)

    async def flush(self) -> None:
        """Wait until all that was given to ``send`` is written, at most FLUSH_SECONDS."""
        if self._outgoing is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._outgoing.join()

    async def run(self) -> None:
        """Keep connected until cancelled. Raises CoordinatorRefusedError."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=CONNECT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                await self._connect(session)
                self._failures += 1
                delay = backoff(self._failures, FIRST_DELAY, MAX_DELAY)
                await asyncio.sleep(delay * random.uniform(0.5, 1.0))

    async def _connect(self, session: aiohttp.ClientSession) -> None:
        """Make one connection and use it until it ends."""
        try:
            async with session.ws_connect(
                self._url,
                headers={"Authorization": f"Bearer {self._token.get_secret_value()}"},
                heartbeat=HEARTBEAT_SECONDS,
                timeout=aiohttp.ClientWSTimeout(ws_close=FLUSH_SECONDS),
                max_msg_size=MAX_MESSAGE_BYTES,
            ) as socket:
                await self._converse(socket)
        except aiohttp.WSServerHandshakeError as error:
            self._note_handshake_failure(error)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self._note_outage(getattr(error, "strerror", None) or str(error) or type(error).__name__)

    async def _converse(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._outgoing = asyncio.Queue()
        for message in self._introduce():
            self.send(message)
        sending = asyncio.create_task(self._transmit(socket, self._outgoing), name="link")
        try:
            await self._receive(socket)
        finally:
            self._outgoing = None
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            was_registered, self.registered = self.registered, False
        if was_registered:
            logger.warning("The link to the coordinator at %s is lost; rooms go on. Connecting again.", self._url)

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is not aiohttp.WSMsgType.TEXT:
                logger.warning("! the coordinator sent a %s frame; it is ignored", frame.type.name)
                continue
            try:
                command = decode_worker_command(frame.data)
            except MessageError as error:  # a newer coordinator may know more commands
                logger.warning("! the coordinator sent something unknown, which is ignored: %s", error)
                continue
            self._dispatch(command)

    def _dispatch(self, command: WorkerCommand) -> None:
        logger.debug("< %s", type(command).__name__)
        if isinstance(command, Registered):
            self.registered = self._was_registered = True
            self._failures = 0
            logger.info("Registered with the coordinator at %s as %s.", self._url, command.worker)
            self._handle(command)
        elif isinstance(command, Refused):
            self._note_refusal(command)
        else:
            self._handle(command)

    async def _transmit(self, socket: aiohttp.ClientWebSocketResponse, outgoing: asyncio.Queue[WorkerMessage]) -> None:
        try:
            while True:
                message = await outgoing.get()
                logger.debug("> %s", type(message).__name__)
                await socket.send_str(encode(message))
                outgoing.task_done()
        except (ConnectionError, aiohttp.ClientError):
            pass
        except Exception:  # without an end, the worker would stay registered and say nothing any more
            logger.exception("! a message can't be sent")
        await socket.close()  # which ends the receiving side too

    # ----- failures

    def _note_refusal(self, refusal: Refused) -> None:
        """Raise if this worker was never registered, else only log it: the coordinator may refuse one that it had.

        It may not have noticed yet that the link before is gone. Raises CoordinatorRefusedError.
        """
        if not self._was_registered:
            raise CoordinatorRefusedError(self._url, f": {refusal.message}")
        logger.warning("The coordinator at %s refused this worker, for now: %s", self._url, refusal.message)

    def _note_handshake_failure(self, error: aiohttp.WSServerHandshakeError) -> None:
        if error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            remedy = "'s token: set COINOP_WORKER_TOKEN to the coordinator's."
            raise CoordinatorRefusedError(self._url, remedy) from None  # the cause holds the request, and so the token
        self._note_outage(f"it answered {error.status}, so something else may be listening there")

    def _note_outage(self, reason: str) -> None:
        if self._failures + 1 == QUIET_TRIES:
            logger.warning(
                "The coordinator at %s can't be reached (%s): check COINOP_WORKER_COORDINATOR. Still trying.",
                self._url,
                reason,
            )
