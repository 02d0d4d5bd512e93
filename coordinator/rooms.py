"""The rooms: who is in which one, in which seat, and what pages and workers are told about it.

Sans-I/O: ids, messages and ``now`` go in; a list of decisions comes out, to be carried out in its order. Every way out
of a room gives the seat free, and the last viewer's way out gives the worker's place free. Which worker a room opens
on is the registry's choice; connections are left to switchboard.py.
"""

import logging
import secrets
from collections.abc import Callable, Collection
from typing import NamedTuple

from coordinator.messages import (
    Admit,
    Admitted,
    CloseRoom,
    Dismiss,
    Ended,
    Join,
    OpenRoom,
    PlayerEvent,
    Refused,
    Rejected,
    RoomClosed,
    Sdp,
    Start,
    Started,
    Trickle,
    ViewerCandidate,
    ViewerLeft,
    WorkerCommand,
)
from coordinator.registry import Registry, Worker, WorkerId
from coordinator.seats import PageId, Room, Viewer

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 15.0
"""How long a worker may take to answer: a cold core on a slow disk takes 5 s, and people wait no longer than this."""


class ToPage(NamedTuple):
    """Send this to a page."""

    page: PageId
    message: PlayerEvent


class ToWorker(NamedTuple):
    """Send this to a worker."""

    worker: WorkerId
    message: WorkerCommand


class StartTook(NamedTuple):
    """A room was opened for its first viewer in this time, from ``start`` to ``admitted``."""

    seconds: float


Decision = ToPage | ToWorker | StartTook


def unguessable_id() -> str:
    """128 bits: who has a room's id may enter it."""
    return secrets.token_urlsafe(16)


class Rooms:
    """Every room of every worker. A page is in one of them at most."""

    def __init__(self, registry: Registry, new_id: Callable[[], str] = unguessable_id) -> None:
        self._registry = registry
        self._new_id = new_id
        self._rooms: dict[str, Room] = {}
        self._by_page: dict[PageId, Viewer] = {}
        self._waiting: dict[str, Viewer] = {}
        """Viewers without an answer, by id, the longest waiting first."""
        self._viewers_so_far = 0

    @property
    def rooms(self) -> Collection[Room]:
        """Those that are open or opening."""
        return self._rooms.values()

    @property
    def viewers(self) -> Collection[Viewer]:
        """Everybody who is in a room, or waits for an answer."""
        return self._by_page.values()

    # ----- from pages. A start or a join leaves the room before it, even when it is refused: the page asked to go.

    def start(self, page: PageId, message: Start, now: float) -> list[Decision]:
        """Open a room on the worker that the registry picks."""
        decisions = self.leave(page)
        worker = self._registry.place_for(message.game)
        if isinstance(worker, Refused):
            return [*decisions, ToPage(page, worker)]
        room = Room(self._new_id(), worker.games[message.game], worker)
        self._rooms[room.id] = room
        worker.rooms.add(room.id)
        viewer = self._enter(room, page, now, seat=0, opens_room=True)
        logger.info("= room %s opens on worker %s", room.label, worker.id)
        opening = OpenRoom(
            room=room.id, game=room.game.id, viewer=viewer.id, seat=0, offer=message.offer, scale=message.scale
        )
        return [*decisions, ToWorker(worker.id, opening)]

    def join(self, page: PageId, message: Join, now: float) -> list[Decision]:
        """Enter a room that exists, in its first free seat or as a spectator."""
        room = self._rooms.get(message.room)
        before = self._by_page.get(page)
        if room is None or before is None or before.room is not room:
            decisions = self.leave(page)
            return [*decisions, *self._admit(room, page, message.offer, now)]
        # The room that the page is in, once more: it must not close in between, even if nobody else is in it.
        self._remove(before)
        return [
            ToWorker(room.worker.id, Dismiss(room=room.id, viewer=before.id)),
            *self._admit(room, page, message.offer, now),
        ]

    def trickle(self, page: PageId, message: Trickle) -> list[Decision]:
        """Pass a candidate on; one for a room that ended meanwhile is no mistake of the page's."""
        viewer = self._by_page.get(page)
        if viewer is None:
            return []
        room = viewer.room
        return [ToWorker(room.worker.id, ViewerCandidate(room=room.id, viewer=viewer.id, candidate=message.candidate))]

    def leave(self, page: PageId) -> list[Decision]:
        """The page leaves its room, or is gone itself."""
        viewer = self._by_page.get(page)
        return [] if viewer is None else self._dismiss(viewer)

    # ----- from workers. Answers about viewers who left meanwhile, and about other workers' rooms, change nothing.

    def admitted(self, worker_id: WorkerId, message: Admitted, now: float) -> list[Decision]:
        """The viewer is in."""
        viewer = self._find(worker_id, message.room, message.viewer)
        if viewer is None or viewer.admitted:
            return []
        viewer.admitted = True
        del self._waiting[viewer.id]
        started = Started(
            room=viewer.room.id,
            seat=viewer.seat,
            game=viewer.room.game,
            answer=message.answer,
            member=viewer.id,
            token=self._new_id(),
        )
        decisions: list[Decision] = [ToPage(viewer.page, started)]
        if viewer.opens_room:
            decisions.append(StartTook(now - viewer.asked_at))
        return decisions

    def rejected(self, worker_id: WorkerId, message: Rejected) -> list[Decision]:
        """The viewer can't be let in; a room that nobody else is in closes with it."""
        viewer = self._find(worker_id, message.room, message.viewer)
        if viewer is None:
            return []
        logger.info("= room %s: viewer %s rejected: %s", viewer.room.label, viewer.id, message.code)
        return [self._turn_out(viewer, message.code, message.message), *self._close_if_empty(viewer.room)]

    def viewer_left(self, worker_id: WorkerId, message: ViewerLeft) -> list[Decision]:
        """The viewer's media connection ended, though its page may still be here."""
        viewer = self._find(worker_id, message.room, message.viewer)
        if viewer is None:
            return []
        sentence = "The connection to the game broke off. Check your network and start again."
        return [self._turn_out(viewer, "connection_lost", sentence), *self._close_if_empty(viewer.room)]

    def room_closed(self, worker_id: WorkerId, message: RoomClosed) -> list[Decision]:
        """The room ended on its worker."""
        room = self._rooms.get(message.room)
        if room is None or room.worker.id != worker_id:
            return []
        logger.info("= room %s closed by its worker: %s", room.label, message.code)
        return self._close(room, message.code, message.message)

    def worker_lost(self, worker: Worker) -> list[Decision]:
        """The worker is gone with all its rooms."""
        sentence = "The game server was lost. Start the game again: another one may be free."
        decisions: list[Decision] = []
        for room_id in tuple(worker.rooms):
            decisions += self._close(self._rooms[room_id], "worker_lost", sentence)
        return decisions

    # ----- from the clock

    def next_deadline(self) -> float | None:
        """When to call expire next, on the clock of ``now``."""
        for viewer in self._waiting.values():
            return viewer.asked_at + ANSWER_SECONDS
        return None

    def expire(self, now: float) -> list[Decision]:
        """Give up on answers that are overdue."""
        decisions: list[Decision] = []
        while (deadline := self.next_deadline()) is not None and deadline <= now:
            viewer = next(iter(self._waiting.values()))
            logger.warning("! worker %s did not answer about room %s", viewer.room.worker.id, viewer.room.label)
            sentence = f"The game server did not answer within {ANSWER_SECONDS:.0f} seconds. Try again."
            decisions.append(ToPage(viewer.page, Refused(code="worker_silent", message=sentence)))
            decisions += self._dismiss(viewer)
        return decisions

    # ----- the two ways in, and the ways out

    def _admit(self, room: Room | None, page: PageId, offer: Sdp, now: float) -> list[Decision]:
        if room is None or room.id not in self._rooms:
            sentence = "This room does not exist any more. Start a game of your own, or ask for a new link."
            return [ToPage(page, Refused(code="unknown_room", message=sentence))]
        if room.is_full:
            sentence = "This room is full: neither a seat nor a place to watch is free."
            return [ToPage(page, Refused(code="room_full", message=sentence))]
        viewer = self._enter(room, page, now, seat=room.free_seat)
        return [ToWorker(room.worker.id, Admit(room=room.id, viewer=viewer.id, seat=viewer.seat, offer=offer))]

    def _enter(self, room: Room, page: PageId, now: float, seat: int | None, opens_room: bool = False) -> Viewer:
        self._viewers_so_far += 1
        viewer = Viewer(f"v{self._viewers_so_far}", page, room, seat, now, opens_room)
        room.viewers[viewer.id] = self._by_page[page] = self._waiting[viewer.id] = viewer
        return viewer

    def _find(self, worker_id: WorkerId, room_id: str, viewer_id: str) -> Viewer | None:
        room = self._rooms.get(room_id)
        return room.viewers.get(viewer_id) if room is not None and room.worker.id == worker_id else None

    def _dismiss(self, viewer: Viewer) -> list[Decision]:
        """Its worker does not know yet: tell it."""
        self._remove(viewer)
        room = viewer.room
        return self._close_if_empty(room) or [ToWorker(room.worker.id, Dismiss(room=room.id, viewer=viewer.id))]

    def _turn_out(self, viewer: Viewer, code: str, sentence: str) -> Decision:
        """Its page does not know yet: tell it."""
        self._remove(viewer)
        verdict = Ended if viewer.admitted else Refused
        return ToPage(viewer.page, verdict(code=code, message=sentence))

    def _close_if_empty(self, room: Room) -> list[Decision]:
        if room.viewers:
            return []
        self._forget(room)
        logger.info("= room %s closes: nobody is in it", room.label)
        return [ToWorker(room.worker.id, CloseRoom(room=room.id))]

    def _close(self, room: Room, code: str, sentence: str) -> list[Decision]:
        decisions = [self._turn_out(viewer, code, sentence) for viewer in tuple(room.viewers.values())]
        self._forget(room)
        return decisions

    def _remove(self, viewer: Viewer) -> None:
        """The seat is free from here on."""
        del viewer.room.viewers[viewer.id]
        del self._by_page[viewer.page]
        self._waiting.pop(viewer.id, None)

    def _forget(self, room: Room) -> None:
        """The worker's place is free from here on: its commands keep their order, so it closes before it opens."""
        del self._rooms[room.id]
        room.worker.rooms.discard(room.id)
