"""``/metrics``, ``/live`` and ``/ready`` of the worker, over HTTP."""

import errno
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from worker.runtime.errors import StartupError

logger = logging.getLogger(__name__)


class PortInUseError(StartupError):
    """Something else listens where the metrics are to be served."""

    code = "port_in_use"

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"The metrics can't be served on {host} port {port}, which is in use, perhaps by another worker: choose a"
            " port with COINOP_WORKER_METRICS_PORT, or 0 for any that is free."
        )
        self.host = host
        self.port = port


@asynccontextmanager
async def serving(
    host: str, port: int, exposition: Callable[[], bytes], ready: Callable[[], bool]
) -> AsyncIterator[int]:
    """Serve the three pages until the end of the block, which gets the port: any free one if ``port`` is 0.

    Raises PortInUseError, OSError.
    """

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
