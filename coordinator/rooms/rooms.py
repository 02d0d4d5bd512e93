"""The rooms, as pages and workers meet them: the tables that lead each message to its handler, and the clock.

Sans-I/O: messages and ``now`` go in; a list of decisions comes out, to be carried out in its order. What each message
does is decided in the files beside this one; connections are left to http/switchboard.py.
"""

from collections.abc import Callable, Collection

from coordinator.fleet.registry import Registry
from coordinator.fleet.router import Page, PageId
from coordinator.fleet.worker import Worker, WorkerId
from coordinator.messages import (
    Admitted,
    Back,
    Draining,
    Figures,
    Frozen,
    GiveSeat,
    Holding,
    Join,
    Leave,
    MakeHost,
    Measured,
    Prepared,
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
)
from coordinator.rooms.admission import Admission
from coordinator.rooms.decisions import Decision
from coordinator.rooms.dispatch import Dispatch
from coordinator.rooms.joining import Joining
from coordinator.rooms.member_actions import MemberActions
from coordinator.rooms.migration import Migration
from coordinator.rooms.placement import Placement
from coordinator.rooms.reconciliation import Reconciliation
from coordinator.rooms.recovery import Recovery
from coordinator.rooms.room import Room
from coordinator.rooms.room_table import Deadline, RoomTable, unguessable_id
from coordinator.rooms.seats import Member


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
        self._placement = Placement(self._table, place_seconds)
        self._admission = Admission(self._table)
        self._joining = Joining(self._table, rooms_per_address, started_at)
        self._recovery = Recovery(self._table, self._placement)
        self._reconciliation = Reconciliation(self._table, self._placement, self._joining)
        self._migration = Migration(self._table, self._placement)
        self.page_messages = self._page_messages()
        """The handlers of pages' messages: every one of ``PlayerMessage``."""
        self.worker_messages = self._worker_messages()
        """The handlers of workers' messages about rooms. The switchboard adds the others of ``WorkerMessage``."""

    def _page_messages(self) -> Dispatch[Page]:
        joining, actions, table = self._joining, MemberActions(self._table), Dispatch[Page]()
        table.add(Start, joining.start)
        table.add(Join, joining.join)
        table.add(Back, joining.back)
        table.add(Trickle, joining.trickle)
        table.add(Leave, joining.leave)
        table.add(Measured, actions.measured)
        table.add(TakeSeat, actions.by_page(actions.take_seat))
        table.add(GiveSeat, actions.by_page(actions.give_seat))
        table.add(Rename, actions.by_page(actions.rename))
        table.add(MakeHost, actions.by_page(actions.make_host))
        table.add(SetRoom, actions.by_page(actions.set_room))
        table.add(Remove, actions.by_page(actions.remove))
        return table

    def _worker_messages(self) -> Dispatch[WorkerId]:
        table = Dispatch[WorkerId]()
        table.add(Admitted, self._admission.handle_admitted)
        table.add(Rejected, self._admission.handle_rejected)
        table.add(ViewerLeft, self._admission.handle_viewer_left)
        table.add(RoomClosed, self._recovery.handle_room_closed)
        table.add(Prepared, self._migration.handle_prepared)
        table.add(Frozen, self._migration.handle_frozen)
        table.add(Thawed, self._migration.handle_thawed)
        table.add(Draining, self._migration.handle_draining)
        table.add(Holding, self._reconciliation.handle_holding)
        table.add(Figures, self._table.handle_figures)
        return table

    # ----- reading

    @property
    def rooms(self) -> Collection[Room]:
        """The rooms that go on."""
        return self._table.rooms.values()

    @property
    def members(self) -> list[Member]:
        """List everybody who is in a room, or may come back to one."""
        return [member for room in self.rooms for member in room.roster.members.values()]

    def find(self, room_id: str) -> Room | None:
        """Find the room of this id; None if there is none."""
        return self._table.rooms.get(room_id)

    # ----- connections that come and end

    def remove_page(self, page: PageId, now: float) -> list[Decision]:
        """Handle the end of a page's connection."""
        return self._joining.disconnect(page, now)

    def note_new_places(self) -> None:
        """Let rooms that wait for a worker be tried again: one has registered, or has other games."""
        self._table.places_changed = True

    def remove_worker(self, worker: Worker, now: float) -> list[Decision]:
        """Handle the end of a worker's connection; it is out of the registry already."""
        return self._recovery.handle_lost_worker(worker, now)

    def settle(self, now: float) -> list[Decision]:
        """Draw the consequences of everything before: place rooms that wait, go on draining, tell what has changed.

        To be called once after each call of anything else here.
        """
        decisions: list[Decision] = []
        while self._table.places_changed:
            self._table.places_changed = False
            decisions += self._placement.place_all(now)
            decisions += self._migration.continue_draining(now)
        return [*decisions, *self._table.announce_changes()]

    # ----- operators

    def move(self, room: Room, now: float) -> list[Decision]:
        """Move a room to another worker. Raises DeniedError."""
        return self._migration.move(room, now)

    def drain(self, worker_id: WorkerId) -> None:
        """Move all rooms away from a worker. Raises KeyError for one that is not registered."""
        self._migration.drain(self._table.registry.get(worker_id))

    # ----- the clock

    def next_deadline(self) -> float | None:
        """Say when to call ``expire`` next, on the clock of ``now``; None if nothing is waited for."""
        return self._table.deadlines.next()

    def expire(self, now: float) -> list[Decision]:
        """Handle every deadline that is due."""
        decisions: list[Decision] = []
        while (deadline := self._table.deadlines.pop(now)) is not None:
            decisions += self._handle_deadline(deadline, now)
        return decisions

    def _handle_deadline(self, deadline: Deadline, now: float) -> list[Decision]:
        if deadline.kind == "early":
            return self._joining.end_room_wait(int(deadline.subject))
        room = self._table.rooms[deadline.room]
        match deadline.kind:
            case "answer":
                return self._admission.end_answer_wait(room, room.viewers[deadline.subject], now)
            case "seat" | "forget":
                return self._table.end_absence(room, room.roster.members[deadline.subject], deadline.kind)
            case "return":
                return self._recovery.end_return_wait(room, now)
            case "place":
                return self._placement.end_wait(room)
            case "freeze":
                return self._recovery.end_freeze_wait(room, now)
            case "prepare" | "arrive":
                return self._migration.end_wait(room, now)
        self._table.places_changed = True  # "move" and "retry": what could not be moved or opened is tried again
        return []
