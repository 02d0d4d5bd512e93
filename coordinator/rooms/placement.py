"""Places for rooms that have lost theirs: on any worker that has the game and a free one, as soon as there is one.

Sans-I/O. Members are told to connect again where their room is. Which worker is taken is left to
fleet/selection.py, and how a room lost its place to recovery.py and migration.py.
"""

import logging

from coordinator.errors import NoPlaceError
from coordinator.fleet.selection import PlaceRequest
from coordinator.fleet.worker import Worker
from coordinator.messages import OpenRoom, Reconnect
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
    """Take rooms off their workers, and open them on others."""

    def __init__(self, table: RoomTable, place_seconds: float) -> None:
        """Start without rooms. ``place_seconds``: how long a room may wait for a worker with a free place."""
        self._table = table
        self._place_seconds = place_seconds

    def unplace(self, room: Room, event: Event, trouble: tuple[str, str], now: float) -> None:
        """Take a room off its worker. Viewers who still wait for their answer get it from the next worker.

        ``trouble`` is the code and the sentence that its players are told.
        """
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
        request = PlaceRequest(room.game.id, room.region_preference, prefer, avoid)
        try:
            worker = self._table.registry.select_worker(request)
        except NoPlaceError:
            return self._wait_for_place(room, now)
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
        """Bring everybody to where the room is now: send waiting viewers to its worker, tell others to reconnect."""
        decisions: list[Decision] = []
        for member in room.roster.members.values():
            viewer = room.viewer_of(member)
            if viewer is not None:
                decisions += self._table.send_viewer(room, viewer, now)
            elif member.page is not None:
                decisions.append(ToPage(member.page, call_to_reconnect(room)))
        return decisions

    def _wait_for_place(self, room: Room, now: float) -> list[Decision]:
        deadline = Deadline("place", room.id)
        if deadline in self._table.deadlines:
            return []
        self._table.deadlines.set(deadline, now + self._place_seconds)
        logger.warning("! room %s waits for a worker that can open it", room.label)
        decisions: list[Decision] = []
        for member in room.roster.members.values():
            if member.page is not None and member.known:
                # The page drops its connection at this message, which voids the offer that it has made.
                decisions += self._table.dismiss_viewer(room, member)
                decisions.append(ToPage(member.page, call_to_reconnect(room)))
        return decisions

    def retry_later(self, room: Room, trouble: tuple[str, str], now: float) -> list[Decision]:
        """Try again in a while, as a worker could not open the room yet; close it if that has gone on for too long."""
        if room.troubled_at is not None and now - room.troubled_at >= self._place_seconds:
            return self._table.close(room, *trouble)
        self.unplace(room, Event.DIED, trouble, now)
        self._table.deadlines.set(Deadline("retry", room.id), now + RETRY_SECONDS)
        return self._wait_for_place(room, now)

    def end_wait(self, room: Room) -> list[Decision]:
        """Close a room that has waited long enough."""
        return self._table.close(room, "no_place", NO_PLACE)

    def place_all(self, now: float) -> list[Decision]:
        """Try to place every room that waits."""
        homeless = [room for room in self._table.rooms.values() if room.phase is Phase.HOMELESS]
        ready = [room for room in homeless if Deadline("retry", room.id) not in self._table.deadlines]
        return [decision for room in ready for decision in self.place(room, now)]


def call_to_reconnect(room: Room) -> Reconnect:
    """Make the message that tells a member to connect to its room again, or to wait until it has a place."""
    if room.phase is Phase.HOMELESS:
        return Reconnect(room=room.id, code="no_place", message=WAITING, ready=False)
    code, sentence = room.trouble
    return Reconnect(room=room.id, code=code or "connection_lost", message=sentence or PATH_BROKEN)
