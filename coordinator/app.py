"""The coordinator as an aiohttp application, and the server that runs it until it is told to stop."""

import asyncio
import errno
import logging
import signal
import ssl
from collections.abc import AsyncIterator

from aiohttp import WSCloseCode, web

from coordinator.config import Config
from coordinator.errors import PortInUseError, TLSError
from coordinator.http import admin, health
from coordinator.http.players import player_socket
from coordinator.http.static import add_pages
from coordinator.http.switchboard import CONFIG, SWITCHBOARD, Switchboard
from coordinator.http.workers import worker_socket

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 4096
"""Nothing here takes a request's body."""

BACKLOG = 1024
"""Connections that wait to be accepted: every page of an arcade comes back at once after a restart."""

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def create_app(config: Config) -> web.Application:
    """Make the application; one event loop runs it."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app[CONFIG] = config
    app[SWITCHBOARD] = Switchboard(config)
    app.router.add_get("/ws/player", player_socket)
    app.router.add_get("/ws/worker", worker_socket)
    app.router.add_get("/live", health.live)
    app.router.add_get("/ready", health.ready)
    app.router.add_get("/metrics", health.metrics)
    app.router.add_get("/api/status", health.status)
    admin.add_routes(app)
    add_pages(app, config.web_root)
    app.on_shutdown.append(_say_goodbye)
    app.cleanup_ctx.append(_switchboard)
    return app


async def serve(config: Config, stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set, then end every connection. Raises PortInUseError, TLSError, or OSError."""
    runner = web.AppRunner(create_app(config), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, config.host, config.port, backlog=BACKLOG, ssl_context=tls_context(config))
        await _listen(site, config)
        logger.info("= the arcade is at %s", _url(config, runner.addresses[0][1]))
        await stop.wait()
    finally:
        await runner.cleanup()


async def run(config: Config) -> None:
    """Serve until SIGTERM or SIGINT. Raises like serve."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        await serve(config, stop)
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


async def _listen(site: web.TCPSite, config: Config) -> None:
    try:
        await site.start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(config.host, config.port) from error
        raise


def tls_context(config: Config) -> ssl.SSLContext | None:
    """Load the certificate to serve https with; None for http. Raises TLSError."""
    if config.certificate is None or config.key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(config.certificate, config.key, password=lambda: "")
    except (OSError, ssl.SSLError) as error:
        raise TLSError(config.certificate, config.key, error) from error
    return context


def _url(config: Config, port: int) -> str:
    """Make the URL by which this machine finds the page."""
    scheme = "http" if config.certificate is None else "https"
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.host, config.host)
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"


async def _switchboard(app: web.Application) -> AsyncIterator[None]:
    yield
    app[SWITCHBOARD].stop()


async def _say_goodbye(app: web.Application) -> None:
    """Tell pages and workers at once that the server goes, so that they come back to the next one."""
    goodbyes = (outlet.close(WSCloseCode.GOING_AWAY, "the server is stopping") for outlet in app[SWITCHBOARD].outlets)
    for outcome in await asyncio.gather(*goodbyes, return_exceptions=True):
        if isinstance(outcome, Exception):
            logger.error("! a connection did not end well", exc_info=outcome)
