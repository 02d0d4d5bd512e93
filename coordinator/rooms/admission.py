"""What workers answer about viewers: admitted, rejected, left, or nothing in time.

Sans-I/O. A member of a room stays one whatever becomes of its media connection; a viewer that was about to become one
does not. Answers about viewers who left meanwhile, and about other workers' rooms, change nothing.
"""

import logging

from coordinator.fleet.worker import WorkerId
from coordinator.messages import Admitted, Reconnect, Refused, Rejected, Started, ViewerLeft
from coordinator.rooms.decisions import Decision, Recovered, StartTook, ToPage
from coordinator.rooms.phases import Event
from coordinator.rooms.placement import PATH_BROKEN
from coordinator.rooms.room import Room, Viewer
from coordinator.rooms.room_table import ANSWER_SECONDS, Deadline, RoomTable
from coordinator.rooms.seats import Member

logger = logging.getLogger(__name__)


class Admission:
    """Handle workers' messages about viewers."""

    def __init__(self, table: RoomTable) -> None:
        self._table = table

    def handle_admitted(self, worker_id: WorkerId, message: Admitted, now: float) -> list[Decision]:
        """Let the viewer in, and pass the answer on to its page."""
        found = self._table.viewer_on(worker_id, message.room, message.viewer)
        if found is None or found[1].admitted:
            return []
        room, viewer = found
        member = viewer.member
        room.apply(Event.ANSWERED)
        room.codec = message.codec or room.codec
        member.known = True
        self._table.deadlines.cancel(Deadline("answer", room.id, viewer.id))
        self._table.mark_changed(room)
        decisions = self._announce_answer(room, viewer, message.answer)
        viewer.admit()
        return [*decisions, *self._observe_answer(room, viewer, now)]

    def _announce_answer(self, room: Room, viewer: Viewer, answer: str) -> list[Decision]:
        member = viewer.member
        if member.page is None:
            return []
        started = Started(
            room=room.id,
            seat=member.seat,
            game=room.game,
            answer=answer,
            member=member.id,
            token=viewer.token,
            region=room.region,
        )
        return [ToPage(member.page, started)]

    def _observe_answer(self, room: Room, viewer: Viewer, now: float) -> list[Decision]:
        decisions: list[Decision] = []
        if viewer.opens_room:
            decisions.append(StartTook(now - viewer.asked_at))
            self._table.places_changed = True  # its worker may be draining, and the room can be moved now
        if room.troubled_at is not None:
            decisions.append(Recovered(room.trouble[0] or "link_lost", now - room.troubled_at))
            room.trouble, room.troubled_at = ("", ""), None
            self._table.end_arrival(room)
        return decisions

    def handle_rejected(self, worker_id: WorkerId, message: Rejected, now: float) -> list[Decision]:
        """Refuse the viewer; a room that nobody else is in closes with it."""
        found = self._table.viewer_on(worker_id, message.room, message.viewer)
        if found is None:
            return []
        room, viewer = found
        logger.info("= room %s: viewer %s rejected: %s", room.label, viewer.id, message.code)
        self._table.remove_viewer(room, viewer)
        return self._refuse_viewer(room, viewer.member, message.code, message.message, now)

    def _refuse_viewer(self, room: Room, member: Member, code: str, sentence: str, now: float) -> list[Decision]:
        """Tell the page why, and remove a member who was about to become one; a member that it was before stays."""
        decisions: list[Decision] = []
        if member.page is not None:
            decisions.append(ToPage(member.page, Refused(code=code, message=sentence)))
        if not member.known:
            return [*decisions, *self._table.remove_member(room, member)]
        self._table.start_absence(room, member, now)
        return decisions

    def handle_viewer_left(self, worker_id: WorkerId, message: ViewerLeft, now: float) -> list[Decision]:
        """Handle the end of a viewer's media connection: call its page back, if that is still here."""
        found = self._table.viewer_on(worker_id, message.room, message.viewer)
        if found is None:
            return []
        room, viewer = found
        member = viewer.member
        self._table.remove_viewer(room, viewer)
        if not member.known:
            return self._refuse_viewer(room, member, "connection_lost", PATH_BROKEN, now)
        if member.page is None:
            self._table.start_absence(room, member, now)
            return []
        return [ToPage(member.page, Reconnect(room=room.id, code="connection_lost", message=PATH_BROKEN))]

    def end_answer_wait(self, room: Room, viewer: Viewer, now: float) -> list[Decision]:
        """Refuse a viewer about whom the worker has said nothing for too long."""
        logger.warning("! no answer about viewer %s of room %s", viewer.id, room.label)
        member = viewer.member
        dismissal = self._table.dismiss_viewer(room, member) if member.known else []  # otherwise it is taken out below
        sentence = f"The game server did not answer within {ANSWER_SECONDS:.0f} seconds. Try again."
        return [*dismissal, *self._refuse_viewer(room, member, "worker_silent", sentence, now)]
