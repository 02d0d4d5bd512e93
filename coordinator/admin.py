"""``/admin/``: what an operator sees and does, with the admin token. As long as none is set, nothing is there.

The answers are JSON. A room's whole id is among them, because whoever may move a room may also enter it.
"""

import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from coordinator.authority import is_authorised
from coordinator.registry import Worker
from coordinator.room import Room
from coordinator.seats import DeniedError, seats_taken
from coordinator.switchboard import CONFIG, SWITCHBOARD

logger = logging.getLogger(__name__)

UNAUTHORISED = "The admin token is missing or wrong: send the coordinator's COINOP_ADMIN_TOKEN as a bearer token."


def add_routes(app: web.Application) -> None:
    """Serve it."""
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
                "! %s %s from %s was turned away: no admin token", request.method, request.path, request.remote
            )
            raise web.HTTPUnauthorized(text=f"{UNAUTHORISED}\n", headers={"WWW-Authenticate": "Bearer"})
        return await handler(request)

    return guarded


async def rooms(request: web.Request) -> web.StreamResponse:
    """Every room."""
    return web.json_response({"rooms": [_room(room) for room in request.app[SWITCHBOARD].rooms.rooms]})


async def workers(request: web.Request) -> web.StreamResponse:
    """Every worker."""
    return web.json_response({"workers": [_worker(worker) for worker in request.app[SWITCHBOARD].registry.workers]})


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
    return web.json_response({"room": _room(room)}, status=202)


async def drain(request: web.Request) -> web.StreamResponse:
    """Move all rooms away from a worker, for good: 202."""
    switchboard = request.app[SWITCHBOARD]
    worker = next((w for w in switchboard.registry.workers if w.id == request.match_info["id"]), None)
    if worker is None:
        return _error(404, "unknown_worker", "There is no such worker: GET /admin/workers lists them.")
    switchboard.drain(worker.id)
    return web.json_response({"worker": _worker(worker)}, status=202)


def _error(status: int, code: str, sentence: str) -> web.Response:
    return web.json_response({"code": code, "message": sentence}, status=status)


def _room(room: Room) -> dict[str, object]:
    members = room.company.members.values()
    return {
        "id": room.id,
        "game": room.game.title,
        "phase": room.phase.name.lower(),
        "worker": room.worker.id if room.worker is not None else None,
        "epoch": room.epoch,
        "players": seats_taken(members),
        "members": len(members),
        "viewers": len(room.viewers),
        "locked": room.company.locked,
        "listed": room.listed,
    }


def _worker(worker: Worker) -> dict[str, object]:
    return {
        "id": worker.id,
        "name": worker.name,
        "region": worker.region,
        "capacity": worker.capacity,
        "rooms": len(worker.rooms),
        "games": len(worker.games),
        "draining": worker.draining,
    }
