"""The rooms, as pages and workers see them: each of their messages in, and what is to be done about it out.

Sans-I/O: ids, messages and ``now`` go in; a list of decisions comes out, to be carried out in its order. This is the
door to the files beside it; connections are left to switchboard.py.
"""

from collections.abc import Callable, Collection, Iterable

from coordinator.errors import DeniedError
from coordinator.fleet.registry import Registry, Worker, WorkerId
from coordinator.messages import (
    Admitted,
    Back,
    Draining,
    Ended,
    Figures,
    Frozen,
    GiveSeat,
    Holding,
    Join,
    Leave,
    MakeHost,
    Measured,
    PlayerMessage,
    Prepared,
    Refused,
    Rejected,
    Remove,
    Rename,
    RoomClosed,
    SetRoom,
    Start,
    TakeSeat,
    Thawed,
    Trickle,
    ViewerLeft,
    WorkerMessage,
)
from coordinator.rooms.admission import Admission
from coordinator.rooms.decisions import Decision, ToPage
from coordinator.rooms.joining import Joining, trickle
from coordinator.rooms.migration import Migration
from coordinator.rooms.placement import Placement
from coordinator.rooms.reconciliation import Reconciliation
from coordinator.rooms.recovery import Recovery
from coordinator.rooms.room import Room
from coordinator.rooms.room_table import Deadline, RoomTable, unguessable_id
from coordinator.rooms.seats import Member, PageId, name_of

REMOVED = "The host of the room has removed you. Choose a game of your own."
NO_ROOM = "You are in no room. Start a game, or open the link of one."


class Rooms:
    """Every room of every worker. A page is in one of them at most."""

    def __init__(
        self,
        registry: Registry,
        *,
        room_grace: float = 120.0,
        place_seconds: float = 60.0,
        rooms_per_address: int = 0,
        started_at: float = 0.0,
        new_id: Callable[[], str] = unguessable_id,
    ) -> None:
        self._table = RoomTable(registry, room_grace, new_id)
        placement = Placement(self._table, place_seconds)
        self._placement = placement
        self._admission = Admission(self._table)
        self._joining = Joining(self._table, rooms_per_address, started_at)
        self._recovery = Recovery(self._table, placement)
        self._reconciliation = Reconciliation(self._table, placement)
        self._migration = Migration(self._table, placement)

    @property
    def rooms(self) -> Collection[Room]:
        """Those that go on."""
        return self._table.rooms.values()

    @property
    def members(self) -> list[Member]:
        """Everybody who is in a room, or may come back to one."""
        return [member for room in self.rooms for member in room.roster.members.values()]

    def find(self, room_id: str) -> Room | None:
        """The room of this id."""
        return self._table.rooms.get(room_id)

    def news(self, now: float) -> list[Decision]:
        """What follows of everything before: rooms that find a place, and what members and workers are to know."""
        decisions: list[Decision] = []
        while self._table.places_changed:
            self._table.places_changed = False
            decisions += self._placement.place_all(now)
            decisions += self._migration.continue_draining(now)
        return [*decisions, *self._table.news()]

    # ----- from pages

    def page_said(self, page: PageId, message: PlayerMessage, now: float, address: str = "") -> list[Decision]:
        """A page's message. Another room's start or join leaves the one before, even if it is refused."""
        try:
            match message:
                case Start():
                    return self._start(page, message, address, now)
                case Join() | Back():
                    return self._join(page, message, address, now)
                case Trickle():
                    self._joining.trickle_early(page, message.candidate)
                    return trickle(self._table, page, message.candidate)
                case Measured():
                    self._measured(page, message)
                    return []
                case Leave():
                    return self.leave(page)
                case _:
                    return self._act(page, message)
        except DeniedError as denied:
            return [ToPage(page, Refused(code=denied.code, message=denied.sentence))]

    def _start(self, page: PageId, message: Start, address: str, now: float) -> list[Decision]:
        decisions = self.leave(page)
        return decisions + self._or_refusal(page, lambda: self._joining.start(page, message, address, now))

    def _join(self, page: PageId, message: Join | Back, address: str, now: float) -> list[Decision]:
        here = self._table.pages.get(page)
        decisions = [] if here is not None and here[0].id == message.room else self.leave(page)
        if isinstance(message, Back):
            return decisions + self._or_refusal(page, lambda: self._joining.back(page, message, now))
        return decisions + self._or_refusal(page, lambda: self._joining.join(page, message, address, now))

    def _or_refusal(self, page: PageId, enter: Callable[[], list[Decision]]) -> list[Decision]:
        """What was done before stands."""
        try:
            return enter()
        except DeniedError as denied:
            return [ToPage(page, Refused(code=denied.code, message=denied.sentence))]

    def leave(self, page: PageId) -> list[Decision]:
        """The page leaves its room for good."""
        self._joining.forget_early(page)
        here = self._table.pages.get(page)
        return [] if here is None else self._table.remove_member(*here)

    def page_went(self, page: PageId, now: float) -> list[Decision]:
        """The page's connection has ended: the page itself may be gone, or only its network for a moment."""
        self._joining.forget_early(page)
        if page not in self._table.pages:
            return []
        room, member = self._table.pages[page]
        viewer = room.viewer_of(member)
        if not member.known:  # it could not come back
            return self._table.remove_member(room, member)
        decisions: list[Decision] = []
        if viewer is not None and not viewer.admitted:  # its answer has nowhere to go
            decisions = self._table.dismiss_viewer(room, member)
        self._table.detach_page(room, member)
        self._table.start_absence(room, member, now)
        return decisions

    def _measured(self, page: PageId, message: Measured) -> None:
        """It counts when the room needs a place; a page in no room says it again when it starts one."""
        if page in self._table.pages:
            _, member = self._table.pages[page]
            member.delays = message.delays

    # ----- what members do in their room

    def _act(self, page: PageId, message: PlayerMessage) -> list[Decision]:
        if page not in self._table.pages:
            raise DeniedError("no_room", NO_ROOM)
        room, member = self._table.pages[page]
        roster = room.roster
        self._table.mark_changed(room)
        match message:
            case TakeSeat():
                return self._reseat(room, roster.take_seat(member, message.seat))
            case GiveSeat():
                return self._reseat(room, roster.give_seat(member, message.member))
            case MakeHost():
                roster.make_host(member, message.member)
            case SetRoom():
                roster.check_host(member)
                roster.locked = roster.locked if message.locked is None else message.locked
                room.listed = room.listed if message.listed is None else message.listed
            case Rename():
                member.name = name_of(message.name, int(member.id[1:]))
            case Remove():
                return self._remove(room, member, message.member)
        return []

    def _reseat(self, room: Room, moved: Iterable[Member]) -> list[Decision]:
        return [decision for member in moved for decision in self._table.announce_seat(room, member)]

    def _remove(self, room: Room, by: Member, target: str) -> list[Decision]:
        member = room.roster.ban(by, target)
        page = member.page
        decisions = self._table.remove_member(room, member)
        return decisions if page is None else [*decisions, ToPage(page, Ended(code="removed", message=REMOVED))]

    # ----- from workers

    def worker_said(self, worker_id: WorkerId, message: WorkerMessage, now: float) -> list[Decision]:
        """A registered worker's message. Its registration and its library are the registry's business."""
        if isinstance(message, Admitted):
            return self._admission.handle_admitted(worker_id, message, now)
        if isinstance(message, Rejected):
            return self._admission.handle_rejected(worker_id, message, now)
        if isinstance(message, ViewerLeft):
            return self._admission.handle_viewer_left(worker_id, message, now)
        return self._room_changed(worker_id, message, now)

    def _room_changed(self, worker_id: WorkerId, message: WorkerMessage, now: float) -> list[Decision]:
        match message:
            case RoomClosed():
                return self._recovery.handle_room_closed(worker_id, message, now)
            case Prepared():
                return self._migration.handle_prepared(worker_id, message, now)
            case Frozen():
                return self._migration.handle_frozen(worker_id, message, now)
            case Thawed():
                return self._migration.handle_thawed(worker_id, message, now)
            case Holding():
                return self._holding(worker_id, message, now)
            case Draining():
                self.drain(worker_id)
            case Figures():
                self._note(worker_id, message)
        return []

    def _note(self, worker_id: WorkerId, message: Figures) -> None:
        for figures in message.rooms:
            room = self._table.room_on(worker_id, figures.room)
            if room is not None:
                room.figures = figures

    def worker_came(self) -> None:
        """A worker is in the registry: it may have a place for a room that waits for one."""
        self._table.places_changed = True

    def worker_lost(self, worker: Worker, now: float) -> list[Decision]:
        """A worker is out of the registry."""
        return self._recovery.handle_lost_worker(worker, now)

    def _holding(self, worker_id: WorkerId, message: Holding, now: float) -> list[Decision]:
        worker = self._table.registry.get(worker_id)
        decisions = self._reconciliation.handle_holding(worker, message, now)
        return [*decisions, *self._joining.room_came(message.room, now)]

    # ----- from operators

    def move(self, room: Room, now: float) -> list[Decision]:
        """Move a room to another worker. Raises DeniedError."""
        return self._migration.move(room, now)

    def drain(self, worker_id: WorkerId) -> None:
        """Move all rooms away from this worker."""
        self._migration.drain(self._table.registry.get(worker_id))

    # ----- from the clock

    def next_deadline(self) -> float | None:
        """When to call expire next, on the clock of ``now``."""
        return self._table.deadlines.next()

    def expire(self, now: float) -> list[Decision]:
        """Do what is due."""
        decisions: list[Decision] = []
        while (deadline := self._table.deadlines.pop(now)) is not None:
            decisions += self._ring(deadline, now)
        return decisions

    def _ring(self, deadline: Deadline, now: float) -> list[Decision]:
        if deadline.kind == "early":
            return self._joining.no_room_came(int(deadline.who))
        room = self._table.rooms[deadline.room]
        match deadline.kind:
            case "answer":
                return self._admission.end_answer_wait(room, room.viewers[deadline.who], now)
            case "seat" | "forget":
                return self._away_too_long(room, room.roster.members[deadline.who], deadline.kind)
            case "return":
                return self._recovery.end_return_wait(room, now)
            case "place":
                return self._placement.end_wait(room)
            case "freeze":
                return self._recovery.end_freeze_wait(room, now)
            case "prepare" | "arrive":
                return self._migration.end_wait(room, now)
        self._table.places_changed = True  # a room that could not be moved or opened is tried again
        return []

    def _away_too_long(self, room: Room, member: Member, kind: str) -> list[Decision]:
        """First for its seat, then for being a member."""
        if kind == "forget":
            return self._table.remove_member(room, member)
        room.roster.unseat(member)
        self._table.mark_changed(room)
        return []
