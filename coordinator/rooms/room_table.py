"""All rooms, and the small steps that everything that happens to them is made of.

Sans-I/O. It keeps rooms, pages, workers' places and deadlines in step with each other; which steps to take when is
decided in rooms.py, for what pages ask and workers answer, and in recovery.py, for rooms that lose their place.
"""

import hashlib
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal, NamedTuple

from coordinator.fleet.registry import Registry, Worker, WorkerId
from coordinator.messages import Admit, CloseRoom, Dismiss, Ended, Keep, Refused, RoomState, SeatViewer, ViewerCandidate
from coordinator.rooms import records
from coordinator.rooms.deadlines import Deadlines
from coordinator.rooms.decisions import Decision, ToPage, ToWorker
from coordinator.rooms.phases import ADMITTING, Event
from coordinator.rooms.room import Room, Viewer
from coordinator.rooms.seats import Member, PageId

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 15.0
"""How long a worker may take to answer: a cold core on a slow disk takes 5 s, and people wait no longer than this."""

SEAT_GRACE = 60.0
"""Seconds for which the seat of a member who is away is kept: a closed laptop, a tunnel, a phone call."""

MAX_REMEMBERED = 10_000
"""Rooms that have ended lately. A worker that was out of reach then may still have one, and must not bring it back."""


Kind = Literal["answer", "seat", "forget", "return", "place", "freeze", "move", "retry", "early", "prepare", "arrive"]


class Deadline(NamedTuple):
    """What a deadline is for."""

    kind: Kind
    room: str = ""
    who: str = ""


def unguessable_id() -> str:
    """128 bits: who has a room's id may enter it, who has a member's token may be that member."""
    return secrets.token_urlsafe(16)


def digest(secret: str) -> str:
    """What is kept of a secret that only has to be recognised; empty for none."""
    return hashlib.sha256(secret.encode()).hexdigest() if secret else ""


class RoomTable:
    """Every room of every worker. A page is in one of them at most."""

    def __init__(self, registry: Registry, room_grace: float, new_id: Callable[[], str] = unguessable_id) -> None:
        """``room_grace``: seconds for which a member who is away may come back, and so a room without any is kept."""
        self.registry = registry
        self.room_grace = room_grace
        self.new_id = new_id
        self.rooms: dict[str, Room] = {}
        self.pages: dict[PageId, tuple[Room, Member]] = {}
        self.deadlines: Deadlines[Deadline] = Deadlines()
        self.ended: OrderedDict[str, None] = OrderedDict()
        self.places_changed = False
        """Whether there may be a place for a room that waits for one."""
        self._changed: dict[Room, None] = {}

    def mark_changed(self, room: Room) -> None:
        """Something that its members see has changed."""
        self._changed[room] = None

    def news(self) -> list[Decision]:
        """What members and workers are to know of the rooms that have changed since the last call."""
        decisions: list[Decision] = []
        for room in self._changed:
            if room.id in self.rooms:
                decisions += _state_of(room)
                if room.worker is not None:
                    decisions.append(ToWorker(room.worker.id, Keep(room=room.id, record=records.write(room))))
        self._changed.clear()
        return decisions

    def room_on(self, worker_id: WorkerId, room_id: str) -> Room | None:
        """A room of which this worker may speak."""
        room = self.rooms.get(room_id)
        return room if room is not None and room.worker is not None and room.worker.id == worker_id else None

    # ----- viewers

    def viewer_on(self, worker_id: WorkerId, room_id: str, viewer_id: str) -> tuple[Room, Viewer] | None:
        """A viewer of whom this worker may speak."""
        room = self.room_on(worker_id, room_id)
        return (room, room.viewers[viewer_id]) if room is not None and viewer_id in room.viewers else None

    def add_viewer(self, room: Room, member: Member, offer: str, token: str, now: float) -> Viewer:
        """A new media connection in place of the member's old one, of which its worker has been told."""
        room.viewers_so_far += 1
        viewer = Viewer(f"v{room.viewers_so_far}", member, offer, token, now)
        room.viewers[viewer.id] = viewer
        return viewer

    def send_viewer(self, room: Room, viewer: Viewer, now: float) -> list[Decision]:
        """Tell the room's worker of a viewer, if it can be let in now."""
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
        """The worker is told of the viewer, and is to answer."""
        viewer.sent = True
        self.deadlines.set(Deadline("answer", room.id, viewer.id), now + ANSWER_SECONDS)

    def remove_viewer(self, room: Room, viewer: Viewer) -> None:
        """Its media connection is over, and the worker knows."""
        del room.viewers[viewer.id]
        self.deadlines.cancel(Deadline("answer", room.id, viewer.id))
        self.mark_changed(room)

    def dismiss_viewer(self, room: Room, member: Member) -> list[Decision]:
        """End the member's media connection, if it has one."""
        viewer = room.viewer_of(member)
        if viewer is None:
            return []
        self.remove_viewer(room, viewer)
        if not viewer.sent or room.worker is None:
            return []
        return [ToWorker(room.worker.id, Dismiss(room=room.id, viewer=viewer.id))]

    def announce_seat(self, room: Room, member: Member) -> list[Decision]:
        """The member sits elsewhere now: tell the worker, unless it is told with the viewer itself."""
        viewer = room.viewer_of(member)
        if viewer is None or not viewer.sent or room.worker is None:
            return []
        return [ToWorker(room.worker.id, SeatViewer(room=room.id, viewer=viewer.id, seat=member.seat))]

    # ----- members

    def attach_page(self, room: Room, member: Member, page: PageId) -> None:
        """The member is on this page now."""
        member.page = page
        self.pages[page] = (room, member)
        self._cancel_absence(room, member)
        self.mark_changed(room)

    def detach_page(self, room: Room, member: Member) -> None:
        """The member's page is another one, or gone."""
        if member.page is not None:
            del self.pages[member.page]
            member.page = None
            self.mark_changed(room)

    def start_absence(self, room: Room, member: Member, now: float) -> None:
        """Let the time run for a member who has neither page nor media any more."""
        if member.page is None and room.viewer_of(member) is None:
            self.deadlines.set(Deadline("seat", room.id, member.id), now + min(SEAT_GRACE, self.room_grace))
            self.deadlines.set(Deadline("forget", room.id, member.id), now + self.room_grace)

    def _cancel_absence(self, room: Room, member: Member) -> None:
        self.deadlines.cancel(Deadline("seat", room.id, member.id))
        self.deadlines.cancel(Deadline("forget", room.id, member.id))

    def remove_member(self, room: Room, member: Member) -> list[Decision]:
        """The member is in the room no more; and a room with no member is no more."""
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

    def close(self, room: Room, code: str, sentence: str) -> list[Decision]:
        """The room is over, and its worker knows: tell everybody in it."""
        decisions: list[Decision] = []
        for member in tuple(room.roster.members.values()):
            if member.page is not None:
                policy = Ended if member.known else Refused
                decisions.append(ToPage(member.page, policy(code=code, message=sentence)))
            self.detach_page(room, member)
        self.remove_room(room)
        return decisions

    def remove_room(self, room: Room) -> None:
        """The worker's place is free from here on: its commands keep their order, so it closes before it opens."""
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
        """It holds a place on no worker any more."""
        room.left = room.region
        for worker in (room.worker, room.target):
            if worker is not None:
                worker.rooms.discard(room.id)
                self.places_changed = True
        self.cancel_deadlines(room, "prepare")
        room.worker = room.target = room.figures = None

    def await_arrival(self, room: Room, origin: Worker, patience_ends: float) -> None:
        """It was moved off a worker that drains, whose next room waits until it is played again, or patience ends."""
        room.origin = origin
        origin.leaving.add(room.id)
        self.deadlines.set(Deadline("arrive", room.id), patience_ends)

    def end_arrival(self, room: Room) -> None:
        """It is played again, or not waited for any more."""
        if room.origin is not None:
            room.origin.leaving.discard(room.id)
            room.origin = None
            self.cancel_deadlines(room, "arrive")
            self.places_changed = True

    def release_target(self, room: Room) -> None:
        """It is not to be moved to where a place is held for it."""
        if room.target is not None:
            room.target.rooms.discard(room.id)
            room.target = None
            self.cancel_deadlines(room, "prepare")
            self.places_changed = True

    def cancel_deadlines(self, room: Room, *kinds: Kind) -> None:
        """These deadlines of the room don't count any more."""
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
