"""What programs ask the gateway about itself, over HTTP: metrics on one port; alive, ready and status on another."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from turn.gateway.sockets import NotServedError
from turn.http.metrics import Figure, exposition
from turn.wire.attributes import text_of

logger = logging.getLogger(__name__)


class Asked(Protocol):
    """Who knows the answers."""

    async def figures(self) -> list[Figure]:
        """Of all processes."""

    @property
    def state(self) -> str:
        """READY, NOT-READY or TERMINATING."""


class Health:
    """The HTTP handlers."""

    def __init__(self, asked: Asked, status: Callable[[], dict[str, Any]]) -> None:
        """status: gives what ``/status`` tells besides; nothing in it is secret."""
        self._asked = asked
        self._status = status

    async def metrics(self, _: web.Request) -> web.Response:
        """The figures for Prometheus."""
        body = exposition(await self._asked.figures())
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def live(self, _: web.Request) -> web.Response:
        """Whether to leave the process alone: it answers, so yes."""
        return web.json_response({})

    async def ready(self, _: web.Request) -> web.Response:
        """Whether new clients may come."""
        if self._asked.state == "READY":
            return web.json_response({"status": 200, "message": "READY"})
        sentence = f"The gateway takes no new clients: it is {self._asked.state}."
        return web.json_response({"status": 503, "message": sentence}, status=503)

    async def status(self, _: web.Request) -> web.Response:
        """How it is set up, and how many allocations there are."""
        figures = await self._asked.figures()
        allocations = sum(value for name, _, value in figures if name == "stunner_allocations_active")
        return web.json_response({**self._status(), "status": self._asked.state, "allocationCount": int(allocations)})

    def routes(self) -> list[web.RouteDef]:
        """The pages of the health port."""
        return [web.get("/live", self.live), web.get("/ready", self.ready), web.get("/status", self.status)]


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(
    host: str, metrics_port: int, health_port: int, health: Health, more: Sequence[web.RouteDef] = ()
) -> AsyncIterator[tuple[int, int]]:
    """Serve metrics, and health and ``more``; gives the two ports. Raises NotServedError."""
    async with AsyncExitStack() as stack:
        metrics = [web.get("/metrics", health.metrics)]
        places = (
            (metrics, metrics_port, "/metrics", "--metrics-port"),
            ([*health.routes(), *more], health_port, "/ready", "--health-port"),
        )
        ports = [await _serve(stack, host, *place) for place in places]
        logger.info("= metrics on http://%s/metrics, health on port %d", text_of((host, ports[0])), ports[1])
        yield ports[0], ports[1]


async def _serve(
    stack: AsyncExitStack, host: str, routes: Sequence[web.RouteDef], port: int, what: str, option: str
) -> int:
    app = web.Application(client_max_size=4096)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise NotServedError(what, (host, port), ("--internal-host", option), error) from error
    bound: int = runner.addresses[0][1]
    return bound
