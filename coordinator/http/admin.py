"""``/admin/``: what an operator sees and does, with the admin token. As long as none is set, nothing is there.

The answers are JSON, of what views/overview.py shows. The page that a person sees it on is web/admin.html.
"""

import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from coordinator.errors import DeniedError
from coordinator.http.bearer import is_authorised
from coordinator.http.switchboard import CONFIG, SWITCHBOARD, VERSION
from coordinator.views.overview import overview, room_shown, workers_shown

logger = logging.getLogger(__name__)

UNAUTHORISED = "The admin token is missing or wrong: send the coordinator's COINOP_ADMIN_TOKEN as a bearer token."


def add_routes(app: web.Application) -> None:
    """Add the routes below ``/admin``."""
    app.router.add_get("/admin", to_page)
    app.router.add_get("/admin/overview", _guarded(everything))
    app.router.add_get("/admin/rooms", _guarded(rooms))
    app.router.add_get("/admin/workers", _guarded(workers))
    app.router.add_post("/admin/rooms/{id}/move", _guarded(move))
    app.router.add_post("/admin/workers/{id}/drain", _guarded(drain))


def _guarded(handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        token = request.app[CONFIG].admin_token.get_secret_value()
        if not token:
            raise web.HTTPNotFound
        if not is_authorised(request.headers.get("Authorization", ""), [token]):
            logger.warning(
                "! %s %s from %s was turned away: no admin token",
                request.method,
                request.rel_url.raw_path,
                request.remote,
            )
            raise web.HTTPUnauthorized(text=f"{UNAUTHORISED}\n", headers={"WWW-Authenticate": "Bearer"})
        return await handler(request)

    return guarded


async def to_page(_: web.Request) -> web.StreamResponse:
    """Redirect a person to the page that asks for the token."""
    raise web.HTTPFound("admin.html")


async def everything(request: web.Request) -> web.StreamResponse:
    """Answer with everything at one moment, for a table that is drawn again and again."""
    switchboard = request.app[SWITCHBOARD]
    shown = overview(switchboard.registry.workers, switchboard.rooms.rooms)
    return web.json_response({"version": VERSION, "pages": switchboard.router.page_count, **shown})


async def rooms(request: web.Request) -> web.StreamResponse:
    """Answer with every room."""
    return web.json_response({"rooms": [room_shown(room) for room in request.app[SWITCHBOARD].rooms.rooms]})


async def workers(request: web.Request) -> web.StreamResponse:
    """Answer with every worker."""
    switchboard = request.app[SWITCHBOARD]
    return web.json_response({"workers": workers_shown(switchboard.registry.workers, switchboard.rooms.rooms)})


async def move(request: web.Request) -> web.StreamResponse:
    """Move a room to another worker: 202, as it takes a moment; 409 with a sentence if it can't be."""
    switchboard = request.app[SWITCHBOARD]
    room = switchboard.rooms.find(request.match_info["id"])
    if room is None:
        return _error(404, "unknown_room", "There is no such room: GET /admin/rooms lists them.")
    try:
        switchboard.move(room)
    except DeniedError as denied:
        return _error(409, denied.code, denied.sentence)
    return web.json_response({"room": room_shown(room)}, status=202)


async def drain(request: web.Request) -> web.StreamResponse:
    """Move all rooms away from a worker, for good: 202."""
    switchboard = request.app[SWITCHBOARD]
    worker = next((w for w in switchboard.registry.workers if w.id == request.match_info["id"]), None)
    if worker is None:
        return _error(404, "unknown_worker", "There is no such worker: GET /admin/workers lists them.")
    switchboard.drain(worker.id)
    [shown] = workers_shown([worker], switchboard.rooms.rooms)
    return web.json_response({"worker": shown}, status=202)


def _error(status: int, code: str, sentence: str) -> web.Response:
    return web.json_response({"code": code, "message": sentence}, status=status)
