"""Live migration: a room goes to another worker without losing a frame. It is prepared there, frozen, stored, opened.

Sans-I/O. An operator moves one, or drains a worker of all it has; a worker that is told to end asks for it itself.
"""

import logging
import math

from coordinator.errors import DeniedError, NoPlaceError
from coordinator.fleet.selection import PlaceRequest
from coordinator.fleet.worker import Worker, WorkerId
from coordinator.messages import Draining, Freeze, Frozen, Prepare, Prepared, Thawed
from coordinator.rooms.decisions import Decision, ToWorker
from coordinator.rooms.phases import Event, Phase
from coordinator.rooms.placement import Placement
from coordinator.rooms.room import Room
from coordinator.rooms.room_table import Deadline, RoomTable

logger = logging.getLogger(__name__)

PREPARE_SECONDS = 1.5
"""How long a room goes on before it is frozen, for a process to start where it is to go. A busy machine takes longer;
then its players wait for the rest."""

FREEZE_SECONDS = 15.0
"""How long a worker may take to freeze a room: it stores a snapshot, perhaps over a slow network."""

MOVE_AGAIN_SECONDS = 10.0
"""After a room could not be frozen: its worker's store has to come back first."""

ROUNDS = 8
"""In so many a full worker is emptied: an eighth of what it takes is moved at a time, one room of eight. Its players
wait for a process to start and a core to load, and longest where many do at once. Larger workers have more processors.
"""

ARRIVE_SECONDS = 0.6
"""How long the next room waits for one that was stored to be played again: that may be never, if nobody is there."""

STOPPED = "The game server is being stopped. Start the game again: another one may be free."

MOVED = "Your game moves to another server, and goes on in a moment."


class Migration:
    """Move rooms, one by one or all of a worker's."""

    def __init__(self, table: RoomTable, placement: Placement) -> None:
        self._table = table
        self._placement = placement

    def move(self, room: Room, now: float) -> list[Decision]:
        """Move a room to another worker. Raises DeniedError."""
        if room.phase is not Phase.OPEN or room.worker is None or room.target is not None:
            raise DeniedError("not_open", "This room is on no worker at the moment, or is being moved already.")
        room.target = target = self._other_worker(room)
        target.rooms.add(room.id)
        self._table.deadlines.set(Deadline("prepare", room.id), now + PREPARE_SECONDS)
        logger.info("= room %s is to be moved from worker %s to %s", room.label, room.worker.id, target.id)
        return [ToWorker(target.id, Prepare(room=room.id))]

    def _other_worker(self, room: Room) -> Worker:
        """Select a worker to move the room to. Raises DeniedError."""
        denied = DeniedError("no_place", "No other worker has this room's game and a free place.")
        request = PlaceRequest(room.game.id, room.region_preference, avoid=room.worker)
        try:
            target = self._table.registry.select_worker(request)
        except NoPlaceError:
            raise denied from None
        if target is room.worker:
            raise denied
        return target

    def handle_prepared(self, worker_id: WorkerId, message: Prepared, now: float) -> list[Decision]:
        """Freeze a room, as a process is ready for it where it is to go."""
        room = self._table.rooms.get(message.room)
        awaited = room is not None and room.target is not None and room.target.id == worker_id
        return self._freeze(room, now) if room is not None and awaited else []

    def end_wait(self, room: Room, now: float) -> list[Decision]:
        """Wait no longer: for a process where the room is to go, or for its players there."""
        self._table.end_arrival(room)
        return self._freeze(room, now)

    def _freeze(self, room: Room, now: float) -> list[Decision]:
        """Have a room that is to be moved frozen; do nothing if it has been already, or can't be moved any more."""
        self._table.cancel_deadlines(room, "prepare")
        if room.phase is not Phase.OPEN or room.worker is None or room.target is None:
            return []
        room.apply(Event.FREEZE_SENT)
        self._table.deadlines.set(Deadline("freeze", room.id), now + FREEZE_SECONDS)
        return [ToWorker(room.worker.id, Freeze(room=room.id))]

    def handle_frozen(self, worker_id: WorkerId, message: Frozen, now: float) -> list[Decision]:
        """Open a room elsewhere: its last snapshot is stored, and its worker's place is free."""
        room = self._table.room_on(worker_id, message.room)
        if room is None:
            return []
        if room.phase is Phase.STARTING:  # nobody has played yet
            return self._table.close(room, "worker_stopped", STOPPED)
        before, target = room.worker, room.target
        self._placement.unplace(room, Event.FROZEN, ("moved", MOVED), now)
        decisions = self._placement.place(room, now, prefer=target, avoid=before)
        if before is not None and before.draining and room.phase is Phase.OPEN:
            self._table.await_arrival(room, before, now + ARRIVE_SECONDS)
        return decisions

    def handle_thawed(self, worker_id: WorkerId, message: Thawed, now: float) -> list[Decision]:
        """Let a room go on where it is, as it could not be frozen, and try again in a while."""
        room = self._table.room_on(worker_id, message.room)
        if room is None or room.phase is not Phase.FREEZING:
            return []
        logger.warning("! room %s can't be moved, %s: %s", room.label, message.code, message.message)
        room.apply(Event.THAWED)
        self._table.release_target(room)
        self._table.cancel_deadlines(room, "freeze")
        self._table.deadlines.set(Deadline("move", room.id), now + MOVE_AGAIN_SECONDS)
        return self._placement.reconnect_members(room, now)

    # ----- all of a worker's

    def handle_draining(self, worker_id: WorkerId, _message: Draining, _now: float) -> list[Decision]:
        """Drain a worker that is about to end."""
        self.drain(self._table.registry.get(worker_id))
        return []

    def drain(self, worker: Worker) -> None:
        """Empty a worker: it gets no new rooms, and those that it has are moved away as places are found."""
        if not worker.draining:
            logger.info("= worker %s is drained of its %d rooms", worker.id, len(worker.rooms))
            worker.draining = True
            self._table.places_changed = True

    def continue_draining(self, now: float) -> list[Decision]:
        """Move what can be moved of the draining workers' rooms: places may have become free, or rooms ready."""
        draining = [worker for worker in self._table.registry.workers if worker.draining]
        return [decision for worker in draining for decision in self._empty(worker, now)]

    def _empty(self, worker: Worker, now: float) -> list[Decision]:
        placed = (self._table.rooms[room_id] for room_id in sorted(worker.rooms))
        rooms = [room for room in placed if room.worker is worker]
        under_way = len(worker.leaving) + sum(_is_moving(room) for room in rooms)
        decisions: list[Decision] = []
        for room in rooms:
            if under_way >= rooms_at_a_time(worker):
                break
            if room.phase is Phase.OPEN and Deadline("move", room.id) not in self._table.deadlines:
                try:
                    decisions += self.move(room, now)
                except DeniedError:
                    continue  # no place for this game at the moment, or under way already
                under_way += 1
        return decisions


def _is_moving(room: Room) -> bool:
    return room.phase is Phase.FREEZING or room.target is not None


def rooms_at_a_time(worker: Worker) -> int:
    """Say how many rooms of a worker are moved at a time."""
    return math.ceil(worker.capacity / ROUNDS)
