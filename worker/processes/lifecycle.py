"""The life of a room process, as a table: what may happen in each state, and how long a state may last.

Sans-I/O: events and ``now`` in, state and deadline out. Processes and sockets are ``process.py``'s.
"""

from dataclasses import dataclass
from enum import Enum, auto

from worker.runtime.errors import WorkerError


class State(Enum):
    """Where a room process is in its life."""

    STARTING = auto()
    """Its imports are under way."""
    SPARE = auto()
    """It waits to be opened."""
    OPENING = auto()
    """It loads core and game."""
    OPEN = auto()
    CLOSING = auto()
    """It has been told to end, or has said that it ends."""
    GONE = auto()


class Event(Enum):
    """What can happen to a room process."""

    READY = auto()
    OPEN_SENT = auto()
    OPENED = auto()
    FIGURES = auto()
    VIEWER = auto()
    """It said something about a viewer."""
    STORE = auto()
    """It wants something stored or read."""
    CLOSE_SENT = auto()
    CLOSED = auto()
    """It said that it ends."""
    ENDED = auto()
    """The process is gone, for whatever reason."""


class UnexpectedEventError(WorkerError):
    """Something happened that can't happen in this state: the room, or we, broke the protocol."""

    code = "unexpected_event"

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"{event.name} can't come in state {state.name}")
        self.state = state
        self.event = event


# The agent writes without waiting for answers, so what a room had sent before it read our last message still comes:
# READY after OPEN_SENT, anything after CLOSE_SENT.
TRANSITIONS: dict[State, dict[Event, State]] = {
    State.STARTING: {
        Event.READY: State.SPARE,
        Event.OPEN_SENT: State.OPENING,
        Event.CLOSE_SENT: State.CLOSING,
        Event.CLOSED: State.CLOSING,
        Event.ENDED: State.GONE,
    },
    State.SPARE: {
        Event.OPEN_SENT: State.OPENING,
        Event.CLOSE_SENT: State.CLOSING,
        Event.CLOSED: State.CLOSING,
        Event.ENDED: State.GONE,
    },
    State.OPENING: {
        Event.READY: State.OPENING,
        Event.FIGURES: State.OPENING,
        Event.VIEWER: State.OPENING,
        Event.STORE: State.OPENING,
        Event.OPENED: State.OPEN,
        Event.CLOSE_SENT: State.CLOSING,
        Event.CLOSED: State.CLOSING,
        Event.ENDED: State.GONE,
    },
    State.OPEN: {
        Event.FIGURES: State.OPEN,
        Event.VIEWER: State.OPEN,
        Event.STORE: State.OPEN,
        Event.CLOSE_SENT: State.CLOSING,
        Event.CLOSED: State.CLOSING,
        Event.ENDED: State.GONE,
    },
    State.CLOSING: {
        Event.READY: State.CLOSING,
        Event.OPENED: State.CLOSING,
        Event.FIGURES: State.CLOSING,
        Event.VIEWER: State.CLOSING,
        Event.STORE: State.CLOSING,
        Event.CLOSE_SENT: State.CLOSING,
        Event.CLOSED: State.CLOSING,
        Event.ENDED: State.GONE,
    },
    State.GONE: {},
}


@dataclass(frozen=True)
class TimeLimits:
    """Seconds that a room process may take before it is taken to hang, and killed."""

    start: float = 60.0
    """The imports of a cold disk on a busy machine take several."""
    open: float = 14.0
    """The room itself gives its core 10 s to load the game, and says so; this is for a room that can't say
    anything, and ends before the coordinator gives up after 15 s."""
    silence: float = 8.0
    """Between two ``figures``, which come once a second. The room notices a hung core by itself within 4 s."""
    close: float = 3.0
    """To write the battery save. Everything has to be gone 5 s after SIGTERM."""


class Lifecycle:
    """One process's state and its deadline (None if it may stay as it is)."""

    def __init__(self, time_limits: TimeLimits, now: float) -> None:
        self.state = State.STARTING
        self.deadline: float | None = now + time_limits.start
        self._time_limits = time_limits

    def step(self, event: Event, now: float) -> None:
        """Change the state by this event, and the deadline with it.

        Raises UnexpectedEventError and stays as it was if the event can't come in this state.
        """
        before = self.state
        try:
            self.state = TRANSITIONS[before][event]
        except KeyError:
            raise UnexpectedEventError(before, event) from None
        if self.state is not before or (self.state is State.OPEN and event is Event.FIGURES):
            limit = self._limit()
            self.deadline = None if limit is None else now + limit

    def _limit(self) -> float | None:
        limits = {
            State.STARTING: self._time_limits.start,
            State.OPENING: self._time_limits.open,
            State.OPEN: self._time_limits.silence,
            State.CLOSING: self._time_limits.close,
        }
        return limits.get(self.state)
