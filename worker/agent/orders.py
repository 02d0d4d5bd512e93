"""What the coordinator commands, brought to the rooms, or refused in one sentence.

``admission`` decides, with no room touched; the supervisor does. Reading the commands off the wire is ``link.py``'s.
"""

import logging
from collections.abc import Callable, Container
from typing import Any

from coordinator.messages import (
    Admit,
    CloseRoom,
    Dismiss,
    Freeze,
    OpenRoom,
    Prepare,
    Rejected,
    RoomClosed,
    SeatViewer,
    ViewerCandidate,
    WorkerCommand,
)
from worker.library.library import Entry, Library
from worker.processes.supervisor import Report, Supervisor

logger = logging.getLogger(__name__)


def admission(
    order: OpenRoom, library: Library, rooms: Container[str], places_left: int
) -> Entry | RoomClosed | Rejected:
    """Choose the game to open a room with, or say why it can't be opened."""
    if order.room in rooms and not order.viewer:
        return _refusal(order, "room_exists", "An older copy of this room is still ending here.")
    if order.room in rooms:
        return Rejected(
            room=order.room, viewer=order.viewer, code="room_exists", message="This room is open already: join it."
        )
    entry = library.find(order.game)
    if entry is None:
        return _refusal(order, "unknown_game", "This game is not in the library any more. Choose another one.")
    if entry.core is None:
        return _refusal(order, "core_missing", entry.remedy)
    if places_left <= 0:
        return _refusal(order, "no_seats", "All rooms of this worker are taken. Try again in a moment.")
    return entry


class OrderHandler:
    """Carries out the commands that concern rooms, one at a time."""

    def __init__(self, library: Callable[[], Library], supervisor: Supervisor, capacity: int, report: Report) -> None:
        self._library = library
        self._supervisor = supervisor
        self._capacity = capacity
        self._report = report
        self.handlers: dict[type[WorkerCommand], Callable[[Any], None]] = {
            OpenRoom: self._open,
            Admit: supervisor.admit,
            ViewerCandidate: supervisor.candidate,
            SeatViewer: supervisor.seat,
            Dismiss: supervisor.dismiss,
            CloseRoom: supervisor.close,
            Prepare: supervisor.prepare,
            Freeze: supervisor.freeze,
        }
        """Of each type of command. What concerns the link or the agent itself is handled there."""

    def handle(self, command: WorkerCommand) -> None:
        """Carry out a command and report what comes of it. Commands without a handler here are ignored."""
        handler = self.handlers.get(type(command))
        if handler is not None:
            handler(command)

    def _open(self, order: OpenRoom) -> None:
        places_left = 0 if self._supervisor.draining else self._capacity - self._supervisor.places_taken
        decision = admission(order, self._library(), self._supervisor, places_left)
        if isinstance(decision, Entry):
            self._supervisor.open(order, decision)
        else:
            logger.warning("[%s] ! refused, %s: %s", order.room[:8], decision.code, decision.message)
            if decision.code == "room_exists" and not order.viewer:
                # By then it is gone when the order comes again, which goes on from its snapshot.
                self._supervisor.close(CloseRoom(room=order.room, superseded=True))
            self._report(decision)


def _refusal(order: OpenRoom, code: str, message: str) -> RoomClosed:
    return RoomClosed(room=order.room, code=code, message=message, epoch=order.epoch)
