"""Workers that come back with rooms: after they lost this coordinator, or to one that has just started and knows none.

Sans-I/O. Of two copies of a room, the one of the higher epoch is the room; the other is closed.
"""

import logging

from coordinator.fleet.worker import Worker, WorkerId
from coordinator.messages import CloseRoom, Dismiss, Holding, Reconnect, Refused, SeatViewer
from coordinator.rooms import records
from coordinator.rooms.decisions import Decision, ToPage, ToWorker
from coordinator.rooms.joining import Joining
from coordinator.rooms.phases import Event, Phase
from coordinator.rooms.placement import PATH_BROKEN, Placement
from coordinator.rooms.records import Record
from coordinator.rooms.room import Room, Viewer
from coordinator.rooms.room_table import RoomTable

logger = logging.getLogger(__name__)

UNANSWERED = "The game server did not answer in time. Try again."


class Reconciliation:
    """Take rooms back that went on without this coordinator."""

    def __init__(self, table: RoomTable, placement: Placement, joining: Joining) -> None:
        self._table = table
        self._placement = placement
        self._joining = joining

    def handle_holding(self, worker_id: WorkerId, message: Holding, now: float) -> list[Decision]:
        """Reconcile a copy of a room that a worker has with what is known of it, and let in pages that wait for it."""
        decisions = self._reconcile(self._table.registry.get(worker_id), message, now)
        return [*decisions, *self._joining.enter_early_pages(message.room, now)]

    def _reconcile(self, worker: Worker, message: Holding, now: float) -> list[Decision]:
        """Take the copy as the room, unless a later copy of it is known, or its end."""
        worker.holding = max(0, worker.holding - 1)
        self._table.places_changed = True
        record = records.read(message.record)
        room = self._table.rooms.get(message.room)
        if record is None or message.room in self._table.ended or (room and not _is_current(room, record)):
            logger.info("= worker %s is told to close a room that is over, or elsewhere", worker.id)
            return [ToWorker(worker.id, CloseRoom(room=message.room, superseded=room is not None))]
        decisions: list[Decision] = []
        if room is not None and record.epoch > room.epoch:
            decisions, room = self._drop_older_copy(room), None
        if room is None:
            room = self._adopt(worker, message, record, now)
        else:
            decisions = self._resume_on(room, worker, now)
        logger.info("= room %s came with worker %s", room.label, worker.id)
        self._table.mark_changed(room)
        return [*decisions, *self._reconcile_viewers(room, worker, message.viewers, now)]

    def _adopt(self, worker: Worker, message: Holding, record: Record, now: float) -> Room:
        """Add a room that another coordinator has made."""
        room = records.room_of(message.room, record, worker, now)
        self._table.add_room(room)
        for kept in record.members:
            member = room.roster.members[kept.id]
            if kept.viewer and kept.viewer in message.viewers:
                room.viewers[kept.viewer] = Viewer(kept.viewer, member, "", "", now, sent=True, admitted=True)
            self._table.start_absence(room, member, now)
        return room

    def _drop_older_copy(self, room: Room) -> list[Decision]:
        """Remove an older copy, which came to a new coordinator first, and call everybody in it to the later one."""
        decisions = self._close_other_copy(room)
        for member in room.roster.members.values():
            if member.page is not None:
                call = Reconnect(room=room.id, code="connection_lost", message=PATH_BROKEN)
                refusal = Refused(code="worker_lost", message=UNANSWERED)
                decisions.append(ToPage(member.page, call if member.known else refusal))
            self._table.detach_page(room, member)
        self._table.remove_room(room)
        del self._table.ended[room.id]
        return decisions

    def _close_other_copy(self, room: Room, worker: Worker | None = None) -> list[Decision]:
        """Close the copy on another worker than this one. It may be the same, by a link that nobody reads any more."""
        if room.worker is None or room.worker is worker:
            return []
        return [ToWorker(room.worker.id, CloseRoom(room=room.id, superseded=True))]

    def _resume_on(self, room: Room, worker: Worker, now: float) -> list[Decision]:
        """Put the room on this worker, which has the copy that is known, or one that was opened as often."""
        decisions = self._close_other_copy(room, worker)
        room.apply(Event.HELD)
        self._table.release_places(room)
        self._table.cancel_deadlines(room, "return", "place", "freeze", "retry")
        room.worker, room.opened_at, room.troubled_at = worker, now, None
        worker.rooms.add(room.id)
        return decisions

    def _reconcile_viewers(self, room: Room, worker: Worker, there: tuple[str, ...], now: float) -> list[Decision]:
        """Agree with the worker on who is connected and in which seat, as messages may have been lost both ways.

        ``there`` are the viewers that the worker has.
        """
        decisions: list[Decision] = []
        for viewer in tuple(room.viewers.values()):
            if viewer.admitted and viewer.id in there:
                seating = SeatViewer(room=room.id, viewer=viewer.id, seat=viewer.member.seat)
                decisions.append(ToWorker(worker.id, seating))
            elif viewer.admitted or viewer.id in there:
                decisions += self._drop_viewer(room, viewer, now)
            else:
                viewer.sent = False  # the worker does not know it: it is told once more
        decisions += [
            ToWorker(worker.id, Dismiss(room=room.id, viewer=name)) for name in there if name not in room.viewers
        ]
        return (
            [*decisions, *self._placement.reconnect_members(room, now)] if room.id in self._table.rooms else decisions
        )

    def _drop_viewer(self, room: Room, viewer: Viewer, now: float) -> list[Decision]:
        """Drop a viewer whose connection ended, or whose answer got lost, while the link was broken."""
        member, page = viewer.member, viewer.member.page
        if member.known:
            decisions = self._table.dismiss_viewer(room, member)
            self._table.start_absence(room, member, now)
            return decisions
        decisions = self._table.remove_member(room, member)
        if page is not None:
            decisions.append(ToPage(page, Refused(code="worker_lost", message=UNANSWERED)))
        return decisions


def _is_current(room: Room, record: Record) -> bool:
    return record.epoch >= room.epoch and room.phase is not Phase.STARTING
