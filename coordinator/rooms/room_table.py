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
from coordinator.rooms.deadlines import Alarms
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


class Alarm(NamedTuple):
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


class House:
    """Every room of every worker. A page is in one of them at most."""

    def __init__(self, registry: Registry, room_grace: float, new_id: Callable[[], str] = unguessable_id) -> None:
        """``room_grace``: seconds for which a member who is away may come back, and so a room without any is kept."""
        self.registry = registry
        self.room_grace = room_grace
        self.new_id = new_id
        self.rooms: dict[str, Room] = {}
        self.pages: dict[PageId, tuple[Room, Member]] = {}
        self.alarms: Alarms[Alarm] = Alarms()
        self.ended: OrderedDict[str, None] = OrderedDict()
        self.places_changed = False
        """Whether there may be a place for a room that waits for one."""
        self._changed: dict[Room, None] = {}

    def touch(self, room: Room) -> None:
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

    def on(self, worker_id: WorkerId, room_id: str) -> Room | None:
        """A room of which this worker may speak."""
        room = self.rooms.get(room_id)
        return room if room is not None and room.worker is not None and room.worker.id == worker_id else None

    # ----- viewers

    def find(self, worker_id: WorkerId, room_id: str, viewer_id: str) -> tuple[Room, Viewer] | None:
        """A viewer of whom this worker may speak."""
        room = self.on(worker_id, room_id)
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
        self.alarms.set(Alarm("answer", room.id, viewer.id), now + ANSWER_SECONDS)

    def drop_viewer(self, room: Room, viewer: Viewer) -> None:
        """Its media connection is over, and the worker knows."""
        del room.viewers[viewer.id]
        self.alarms.cancel(Alarm("answer", room.id, viewer.id))
        self.touch(room)

    def dismiss(self, room: Room, member: Member) -> list[Decision]:
        """End the member's media connection, if it has one."""
        viewer = room.viewer_of(member)
        if viewer is None:
            return []
        self.drop_viewer(room, viewer)
        if not viewer.sent or room.worker is None:
            return []
        return [ToWorker(room.worker.id, Dismiss(room=room.id, viewer=viewer.id))]

    def seat(self, room: Room, member: Member) -> list[Decision]:
        """The member sits elsewhere now: tell the worker, unless it is told with the viewer itself."""
        viewer = room.viewer_of(member)
        if viewer is None or not viewer.sent or room.worker is None:
            return []
        return [ToWorker(room.worker.id, SeatViewer(room=room.id, viewer=viewer.id, seat=member.seat))]

    # ----- members

    def attach(self, room: Room, member: Member, page: PageId) -> None:
        """The member is on this page now."""
        member.page = page
        self.pages[page] = (room, member)
        self._came_back(room, member)
        self.touch(room)

    def detach(self, room: Room, member: Member) -> None:
        """The member's page is another one, or gone."""
        if member.page is not None:
            del self.pages[member.page]
            member.page = None
            self.touch(room)

    def note_absence(self, room: Room, member: Member, now: float) -> None:
        """Let the time run for a member who has neither page nor media any more."""
        if member.page is None and room.viewer_of(member) is None:
            self.alarms.set(Alarm("seat", room.id, member.id), now + min(SEAT_GRACE, self.room_grace))
            self.alarms.set(Alarm("forget", room.id, member.id), now + self.room_grace)

    def _came_back(self, room: Room, member: Member) -> None:
        self.alarms.cancel(Alarm("seat", room.id, member.id))
        self.alarms.cancel(Alarm("forget", room.id, member.id))

    def take_out(self, room: Room, member: Member) -> list[Decision]:
        """The member is in the room no more; and a room with no member is no more."""
        dismissal = self.dismiss(room, member)
        self.detach(room, member)
        self._came_back(room, member)
        room.company.leave(member)
        self.touch(room)
        if room.company.members:
            return dismissal
        logger.info("= room %s closes: nobody is in it", room.label)
        worker = room.worker
        self.forget(room)
        return [] if worker is None else [ToWorker(worker.id, CloseRoom(room=room.id))]

    # ----- rooms

    def close(self, room: Room, code: str, sentence: str) -> list[Decision]:
        """The room is over, and its worker knows: tell everybody in it."""
        decisions: list[Decision] = []
        for member in tuple(room.company.members.values()):
            if member.page is not None:
                verdict = Ended if member.known else Refused
                decisions.append(ToPage(member.page, verdict(code=code, message=sentence)))
            self.detach(room, member)
        self.forget(room)
        return decisions

    def forget(self, room: Room) -> None:
        """The worker's place is free from here on: its commands keep their order, so it closes before it opens."""
        self.give_places_free(room)
        room.step(Event.CLOSED)
        for member in room.company.members.values():
            self._came_back(room, member)
        for viewer in tuple(room.viewers.values()):
            self.drop_viewer(room, viewer)
        self.arrived(room)
        self.cancel(room, "return", "place", "freeze", "move", "retry")
        del self.rooms[room.id]
        self.ended[room.id] = None
        if len(self.ended) > MAX_REMEMBERED:
            self.ended.popitem(last=False)

    def give_places_free(self, room: Room) -> None:
        """It holds a place on no worker any more."""
        room.left = room.region
        for worker in (room.worker, room.target):
            if worker is not None:
                worker.rooms.discard(room.id)
                self.places_changed = True
        self.cancel(room, "prepare")
        room.worker = room.target = room.figures = None

    def set_out(self, room: Room, origin: Worker, patience_ends: float) -> None:
        """It was moved off a worker that drains, whose next room waits until it is played again, or patience ends."""
        room.origin = origin
        origin.leaving.add(room.id)
        self.alarms.set(Alarm("arrive", room.id), patience_ends)

    def arrived(self, room: Room) -> None:
        """It is played again, or not waited for any more."""
        if room.origin is not None:
            room.origin.leaving.discard(room.id)
            room.origin = None
            self.cancel(room, "arrive")
            self.places_changed = True

    def release_target(self, room: Room) -> None:
        """It is not to be moved to where a place is held for it."""
        if room.target is not None:
            room.target.rooms.discard(room.id)
            room.target = None
            self.cancel(room, "prepare")
            self.places_changed = True

    def cancel(self, room: Room, *kinds: Kind) -> None:
        """These deadlines of the room don't count any more."""
        for kind in kinds:
            self.alarms.cancel(Alarm(kind, room.id))


def _state_of(room: Room) -> list[Decision]:
    company, people = room.company, room.people
    return [
        ToPage(
            member.page,
            RoomState(
                room=room.id,
                you=member.id,
                members=people,
                host=company.host,
                locked=company.locked,
                listed=room.listed,
                offers=tuple(company.offers.items()),
            ),
        )
        for member in company.members.values()
        if member.page is not None and member.known
    ]
