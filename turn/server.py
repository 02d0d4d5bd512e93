"""``coinop turn``: the gateway from start to orderly end, in one process or in several.

With one process, all of it is here. With several, this one binds the sockets, starts the others (the same program,
which is handed sockets and a key), starts those again that end by themselves, and answers for all of them over HTTP;
they serve the clients. How the processes work together is left to processes.py.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from turn.config import HANDED_DOWN, Config
from turn.errors import OperatorError
from turn.gateway import sockets
from turn.gateway.sockets import BoundSocket
from turn.http.health import Health, StatusSource, serving
from turn.http.metrics import Figure
from turn.http.rest import Rest, uris_for
from turn.node import Node, relay_addresses
from turn.processes import PROCESS_COMMAND, GatewayProcesses, HandedDown, serve_as_child
from turn.reload import LiveSettings, UnusableFileError, read_settings
from turn.wire.attributes import text_of

logger = logging.getLogger(__name__)

FAILED = 1
"""The exit code after a failure that the log explains."""

NONCE_KEY_BYTES = 32


async def serve(config: Config, stop: asyncio.Event) -> int:
    """Run the gateway until ``stop``, and then until its allocations are over.

    Return the exit code: 0, or 1 after a failure that the log explains.
    """
    try:
        if HANDED_DOWN in os.environ:
            await serve_as_child(config, stop, HandedDown.from_environment(os.environ.pop(HANDED_DOWN)))
        elif config.processes > 1:
            await _serve_in_several(config, stop)
        else:
            await _serve_in_one(config, stop)
    except (OperatorError, OSError, ValueError) as error:
        logger.error("! %s", error)
        return FAILED
    return 0


class SingleProcess:
    """The state and figures of a gateway that has one process."""

    def __init__(self, node: Node, stop: asyncio.Event) -> None:
        self._node = node
        self._stop = stop
        self.started = False

    @property
    def state(self) -> str:
        """Return READY, NOT-READY or TERMINATING."""
        if self._stop.is_set():
            return "TERMINATING"
        return "READY" if self.started else "NOT-READY"

    async def figures(self) -> list[Figure]:
        """Return the figures of the one process."""
        return self._node.figures()


async def _serve_in_one(config: Config, stop: asyncio.Event) -> None:
    async with AsyncExitStack() as stack:
        bound = sockets.bind(config)[0]
        stack.callback(sockets.close, bound)
        node = Node(config, bound, secrets.token_bytes(NONCE_KEY_BYTES))
        stack.push_async_callback(node.close)
        process = SingleProcess(node, stop)
        await stack.enter_async_context(_serving_http(config, process, bound, lambda: node.settings))
        await node.start()
        process.started = True
        log_listening(bound)
        await stop.wait()
        await drain(node, config.grace_seconds)


async def _serve_in_several(config: Config, stop: asyncio.Event) -> None:
    settings = _last_good_settings(config)  # a mistake in the file is logged once, not by each process
    bound = sockets.bind(config)
    processes = GatewayProcesses(config, bound, secrets.token_bytes(NONCE_KEY_BYTES), PROCESS_COMMAND)
    try:
        async with _serving_http(config, processes, bound[0], settings):
            await processes.run(stop)
    finally:
        await processes.close()
        for each in bound:
            sockets.close(each)


def _last_good_settings(config: Config) -> Callable[[], LiveSettings]:
    """Return a function that reads the settings anew, and gives the last good ones while they make no sense.

    Raises UnusableFileError.
    """
    good = read_settings(config)

    def current() -> LiveSettings:
        nonlocal good
        with suppress(UnusableFileError):
            good = read_settings(config)
        return good

    return current


@asynccontextmanager
async def _serving_http(
    config: Config, source: StatusSource, bound: Sequence[BoundSocket], settings: Callable[[], LiveSettings]
) -> AsyncIterator[None]:
    """Serve metrics, health and, if wanted, REST."""
    listeners = [(each.protocol, each.sock.getsockname()[1]) for each in bound]
    host = config.rest_host or next(iter(relay_addresses(config).values()))
    uris = uris_for(host, listeners)

    def status() -> dict[str, object]:
        return {
            "realm": config.realm,
            "processes": config.processes,
            "listeners": _addresses(bound),
            "peers": list(settings().written),
        }

    def secret() -> str:
        return next(iter(settings().secrets), "")

    rest = Rest(secret, lambda: uris, config.rest_key.get_secret_value()).routes() if config.rest else ()
    async with serving(config.internal_host, config.metrics_port, config.health_port, Health(source, status), rest):
        yield


async def drain(node: Node, grace: float) -> None:
    """Serve the allocations that there are, and no more, until the last is over or ``grace`` seconds are."""
    count = len(node.gateway.relay.allocations)
    if count:
        logger.info("= ending: %d allocations are served on, for %.0f seconds at most", count, grace)
    if not await node.gateway.drain(grace):
        logger.warning("! ending with %d allocations: the time is over", len(node.gateway.relay.allocations))


def log_listening(bound: Sequence[BoundSocket]) -> None:
    """Log the addresses that clients reach."""
    logger.info("= the gateway is at %s", ", ".join(_addresses(bound)))


def _addresses(bound: Sequence[BoundSocket]) -> list[str]:
    return [f"{each.protocol}:{text_of(each.sock.getsockname())}" for each in bound]
