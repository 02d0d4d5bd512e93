"""The operator's overview: workers, rooms and regions as plain data, and the sums over them.

Sans-I/O. Who may see it is left to http/admin.py. A room's whole id is in it, as an operator who may move a room may
also enter it.
"""

from collections.abc import Collection, Iterable, Mapping

from coordinator.fleet.worker import Worker, WorkerId
from coordinator.rooms.room import Room
from coordinator.rooms.seats import seats_taken

Shown = dict[str, object]
"""One JSON object."""

NO_FIGURES: Shown = {"fps": None, "late": None, "encode_ms": None, "rtt_ms": None, "loss": None}


def overview(workers: Iterable[Worker], rooms: Iterable[Room]) -> Shown:
    """Show regions, workers and rooms, all at one moment."""
    return {
        "regions": _regions(workers, _by_worker(rooms)),
        "workers": workers_shown(workers, rooms),
        "rooms": [room_shown(room) for room in rooms],
    }


def workers_shown(workers: Iterable[Worker], rooms: Iterable[Room]) -> list[Shown]:
    """Show every worker."""
    placed = _by_worker(rooms)
    return [_worker(worker, placed.get(worker.id, [])) for worker in workers]


def room_shown(room: Room) -> Shown:
    """Show a room, with its worker's last report on how it does."""
    members = room.roster.members.values()
    return {
        "id": room.id,
        "game": room.game.title,
        "phase": "moving" if room.target is not None else room.phase.name.lower(),
        "worker": room.worker.id if room.worker is not None else None,
        "region": room.worker.region if room.worker is not None else None,
        "epoch": room.epoch,
        "players": seats_taken(members),
        "members": len(members),
        "viewers": len(room.viewers),
        "locked": room.roster.locked,
        "listed": room.listed,
        **_figures(room),
    }


def _worker(worker: Worker, rooms: Collection[Room]) -> Shown:
    """Show a worker, with the sums over its rooms."""
    return {
        "id": worker.id,
        "name": worker.name,
        "region": worker.region,
        "capacity": worker.capacity,
        "rooms": len(worker.rooms),
        "free": worker.free,
        "games": len(worker.games),
        "draining": worker.draining,
        **_sums(rooms),
    }


def _regions(workers: Iterable[Worker], placed: Mapping[WorkerId, list[Room]]) -> list[Shown]:
    """Show every region that a worker is in, by name."""
    inside: dict[str, list[Worker]] = {}
    for worker in workers:
        inside.setdefault(worker.region, []).append(worker)
    return [
        {
            "name": name,
            "workers": len(there),
            "capacity": sum(worker.capacity for worker in there),
            "rooms": sum(len(worker.rooms) for worker in there),
            "free": sum(worker.free for worker in there),
            **_sums([room for worker in there for room in placed.get(worker.id, [])]),
        }
        for name, there in sorted(inside.items())
    ]


def _by_worker(rooms: Iterable[Room]) -> dict[WorkerId, list[Room]]:
    placed: dict[WorkerId, list[Room]] = {}
    for room in rooms:
        if room.worker is not None:
            placed.setdefault(room.worker.id, []).append(room)
    return placed


def _figures(room: Room) -> Shown:
    if room.figures is None:
        return NO_FIGURES
    return {name: getattr(room.figures, name) for name in NO_FIGURES}


def _sums(rooms: Collection[Room]) -> Shown:
    """Sum the rooms up: the mean of their frame rates, without rooms that stand still; the worst of everything that
    spoils a game."""
    figures = [room.figures for room in rooms if room.figures is not None]
    moving = [each.fps for each in figures if each.fps]
    return {
        "players": sum(seats_taken(room.roster.members.values()) for room in rooms),
        "fps": round(sum(moving) / len(moving), 1) if moving else None,
        "late": max((each.late for each in figures), default=None),
        "encode_ms": max((each.encode_ms for each in figures), default=None),
        "rtt_ms": max((each.rtt_ms for each in figures if each.rtt_ms is not None), default=None),
        "loss": max((each.loss for each in figures if each.loss is not None), default=None),
    }
