"""Rooms whose process or worker is gone: which of them go on, and which are over.

Sans-I/O. Where a room goes on is left to placement.py, a worker that comes back with its rooms to reconciliation.py.
"""

import logging

from coordinator.fleet.worker import Worker, WorkerId
from coordinator.messages import CloseRoom, RoomClosed
from coordinator.rooms.decisions import Decision, ToWorker
from coordinator.rooms.endings import RestartPolicy, count_death, given_up_sentence, restart_policy, resumed_sentence
from coordinator.rooms.phases import Event, Phase
from coordinator.rooms.placement import Placement
from coordinator.rooms.room import Room
from coordinator.rooms.room_table import Deadline, RoomTable

logger = logging.getLogger(__name__)

RETURN_SECONDS = 0.5
"""How long a worker whose link broke may take to be back before its rooms are opened elsewhere. Its first try comes
within a quarter of a second; a worker that died never comes, and its players wait for this."""

LOST = "The game server was lost."
LOST_IN_START = "The game server was lost. Start the game again: another one may be free."
SILENT = "The game server stopped responding."


class Recovery:
    """Handle every death of a room: start it again, or end it with a sentence."""

    def __init__(self, table: RoomTable, placement: Placement) -> None:
        self._table = table
        self._placement = placement

    def handle_room_closed(self, worker_id: WorkerId, message: RoomClosed, now: float) -> list[Decision]:
        """Handle the end of a room's process."""
        room = self._table.room_on(worker_id, message.room)
        if room is None or message.epoch not in (0, room.epoch):
            return []
        return self._recover(room, message.code, message.message, now)

    def handle_lost_worker(self, worker: Worker, now: float) -> list[Decision]:
        """Handle a broken link to a worker. What it was starting is over; it may bring the rest back in a moment."""
        decisions: list[Decision] = []
        for room_id in tuple(worker.rooms):
            room = self._table.rooms[room_id]
            if room.worker is not worker:
                self._table.release_target(room)
            elif room.phase is Phase.STARTING:
                decisions += self._table.close(room, "worker_lost", LOST_IN_START)
            else:
                self._await_return(room, now)
        return decisions

    def _await_return(self, room: Room, now: float) -> None:
        room.apply(Event.LINK_LOST)
        self._table.release_places(room)
        self._table.cancel_deadlines(room, "freeze")
        room.troubled_at = now if room.troubled_at is None else room.troubled_at
        self._table.deadlines.set(Deadline("return", room.id), now + RETURN_SECONDS)

    def end_return_wait(self, room: Room, now: float) -> list[Decision]:
        """Open a room elsewhere that its worker has not brought back in time."""
        return self._recover(room, "worker_lost", LOST, now)

    def end_freeze_wait(self, room: Room, now: float) -> list[Decision]:
        """Go on from the snapshot before, as the worker does not answer about the room that it was to freeze."""
        return [*self._close_copy(room), *self._recover(room, "room_silent", SILENT, now)]

    def _close_copy(self, room: Room) -> list[Decision]:
        return [] if room.worker is None else [ToWorker(room.worker.id, CloseRoom(room=room.id, superseded=True))]

    def _recover(self, room: Room, code: str, sentence: str, now: float) -> list[Decision]:
        policy = restart_policy(code)
        logger.info("= room %s died in phase %s: %s", room.label, room.phase.name, code)
        if room.phase is Phase.STARTING or policy is RestartPolicy.OVER:
            return self._table.close(room, code, sentence)
        if policy is RestartPolicy.LATER:
            return self._placement.retry_later(room, (code, sentence), now)
        if count_death(room, now):
            return self._table.close(room, code, given_up_sentence(sentence))
        before = room.worker
        self._placement.unplace(room, Event.DIED, (code, resumed_sentence(sentence)), now)
        if policy is RestartPolicy.ELSEWHERE:
            return self._placement.place(room, now, avoid=before)
        return self._placement.place(room, now, prefer=before)
