"""What the rooms decide: to be carried out by http/switchboard.py, in their order."""

from typing import NamedTuple

from coordinator.errors import DeniedError
from coordinator.fleet.router import PageId
from coordinator.fleet.worker import WorkerId
from coordinator.messages import PlayerEvent, Refused, WorkerCommand


class ToPage(NamedTuple):
    """Send this to a page."""

    page: PageId
    message: PlayerEvent


class ToWorker(NamedTuple):
    """Send this to a worker."""

    worker: WorkerId
    message: WorkerCommand


class StartTook(NamedTuple):
    """Observe how long a room took to open for its first viewer, from ``start`` to ``admitted``."""

    seconds: float


class Recovered(NamedTuple):
    """Observe that a room can be played again: why it could not be, and for how long."""

    cause: str
    seconds: float


Decision = ToPage | ToWorker | StartTook | Recovered


def refusal(page: PageId, denied: DeniedError) -> ToPage:
    """Tell a page why it can't have what it asked for."""
    return ToPage(page, Refused(code=denied.code, message=denied.sentence))
