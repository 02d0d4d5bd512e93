"""What the rooms decide: to be carried out by switchboard.py, in their order."""

from typing import NamedTuple

from coordinator.fleet.registry import WorkerId
from coordinator.messages import PlayerEvent, WorkerCommand
from coordinator.rooms.seats import PageId


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


class Recovered(NamedTuple):
    """A room can be played again, after this and so long."""

    cause: str
    seconds: float


Decision = ToPage | ToWorker | StartTook | Recovered
