"""What programs ask the coordinator about itself: alive, ready, metrics, status. None of it is secret."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from coordinator.http.switchboard import SWITCHBOARD, VERSION


async def live(_: web.Request) -> web.Response:
    """Answer that the process lives: an orchestrator restarts one that doesn't answer."""
    return web.Response(text="alive\n")


async def ready(request: web.Request) -> web.Response:
    """Answer whether people can play: 200 if a worker with a game is registered, otherwise 503 with a sentence."""
    registry = request.app[SWITCHBOARD].registry
    if registry.library:
        return web.Response(text="ready\n")
    if len(registry):
        return _not_ready("The workers that are registered have no games: put game files into their folders.\n")
    return _not_ready("No worker is registered yet: start one with this coordinator's URL and token.\n")


async def metrics(request: web.Request) -> web.Response:
    """Answer with the figures for Prometheus."""
    body = request.app[SWITCHBOARD].metrics.exposition()
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def status(request: web.Request) -> web.Response:
    """Answer with the main figures, as JSON."""
    switchboard = request.app[SWITCHBOARD]
    return web.json_response(
        {
            "version": VERSION,
            "workers": len(switchboard.registry),
            "games": len(switchboard.registry.library),
            "rooms": len(switchboard.rooms.rooms),
            "members": len(switchboard.rooms.members),
            "pages": switchboard.router.page_count,
        }
    )


def _not_ready(sentence: str) -> web.Response:
    return web.Response(status=503, text=sentence, headers={"Retry-After": "1"})
