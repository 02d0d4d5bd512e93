"""``/ws/player``: the pages' WebSocket. Which pages may connect, and how much a page may say.

What a page's messages do is decided in rooms/.
"""

import logging
from urllib.parse import urlsplit

from aiohttp import web

from coordinator.config import Config
from coordinator.errors import PeerError
from coordinator.http.client_address import client_address, owner_of
from coordinator.http.switchboard import CONFIG, SWITCHBOARD, Switchboard
from coordinator.http.websocket import Connection, Limits, accept
from coordinator.messages import decode_player_message
from coordinator.views.ice_hosts import host_of

logger = logging.getLogger(__name__)

LIMITS = Limits(
    peer="page",
    messages_per_second=20,
    burst=120,  # a start is one message and 10 to 30 candidates; a person can't start more than a few games a second
    queued_bytes=16 << 20,  # several of the longest libraries that there are
    remedy="Reload the page.",
    heartbeat_seconds=10,
)


async def player_socket(request: web.Request) -> web.StreamResponse:
    """Serve one page until it goes; 403 for a page of another origin."""
    config, switchboard = request.app[CONFIG], request.app[SWITCHBOARD]
    origin = request.headers.get("Origin")
    if not is_allowed(origin, request.host, config.allowed_origins):
        logger.warning(
            "! a page of %r was turned away, as it was asked for by %r: let the proxy pass the Host header on, or name"
            " the page in COINOP_COORDINATOR_ALLOWED_ORIGINS",
            origin,
            request.host,
        )
        return web.Response(
            status=403, text="Pages of this origin may not connect: the coordinator's allowed_origins must name it.\n"
        )
    async with accept(request, LIMITS, switchboard.metrics, switchboard.outlets) as connection:
        if switchboard.router.page_count >= config.max_players:
            raise PeerError("too_many_players", "This arcade is full at the moment. Try again in a few minutes.")
        await _converse(connection, switchboard, address_of(request, config), host_of(request.host))
    return connection.socket


def address_of(request: web.Request, config: Config) -> str:
    """Find the client whose rooms count together, for the limit on rooms of one address."""
    forwarded = request.headers.getall("X-Forwarded-For", [])
    return owner_of(client_address(request.remote, forwarded, config.trusted_proxies))


def is_allowed(origin: str | None, host: str, allowed: tuple[str, ...]) -> bool:
    """Return whether a page of this origin may open a WebSocket here (RFC 6455 section 10.2).

    A browser always says the origin; a client without one is no browser, and can't be misled by a foreign page.
    """
    if origin is None or origin.lower() in allowed:
        return True
    try:
        return urlsplit(origin.lower()).netloc == host.lower() != ""
    except ValueError:
        return False


async def _converse(connection: Connection, switchboard: Switchboard, address: str, host: str) -> None:
    page = switchboard.add_page(connection, host, address)
    try:
        while (message := await connection.receive(decode_player_message)) is not None:
            switchboard.handle_page_message(page, message)
    finally:
        switchboard.remove_page(page)
