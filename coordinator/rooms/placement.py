"""A place for a room that has lost its own: on any worker that has its game and a free one, as soon as there is one.

Sans-I/O. Its members are told to come after it. How it lost its place is left to recovery.py and migration.py.
"""

import logging

from coordinator.fleet.registry import Worker
from coordinator.messages import OpenRoom, Reconnect, Refused
from coordinator.rooms.decisions import Decision, ToPage, ToWorker
from coordinator.rooms.phases import Event, Phase
from coordinator.rooms.room import Room
from coordinator.rooms.room_table import Deadline, RoomTable

logger = logging.getLogger(__name__)

RETRY_SECONDS = 3.0
"""After a worker could not open a room yet: its store may be back, or an older copy of the room has ended."""

PATH_BROKEN = "The connection to the game broke off. Connecting again."
WAITING = "Your game waits for a server with a free place, and then goes on from where it was saved last."
NO_PLACE = "The game server was lost, and no other has a free place. Start the game again in a few minutes."


class Placement:
    """Takes rooms off their workers and puts them on others."""

    def __init__(self, table: RoomTable, place_seconds: float) -> None:
        """``place_seconds``: how long a room may wait for a worker with a free place."""
        self._table = table
        self._place_seconds = place_seconds

    def unplace(self, room: Room, event: Event, trouble: tuple[str, str], now: float) -> None:
        """It runs nowhere. Viewers who still wait for their answer get it from the next worker."""
        room.apply(event)
        table = self._table
        table.release_places(room)
        table.cancel_deadlines(room, "return", "freeze", "move")
        room.trouble = trouble
        room.troubled_at = now if room.troubled_at is None else room.troubled_at
        for viewer in tuple(room.viewers.values()):
            if viewer.admitted:
                table.remove_viewer(room, viewer)
                table.start_absence(room, viewer.member, now)
            else:
                viewer.sent = False
                table.deadlines.cancel(Deadline("answer", room.id, viewer.id))
        table.mark_changed(room)

    def place(
        self, room: Room, now: float, prefer: Worker | None = None, avoid: Worker | None = None
    ) -> list[Decision]:
        """Open a homeless room on a worker, or let it wait for one."""
        worker = self._table.registry.place_for(room.game.id, room.wish, prefer, avoid)
        if isinstance(worker, Refused):
            return self._wait(room, now)
        room.apply(Event.PLACED)
        room.worker = worker
        worker.rooms.add(room.id)
        room.opened_at = now
        room.epoch += 1
        self._table.cancel_deadlines(room, "place")
        self._table.mark_changed(room)
        logger.info("= room %s goes on on worker %s: %s", room.label, worker.id, room.trouble[0])
        opening = OpenRoom(
            room=room.id,
            game=room.game.id,
            scale=room.scale,
            profile=room.profile,
            resume=True,
            epoch=room.epoch,
            codec=room.codec,
        )
        return [ToWorker(worker.id, opening), *self.reconnect_members(room, now)]

    def reconnect_members(self, room: Room, now: float) -> list[Decision]:
        """Everybody comes to where the room is now: who waits is let in, who plays connects again."""
        decisions: list[Decision] = []
        for member in room.roster.members.values():
            viewer = room.viewer_of(member)
            if viewer is not None:
                decisions += self._table.send_viewer(room, viewer, now)
            elif member.page is not None:
                decisions.append(ToPage(member.page, call_to_reconnect(room)))
        return decisions

    def _wait(self, room: Room, now: float) -> list[Decision]:
        deadline = Deadline("place", room.id)
        if deadline in self._table.deadlines:
            return []
        self._table.deadlines.set(deadline, now + self._place_seconds)
        logger.warning("! room %s waits for a worker that can open it", room.label)
        decisions: list[Decision] = []
        for member in room.roster.members.values():
            if member.page is not None and member.known:
                decisions += self._table.dismiss_viewer(
                    room, member
                )  # its page drops the connection, whose offer is void
                decisions.append(ToPage(member.page, call_to_reconnect(room)))
        return decisions

    def retry_later(self, room: Room, trouble: tuple[str, str], now: float) -> list[Decision]:
        """A worker could not open it yet: nothing is lost, but for how long it has been so already."""
        if room.troubled_at is not None and now - room.troubled_at >= self._place_seconds:
            return self._table.close(room, *trouble)
        self.unplace(room, Event.DIED, trouble, now)
        self._table.deadlines.set(Deadline("retry", room.id), now + RETRY_SECONDS)
        return self._wait(room, now)

    def end_wait(self, room: Room) -> list[Decision]:
        """It has waited long enough."""
        return self._table.close(room, "no_place", NO_PLACE)

    def place_all(self, now: float) -> list[Decision]:
        """Places may have become free."""
        homeless = [room for room in self._table.rooms.values() if room.phase is Phase.HOMELESS]
        ready = [room for room in homeless if Deadline("retry", room.id) not in self._table.deadlines]
        return [decision for room in ready for decision in self.place(room, now)]


def call_to_reconnect(room: Room) -> Reconnect:
    """What a member is told while its room comes back, or when it has."""
    if room.phase is Phase.HOMELESS:
        return Reconnect(room=room.id, code="no_place", message=WAITING, ready=False)
    code, sentence = room.trouble
    return Reconnect(room=room.id, code=code or "connection_lost", message=sentence or PATH_BROKEN)
