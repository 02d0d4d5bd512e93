"""The life of a room, as a table: what may happen to it in each phase, whichever processes it runs in meanwhile.

What is done about an event is left to the files beside this one, the life of one process to the worker.
"""

from enum import Enum, auto

from coordinator.errors import WrongPhaseError


class Phase(Enum):
    """Where a room is in its life."""

    STARTING = auto()
    """A worker opens it for the first time. Nothing would be lost with it."""
    OPEN = auto()
    """It is on a worker: it runs, or is being opened again."""
    FREEZING = auto()
    """Its worker stores a last snapshot, so that it can be moved."""
    ASTRAY = auto()
    """The link to its worker broke. The worker may be back in a moment, with the game still running."""
    HOMELESS = auto()
    """It is on no worker, and waits for one that has its game and a free place."""
    ENDED = auto()


class Event(Enum):
    """What can happen to a room."""

    ANSWERED = auto()
    """Its worker let a viewer in."""
    FREEZE_SENT = auto()
    FROZEN = auto()
    """Its worker has stored it and given it up: as it was asked to, or because it ends itself."""
    THAWED = auto()
    """It could not be frozen and goes on."""
    DIED = auto()
    """Its process is gone, or its worker for good."""
    LINK_LOST = auto()
    HELD = auto()
    """A worker came that has it running."""
    PLACED = auto()
    """A worker was told to open it."""
    CLOSED = auto()


TRANSITIONS: dict[Phase, dict[Event, Phase]] = {
    Phase.STARTING: {
        Event.ANSWERED: Phase.OPEN,
        Event.CLOSED: Phase.ENDED,
    },
    Phase.OPEN: {
        Event.ANSWERED: Phase.OPEN,
        Event.FREEZE_SENT: Phase.FREEZING,
        Event.FROZEN: Phase.HOMELESS,
        Event.DIED: Phase.HOMELESS,
        Event.LINK_LOST: Phase.ASTRAY,
        Event.HELD: Phase.OPEN,
        Event.CLOSED: Phase.ENDED,
    },
    Phase.FREEZING: {
        Event.ANSWERED: Phase.FREEZING,
        Event.FROZEN: Phase.HOMELESS,
        Event.THAWED: Phase.OPEN,
        Event.DIED: Phase.HOMELESS,
        Event.LINK_LOST: Phase.ASTRAY,
        Event.HELD: Phase.OPEN,
        Event.CLOSED: Phase.ENDED,
    },
    Phase.ASTRAY: {
        Event.HELD: Phase.OPEN,
        Event.DIED: Phase.HOMELESS,
        Event.CLOSED: Phase.ENDED,
    },
    Phase.HOMELESS: {
        Event.HELD: Phase.OPEN,
        Event.PLACED: Phase.OPEN,
        Event.CLOSED: Phase.ENDED,
    },
    Phase.ENDED: {},
}

ON_A_WORKER = frozenset((Phase.STARTING, Phase.OPEN, Phase.FREEZING))
"""The phases in which a worker holds a place for the room."""

ADMITTING = frozenset((Phase.STARTING, Phase.OPEN))
"""The phases in which viewers are let in; in the others they wait."""


def after(phase: Phase, event: Event) -> Phase:
    """Look up the phase that follows an event. Raises WrongPhaseError."""
    try:
        return TRANSITIONS[phase][event]
    except KeyError:
        raise WrongPhaseError(phase, event) from None
