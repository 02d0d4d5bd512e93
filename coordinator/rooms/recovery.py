"""Rooms whose process or worker is gone: which of them go on, and which are over.

Sans-I/O. Where a room goes on is placing.py's business, a worker that comes back with its rooms returns.py's.
"""

import logging

from coordinator.fleet.registry import Worker, WorkerId
from coordinator.messages import CloseRoom, RoomClosed
from coordinator.rooms.decisions import Decision, ToWorker
from coordinator.rooms.endings import Verdict, dies_too_often, given_up, going_on, verdict_on
from coordinator.rooms.phases import Event, Phase
from coordinator.rooms.placement import Placing
from coordinator.rooms.room import Room
from coordinator.rooms.room_table import Alarm, House

logger = logging.getLogger(__name__)

RETURN_SECONDS = 0.5
"""How long a worker whose link broke may take to be back before its rooms are opened elsewhere. Its first try comes
within a quarter of a second; a worker that died never comes, and its players wait for this."""

LOST = "The game server was lost."
LOST_IN_START = "The game server was lost. Start the game again: another one may be free."
SILENT = "The game server stopped responding."


class Recovery:
    """Takes every death of a room, and starts it again or ends it with a sentence."""

    def __init__(self, house: House, placing: Placing) -> None:
        self._house = house
        self._placing = placing

    def room_closed(self, worker_id: WorkerId, message: RoomClosed, now: float) -> list[Decision]:
        """The room ended on its worker."""
        room = self._house.on(worker_id, message.room)
        if room is None or message.epoch not in (0, room.epoch):
            return []
        return self._died(room, message.code, message.message, now)

    def worker_lost(self, worker: Worker, now: float) -> list[Decision]:
        """The link to the worker broke. What it was starting is over; the rest it may bring back in a moment."""
        decisions: list[Decision] = []
        for room_id in tuple(worker.rooms):
            room = self._house.rooms[room_id]
            if room.worker is not worker:
                self._house.release_target(room)
            elif room.phase is Phase.STARTING:
                decisions += self._house.close(room, "worker_lost", LOST_IN_START)
            else:
                self._go_astray(room, now)
        return decisions

    def _go_astray(self, room: Room, now: float) -> None:
        room.step(Event.LINK_LOST)
        self._house.give_places_free(room)
        self._house.cancel(room, "freeze")
        room.troubled_at = now if room.troubled_at is None else room.troubled_at
        self._house.alarms.set(Alarm("return", room.id), now + RETURN_SECONDS)

    def not_returned(self, room: Room, now: float) -> list[Decision]:
        """The worker did not bring it back."""
        return self._died(room, "worker_lost", LOST, now)

    def not_frozen(self, room: Room, now: float) -> list[Decision]:
        """Its worker does not answer about it: go on from the snapshot before."""
        return [*self._close_copy(room), *self._died(room, "room_silent", SILENT, now)]

    def _close_copy(self, room: Room) -> list[Decision]:
        return [] if room.worker is None else [ToWorker(room.worker.id, CloseRoom(room=room.id, superseded=True))]

    def _died(self, room: Room, code: str, sentence: str, now: float) -> list[Decision]:
        verdict = verdict_on(code)
        logger.info("= room %s died in phase %s: %s", room.label, room.phase.name, code)
        if room.phase is Phase.STARTING or verdict is Verdict.OVER:
            return self._house.close(room, code, sentence)
        if verdict is Verdict.LATER:
            return self._placing.try_later(room, (code, sentence), now)
        if dies_too_often(room, now):
            return self._house.close(room, code, given_up(sentence))
        before = room.worker
        self._placing.lose(room, Event.DIED, (code, going_on(sentence)), now)
        if verdict is Verdict.ELSEWHERE:
            return self._placing.find(room, now, avoid=before)
        return self._placing.find(room, now, prefer=before)
