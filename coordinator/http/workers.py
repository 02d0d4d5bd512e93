"""``/ws/worker``: the workers' WebSocket. Which workers may register, and in which order a worker speaks.

What a worker's messages do is decided in rooms/ and by the switchboard.
"""

import asyncio
import logging

from aiohttp import web

from coordinator.errors import PeerError
from coordinator.http.bearer import is_authorised
from coordinator.http.switchboard import CONFIG, SWITCHBOARD, Switchboard
from coordinator.http.websocket import Connection, Limits, accept
from coordinator.messages import Register, WorkerMessage, decode_worker_message

logger = logging.getLogger(__name__)

LIMITS = Limits(
    peer="worker",
    messages_per_second=2000,
    burst=20_000,  # every viewer of a machine at once
    queued_bytes=16 << 20,  # more than 1,000 offers of the usual length
    remedy="Start the worker again, from the coordinator's release.",
    # A machine that is gone without a word is noticed after 3 to 4.5 s, and its rooms go on elsewhere. A process that
    # ends is noticed at once, by its closed socket.
    heartbeat_seconds=3,
)

REGISTER_SECONDS = 10.0
"""How long a worker may be silent before it registers."""


async def worker_socket(request: web.Request) -> web.StreamResponse:
    """Serve one worker until it goes. Raises HTTPUnauthorized for a wrong token."""
    config, switchboard = request.app[CONFIG], request.app[SWITCHBOARD]
    if not is_authorised(request.headers.get("Authorization", ""), config.worker_tokens):
        switchboard.metrics.unauthorised.inc()
        logger.warning("! a worker from %s was turned away: its token is missing or wrong", request.remote)
        raise web.HTTPUnauthorized(
            text="The worker token is missing or wrong: COINOP_WORKER_TOKEN must be one of the coordinator's.\n",
            headers={"WWW-Authenticate": "Bearer"},
        )
    async with accept(request, LIMITS, switchboard.metrics, switchboard.outlets) as connection:
        if len(switchboard.registry) >= config.max_workers:
            raise PeerError("too_many_workers", f"{config.max_workers} workers are connected: raise max_workers.")
        await _converse(connection, switchboard)
    return connection.socket


async def _converse(connection: Connection, switchboard: Switchboard) -> None:
    registration = await _registration(connection)
    if registration is None:
        return
    worker = switchboard.add_worker(connection, registration)
    logger.info(
        "= worker %s (%r) registered: %d rooms, %d games",
        worker,
        registration.name,
        registration.capacity,
        len(registration.games) + registration.more,
    )
    try:
        while (message := await connection.receive(decode_worker_message)) is not None:
            switchboard.handle_worker_message(worker, message)
    finally:
        switchboard.remove_worker(worker)
        logger.info("= worker %s is gone", worker)


async def _registration(connection: Connection) -> Register | None:
    message: WorkerMessage | None
    try:
        async with asyncio.timeout(REGISTER_SECONDS):
            message = await connection.receive(decode_worker_message)
    except TimeoutError as error:
        sentence = f"A worker registers within {REGISTER_SECONDS:.0f} seconds; this one said nothing."
        raise PeerError("not_registered", sentence) from error
    if message is None or isinstance(message, Register):
        return message
    raise PeerError("not_registered", "A worker's first message is register.")
