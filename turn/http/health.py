"""The gateway's HTTP: metrics on one port; alive, ready and status on another.

Making the figures is left to metrics.py, credentials to rest.py.
"""

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from turn.gateway.sockets import NotServedError
from turn.http.metrics import Figure, exposition
from turn.wire.attributes import text_of

logger = logging.getLogger(__name__)


class StatusSource(Protocol):
    """The state and figures of all processes of a gateway."""

    async def figures(self) -> list[Figure]:
        """Return the sum of the figures of all processes."""

    @property
    def state(self) -> str:
        """Return READY, NOT-READY or TERMINATING."""


class Health:
    """The HTTP handlers."""

    def __init__(self, source: StatusSource, status: Callable[[], Mapping[str, object]]) -> None:
        """Answer from ``source``. ``status`` returns what ``/status`` shows besides; nothing in it is secret."""
        self._source = source
        self._status = status

    async def metrics(self, _: web.Request) -> web.Response:
        """Answer ``/metrics`` with the figures in Prometheus' text format."""
        body = exposition(await self._source.figures())
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def live(self, _: web.Request) -> web.Response:
        """Answer ``/live``: the process answers, so it is alive."""
        return web.json_response({})

    async def ready(self, _: web.Request) -> web.Response:
        """Answer ``/ready`` with 200 if new clients may come, or else 503."""
        if self._source.state == "READY":
            return web.json_response({"status": 200, "message": "READY"})
        sentence = f"The gateway takes no new clients: it is {self._source.state}."
        return web.json_response({"status": 503, "message": sentence}, status=503)

    async def status(self, _: web.Request) -> web.Response:
        """Answer ``/status`` with settings, state, and the number of allocations."""
        figures = await self._source.figures()
        allocations = sum(value for name, _, value in figures if name == "stunner_allocations_active")
        return web.json_response({**self._status(), "status": self._source.state, "allocationCount": int(allocations)})

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the health port."""
        return [web.get("/live", self.live), web.get("/ready", self.ready), web.get("/status", self.status)]


@asynccontextmanager
async def serving(
    host: str, metrics_port: int, health_port: int, health: Health, more: Sequence[web.RouteDef] = ()
) -> AsyncIterator[tuple[int, int]]:
    """Serve metrics, and health and ``more`` routes, and yield the two ports. Raises NotServedError."""
    async with AsyncExitStack() as stack:
        metrics = [web.get("/metrics", health.metrics)]
        servers = (
            (metrics, metrics_port, "/metrics", "--metrics-port"),
            ([*health.routes(), *more], health_port, "/ready", "--health-port"),
        )
        ports = [await _serve(stack, host, *server) for server in servers]
        logger.info("= metrics on http://%s/metrics, health on port %d", text_of((host, ports[0])), ports[1])
        yield ports[0], ports[1]


async def _serve(
    stack: AsyncExitStack, host: str, routes: Sequence[web.RouteDef], port: int, service: str, option: str
) -> int:
    app = web.Application(client_max_size=4096)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise NotServedError(service, (host, port), ("--internal-host", option), error) from error
    bound: int = runner.addresses[0][1]
    return bound
