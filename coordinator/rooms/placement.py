"""A place for a room that has lost its own: on any worker that has its game and a free one, as soon as there is one.

Sans-I/O. Its members are told to come after it. How it lost its place is for recovery.py, returns.py and moves.py.
"""

import logging

from coordinator.fleet.registry import Worker
from coordinator.messages import OpenRoom, Reconnect, Refused
from coordinator.rooms.decisions import Decision, ToPage, ToWorker
from coordinator.rooms.phases import Event, Phase
from coordinator.rooms.room import Room
from coordinator.rooms.room_table import Alarm, House

logger = logging.getLogger(__name__)

RETRY_SECONDS = 3.0
"""After a worker could not open a room yet: its store may be back, or an older copy of the room has ended."""

PATH_BROKEN = "The connection to the game broke off. Connecting again."
WAITING = "Your game waits for a server with a free place, and then goes on from where it was saved last."
NO_PLACE = "The game server was lost, and no other has a free place. Start the game again in a few minutes."


class Placing:
    """Takes rooms off their workers and puts them on others."""

    def __init__(self, house: House, place_seconds: float) -> None:
        """``place_seconds``: how long a room may wait for a worker with a free place."""
        self._house = house
        self._place_seconds = place_seconds

    def lose(self, room: Room, event: Event, trouble: tuple[str, str], now: float) -> None:
        """It runs nowhere. Viewers who still wait for their answer get it from the next worker."""
        room.step(event)
        house = self._house
        house.give_places_free(room)
        house.cancel(room, "return", "freeze", "move")
        room.trouble = trouble
        room.troubled_at = now if room.troubled_at is None else room.troubled_at
        for viewer in tuple(room.viewers.values()):
            if viewer.admitted:
                house.drop_viewer(room, viewer)
                house.note_absence(room, viewer.member, now)
            else:
                viewer.sent = False
                house.alarms.cancel(Alarm("answer", room.id, viewer.id))
        house.touch(room)

    def find(self, room: Room, now: float, prefer: Worker | None = None, avoid: Worker | None = None) -> list[Decision]:
        """Open a homeless room on a worker, or let it wait for one."""
        worker = self._house.registry.place_for(room.game.id, room.wish, prefer, avoid)
        if isinstance(worker, Refused):
            return self._wait(room, now)
        room.step(Event.PLACED)
        room.worker = worker
        worker.rooms.add(room.id)
        room.opened_at = now
        room.epoch += 1
        self._house.cancel(room, "place")
        self._house.touch(room)
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
        return [ToWorker(worker.id, opening), *self.bring_members(room, now)]

    def bring_members(self, room: Room, now: float) -> list[Decision]:
        """Everybody comes to where the room is now: who waits is let in, who plays connects again."""
        decisions: list[Decision] = []
        for member in room.company.members.values():
            viewer = room.viewer_of(member)
            if viewer is not None:
                decisions += self._house.send_viewer(room, viewer, now)
            elif member.page is not None:
                decisions.append(ToPage(member.page, summons(room)))
        return decisions

    def _wait(self, room: Room, now: float) -> list[Decision]:
        alarm = Alarm("place", room.id)
        if alarm in self._house.alarms:
            return []
        self._house.alarms.set(alarm, now + self._place_seconds)
        logger.warning("! room %s waits for a worker that can open it", room.label)
        decisions: list[Decision] = []
        for member in room.company.members.values():
            if member.page is not None and member.known:
                decisions += self._house.dismiss(room, member)  # its page drops the connection, whose offer is void
                decisions.append(ToPage(member.page, summons(room)))
        return decisions

    def try_later(self, room: Room, trouble: tuple[str, str], now: float) -> list[Decision]:
        """A worker could not open it yet: nothing is lost, but for how long it has been so already."""
        if room.troubled_at is not None and now - room.troubled_at >= self._place_seconds:
            return self._house.close(room, *trouble)
        self.lose(room, Event.DIED, trouble, now)
        self._house.alarms.set(Alarm("retry", room.id), now + RETRY_SECONDS)
        return self._wait(room, now)

    def give_up(self, room: Room) -> list[Decision]:
        """It has waited long enough."""
        return self._house.close(room, "no_place", NO_PLACE)

    def find_all(self, now: float) -> list[Decision]:
        """Places may have become free."""
        homeless = [room for room in self._house.rooms.values() if room.phase is Phase.HOMELESS]
        ready = [room for room in homeless if Alarm("retry", room.id) not in self._house.alarms]
        return [decision for room in ready for decision in self.find(room, now)]


def summons(room: Room) -> Reconnect:
    """What a member is told while its room comes back, or when it has."""
    if room.phase is Phase.HOMELESS:
        return Reconnect(room=room.id, code="no_place", message=WAITING, ready=False)
    code, sentence = room.trouble
    return Reconnect(room=room.id, code=code or "connection_lost", message=sentence or PATH_BROKEN)
