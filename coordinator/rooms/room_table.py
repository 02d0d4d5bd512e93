"""The table of all rooms, and the small steps that everything that happens to them is made of.

Sans-I/O. Each step keeps rooms, pages, workers' places and deadlines consistent with each other. Which steps to take
when is left to the files beside it: joining.py and admission.py for what pages ask and workers answer, recovery.py,
placement.py, migration.py and reconciliation.py for rooms that lose their place.
"""

import hashlib
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal, NamedTuple

from coordinator.fleet.registry import Registry
from coordinator.fleet.router import PageId
from coordinator.fleet.worker import Worker, WorkerId
from coordinator.messages import (
    Admit,
    CloseRoom,
    Dismiss,
    Ended,
    Figures,
    Keep,
    Refused,
    RoomState,
    SeatViewer,
    ViewerCandidate,
)
from coordinator.rooms import records
from coordinator.rooms.deadlines import Deadlines
from coordinator.rooms.decisions import Decision, ToPage, ToWorker
from coordinator.rooms.phases import ADMITTING, Event
from coordinator.rooms.room import Room, Viewer
from coordinator.rooms.seats import Member

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 15.0
"""How long a worker may take to answer: a cold core on a slow disk takes 5 s, and people wait no longer than this."""

SEAT_GRACE = 60.0
"""Seconds for which the seat of a member who is away is kept: a closed laptop, a tunnel, a phone call."""

MAX_REMEMBERED = 10_000
"""Rooms that have ended lately. A worker that was out of reach then may still have one, and must not bring it back."""


Kind = Literal["answer", "seat", "forget", "return", "place", "freeze", "move", "retry", "early", "prepare", "arrive"]
"""A deadline ends the wait for: a worker's answer about a viewer; an absent member, for its seat ("seat") and for the
member ("forget"); a lost worker's return; a place for a room; a room's freezing; the next try to move it ("move") or to
open it ("retry"); the room of an early page; a process where a room moves to ("prepare"); its players there."""


class Deadline(NamedTuple):
    """The key of a deadline."""

    kind: Kind
    room: str = ""
    subject: str = ""
    """The viewer of "answer", the member of "seat" and "forget", the page of "early"."""


def unguessable_id() -> str:
    """Make a random id of 128 bits: a room's id lets anybody enter it, and a member's token be that member."""
    return secrets.token_urlsafe(16)


def digest(secret: str) -> str:
    """Hash a secret that only has to be recognised, as hex of SHA-256; empty for none."""
    return hashlib.sha256(secret.encode()).hexdigest() if secret else ""


class RoomTable:
    """Every room of every worker. A page is in one of them at most."""

    def __init__(self, registry: Registry, room_grace: float, new_id: Callable[[], str] = unguessable_id) -> None:
        """Start without rooms. ``room_grace``: seconds for which an absent member may come back."""
        self.registry = registry
        self.room_grace = room_grace
        self.new_id = new_id
        self.rooms: dict[str, Room] = {}
        self.pages: dict[PageId, tuple[Room, Member]] = {}
        self.deadlines: Deadlines[Deadline] = Deadlines()
        self.ended: OrderedDict[str, None] = OrderedDict()
        self.places_changed = False
        """Whether rooms that wait for a place, or to be moved, are to be tried again."""
        self._changed: dict[Room, None] = {}

    def mark_changed(self, room: Room) -> None:
        """Have the room's members and its worker told of it, by the next ``announce_changes``."""
        self._changed[room] = None

    def announce_changes(self) -> list[Decision]:
        """Tell members and workers of the rooms that have changed since the last call."""
        decisions: list[Decision] = []
        for room in self._changed:
            if room.id in self.rooms:
                decisions += _state_of(room)
                if room.worker is not None:
                    decisions.append(ToWorker(room.worker.id, Keep(room=room.id, record=records.write(room))))
        self._changed.clear()
        return decisions

    def room_on(self, worker_id: WorkerId, room_id: str) -> Room | None:
        """Find a room that is on this worker; None if it is elsewhere, as a worker has no say in others' rooms."""
        room = self.rooms.get(room_id)
        return room if room is not None and room.worker is not None and room.worker.id == worker_id else None

    def handle_figures(self, worker_id: WorkerId, message: Figures, _now: float) -> list[Decision]:
        """Keep what a worker reports of how its rooms do."""
        for figures in message.rooms:
            room = self.room_on(worker_id, figures.room)
            if room is not None:
                room.figures = figures
        return []

    # ----- viewers

    def viewer_on(self, worker_id: WorkerId, room_id: str, viewer_id: str) -> tuple[Room, Viewer] | None:
        """Find a viewer of a room that is on this worker; None if there is none."""
        room = self.room_on(worker_id, room_id)
        return (room, room.viewers[viewer_id]) if room is not None and viewer_id in room.viewers else None

    def add_viewer(self, room: Room, member: Member, offer: str, token: str, now: float) -> Viewer:
        """Add a media connection of a member, whose old one has been dismissed."""
        room.viewers_so_far += 1
        viewer = Viewer(f"v{room.viewers_so_far}", member, offer, token, now)
        room.viewers[viewer.id] = viewer
        return viewer

    def send_viewer(self, room: Room, viewer: Viewer, now: float) -> list[Decision]:
        """Ask the room's worker to admit a viewer, if viewers can be let in now."""
        if viewer.sent or room.worker is None or room.phase not in ADMITTING:
            return []
        admission = Admit(
            room=room.id,
            viewer=viewer.id,
            seat=viewer.member.seat,
            offer=viewer.offer,
            profile=viewer.member.profile,
        )
        self.await_answer(room, viewer, now)
        worker = room.worker.id
        return [
            ToWorker(worker, admission),
            *(
                ToWorker(worker, ViewerCandidate(room=room.id, viewer=viewer.id, candidate=candidate))
                for candidate in viewer.candidates
            ),
        ]

    def await_answer(self, room: Room, viewer: Viewer, now: float) -> None:
        """Note that the worker has been told of the viewer, and has to answer in time."""
        viewer.sent = True
        self.deadlines.set(Deadline("answer", room.id, viewer.id), now + ANSWER_SECONDS)

    def remove_viewer(self, room: Room, viewer: Viewer) -> None:
        """Remove a viewer whose media connection is over, as its worker knows already."""
        del room.viewers[viewer.id]
        self.deadlines.cancel(Deadline("answer", room.id, viewer.id))
        self.mark_changed(room)

    def dismiss_viewer(self, room: Room, member: Member) -> list[Decision]:
        """End the member's media connection, if it has one, and tell its worker."""
        viewer = room.viewer_of(member)
        if viewer is None:
            return []
        self.remove_viewer(room, viewer)
        if not viewer.sent or room.worker is None:
            return []
        return [ToWorker(room.worker.id, Dismiss(room=room.id, viewer=viewer.id))]

    def announce_seat(self, room: Room, member: Member) -> list[Decision]:
        """Tell the worker where the member sits now, unless it is told with the viewer itself."""
        viewer = room.viewer_of(member)
        if viewer is None or not viewer.sent or room.worker is None:
            return []
        return [ToWorker(room.worker.id, SeatViewer(room=room.id, viewer=viewer.id, seat=member.seat))]

    # ----- members

    def attach_page(self, room: Room, member: Member, page: PageId) -> None:
        """Put the member on this page: it is here, and any absence ends."""
        member.page = page
        self.pages[page] = (room, member)
        self._cancel_absence(room, member)
        self.mark_changed(room)

    def detach_page(self, room: Room, member: Member) -> None:
        """Take the member off its page, which is gone or shows another room."""
        if member.page is not None:
            del self.pages[member.page]
            member.page = None
            self.mark_changed(room)

    def start_absence(self, room: Room, member: Member, now: float) -> None:
        """Set the deadlines of a member that has neither page nor media any more: for its seat, and for itself."""
        if member.page is None and room.viewer_of(member) is None:
            self.deadlines.set(Deadline("seat", room.id, member.id), now + min(SEAT_GRACE, self.room_grace))
            self.deadlines.set(Deadline("forget", room.id, member.id), now + self.room_grace)

    def end_absence(self, room: Room, member: Member, kind: Kind) -> list[Decision]:
        """Take from a member who has been away for too long its seat ("seat"), or everything ("forget")."""
        if kind == "forget":
            return self.remove_member(room, member)
        room.roster.unseat(member)
        self.mark_changed(room)
        return []

    def _cancel_absence(self, room: Room, member: Member) -> None:
        self.deadlines.cancel(Deadline("seat", room.id, member.id))
        self.deadlines.cancel(Deadline("forget", room.id, member.id))

    def remove_member(self, room: Room, member: Member) -> list[Decision]:
        """Remove a member for good, and close the room if it was the last one."""
        dismissal = self.dismiss_viewer(room, member)
        self.detach_page(room, member)
        self._cancel_absence(room, member)
        room.roster.remove(member)
        self.mark_changed(room)
        if room.roster.members:
            return dismissal
        logger.info("= room %s closes: nobody is in it", room.label)
        worker = room.worker
        self.remove_room(room)
        return [] if worker is None else [ToWorker(worker.id, CloseRoom(room=room.id))]

    # ----- rooms

    def add_room(self, room: Room) -> None:
        """Add a room, which holds a place on its worker from here on."""
        self.rooms[room.id] = room
        if room.worker is not None:
            room.worker.rooms.add(room.id)

    def close(self, room: Room, code: str, sentence: str) -> list[Decision]:
        """End a room, as its worker knows already, and tell everybody in it."""
        decisions: list[Decision] = []
        for member in tuple(room.roster.members.values()):
            if member.page is not None:
                kind = Ended if member.known else Refused
                decisions.append(ToPage(member.page, kind(code=code, message=sentence)))
            self.detach_page(room, member)
        self.remove_room(room)
        return decisions

    def remove_room(self, room: Room) -> None:
        """Remove a room and all that belongs to it. Its worker's place is free from here on: the worker's commands keep
        their order, so it closes this room before it opens another."""
        self.release_places(room)
        room.apply(Event.CLOSED)
        for member in room.roster.members.values():
            self._cancel_absence(room, member)
        for viewer in tuple(room.viewers.values()):
            self.remove_viewer(room, viewer)
        self.end_arrival(room)
        self.cancel_deadlines(room, "return", "place", "freeze", "move", "retry")
        del self.rooms[room.id]
        self.ended[room.id] = None
        if len(self.ended) > MAX_REMEMBERED:
            self.ended.popitem(last=False)

    def release_places(self, room: Room) -> None:
        """Give up the places that the room holds, on its worker and where it was to be moved."""
        room.last_region = room.region
        for worker in (room.worker, room.target):
            if worker is not None:
                worker.rooms.discard(room.id)
                self.places_changed = True
        self.cancel_deadlines(room, "prepare")
        room.worker = room.target = room.figures = None

    def await_arrival(self, room: Room, origin: Worker, give_up_at: float) -> None:
        """Make a draining worker's next room wait until this one is played again elsewhere, or until ``give_up_at``."""
        room.origin = origin
        origin.leaving.add(room.id)
        self.deadlines.set(Deadline("arrive", room.id), give_up_at)

    def end_arrival(self, room: Room) -> None:
        """Let the next room of a draining worker move: this one is played again, or not waited for any more."""
        if room.origin is not None:
            room.origin.leaving.discard(room.id)
            room.origin = None
            self.cancel_deadlines(room, "arrive")
            self.places_changed = True

    def release_target(self, room: Room) -> None:
        """Give up the place that is held where the room was to be moved."""
        if room.target is not None:
            room.target.rooms.discard(room.id)
            room.target = None
            self.cancel_deadlines(room, "prepare")
            self.places_changed = True

    def cancel_deadlines(self, room: Room, *kinds: Kind) -> None:
        """Cancel deadlines of the room, by their kinds."""
        for kind in kinds:
            self.deadlines.cancel(Deadline(kind, room.id))


def _state_of(room: Room) -> list[Decision]:
    roster, people = room.roster, room.people
    return [
        ToPage(
            member.page,
            RoomState(
                room=room.id,
                you=member.id,
                members=people,
                host=roster.host,
                locked=roster.locked,
                listed=room.listed,
                offers=tuple(roster.offers.items()),
            ),
        )
        for member in roster.members.values()
        if member.page is not None and member.known
    ]
