"""``/metrics``, ``/live`` and ``/ready`` of the worker, over HTTP."""

import errno
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

logger = logging.getLogger(__name__)


class PortInUseError(Exception):
    """Something else listens where the metrics are to be served."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.host = host
        self.port = port

    def __str__(self) -> str:
        return (
            f"The metrics can't be served on {self.host} port {self.port}, which is in use, perhaps by another worker:"
            " choose a port with COINOP_WORKER_METRICS_PORT, or 0 for any that is free."
        )


@asynccontextmanager
async def serving(
    host: str, port: int, exposition: Callable[[], bytes], ready: Callable[[], bool]
) -> AsyncIterator[int]:
    """Serve the three pages, on any free port if ``port`` is 0. Gives the port. Raises PortInUseError, OSError."""

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def live(_: web.Request) -> web.Response:
        return web.Response(text="live\n")

    async def is_ready(_: web.Request) -> web.Response:
        return web.Response(text="ready\n") if ready() else web.Response(text="not ready\n", status=503)

    app = web.Application()
    app.add_routes([web.get("/metrics", metrics), web.get("/live", live), web.get("/ready", is_ready)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUseError(host, port) from error
            raise
        bound: int = runner.addresses[0][1]
        logger.info("Serving metrics on http://%s:%d/metrics.", host, bound)
        yield bound
    finally:
        await runner.cleanup()
