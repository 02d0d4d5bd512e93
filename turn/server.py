"""``coinop turn``: the gateway from start to orderly end, in one process or in several.

With one process, all of it is here. With several, this one binds the sockets, starts the others (the same program,
which finds in its environment what it is handed down), starts those again that end by themselves, and answers for all
of them over HTTP; they serve the clients.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from turn.config import HANDED_DOWN, Config
from turn.gateway import sockets
from turn.gateway.sockets import Bound, NotServedError
from turn.http.health import Asked, Health, serving
from turn.http.metrics import Figure
from turn.http.rest import Rest, uris_for
from turn.node import Node, relay_addresses
from turn.processes import PROCESS_COMMAND, HandedDown, Siblings, serve_as_sibling
from turn.reload import Changeable, Unusable, read
from turn.wire.attributes import text_of

logger = logging.getLogger(__name__)

FAILED = 1

NONCE_KEY_BYTES = 32


async def serve(config: Config, stop: asyncio.Event) -> int:
    """Run the gateway until ``stop``, and then until its allocations are over. Its exit code: 0, or 1 after a failure
    that the log explains.
    """
    try:
        if HANDED_DOWN in os.environ:
            await serve_as_sibling(config, stop, HandedDown.from_environment(os.environ.pop(HANDED_DOWN)))
        elif config.processes > 1:
            await _serve_with_others(config, stop)
        else:
            await _serve_alone(config, stop)
    except (NotServedError, Unusable, OSError, ValueError) as error:
        logger.error("! %s", error)
        return FAILED
    return 0


class Alone:
    """The answers of a gateway that has one process."""

    def __init__(self, node: Node, stop: asyncio.Event) -> None:
        self._node = node
        self._stop = stop
        self.started = False

    @property
    def state(self) -> str:
        """READY, NOT-READY or TERMINATING."""
        if self._stop.is_set():
            return "TERMINATING"
        return "READY" if self.started else "NOT-READY"

    async def figures(self) -> list[Figure]:
        """Of the one process."""
        return self._node.figures()


async def _serve_alone(config: Config, stop: asyncio.Event) -> None:
    async with AsyncExitStack() as stack:
        bound = sockets.bind(config)[0]
        stack.callback(sockets.close, bound)
        node = Node(config, bound, secrets.token_bytes(NONCE_KEY_BYTES))
        stack.push_async_callback(node.close)
        asked = Alone(node, stop)
        await stack.enter_async_context(_internal(config, asked, bound, lambda: node.changeable))
        await node.start()
        asked.started = True
        log_listening(bound)
        await stop.wait()
        await drain(node, config.grace_seconds)


async def _serve_with_others(config: Config, stop: asyncio.Event) -> None:
    changeable = _reading(config)  # whoever wrote it learns of a mistake once, not from each process
    bound = sockets.bind(config)
    siblings = Siblings(config, bound, secrets.token_bytes(NONCE_KEY_BYTES), PROCESS_COMMAND)
    try:
        async with _internal(config, siblings, bound[0], changeable):
            await siblings.run(stop)
    finally:
        await siblings.close()
        for each in bound:
            sockets.close(each)


def _reading(config: Config) -> Callable[[], Changeable]:
    """What settings and file say whenever it is asked for, or what they said when that last made sense.

    Raises Unusable.
    """
    known = read(config)

    def now() -> Changeable:
        nonlocal known
        with suppress(Unusable):
            known = read(config)
        return known

    return now


@asynccontextmanager
async def _internal(
    config: Config, asked: Asked, bound: Sequence[Bound], changeable: Callable[[], Changeable]
) -> AsyncIterator[None]:
    """Metrics, health and, if wanted, REST."""
    listeners = [(each.protocol, each.sock.getsockname()[1]) for each in bound]
    host = config.rest_host or next(iter(relay_addresses(config).values()))
    uris = uris_for(host, listeners)

    def status() -> dict[str, Any]:
        return {
            "realm": config.realm,
            "processes": config.processes,
            "listeners": _places(bound),
            "peers": list(changeable().written),
        }

    def secret() -> str:
        return next(iter(changeable().secrets), "")

    rest = Rest(secret, lambda: uris, config.rest_key.get_secret_value()).routes() if config.rest else ()
    async with serving(config.internal_host, config.metrics_port, config.health_port, Health(asked, status), rest):
        yield


async def drain(node: Node, grace: float) -> None:
    """Serve those that are there, and no more, until the last is gone or the time is over."""
    count = len(node.gateway.relay.allocations)
    if count:
        logger.info("= ending: %d allocations are served on, for %.0f seconds at most", count, grace)
    if not await node.gateway.drain(grace):
        logger.warning("! ending with %d allocations: the time is over", len(node.gateway.relay.allocations))


def log_listening(bound: Sequence[Bound]) -> None:
    """Say where clients come in."""
    logger.info("= the gateway is at %s", ", ".join(_places(bound)))


def _places(bound: Sequence[Bound]) -> list[str]:
    return [f"{each.protocol}:{text_of(each.sock.getsockname())}" for each in bound]
