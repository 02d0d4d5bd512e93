"""How long the store may take for what, before it is tried again, said in words, or given up."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """Seconds that things may take."""

    first_retry: float = 0.5
    longest_retry: float = 8.0
    patience: float = 4.0
    """Until it is said that something still waits: a store that takes 2 s for an operation is slow, not down."""
    open: float = 6.0
    """To read battery memory before a game begins without it."""
    resume: float = 10.0
    """To read the snapshot to go on from. The coordinator waits 15 s for a room."""
    resume_from_memory: float = 1.0
    """The same, when this worker itself still has one, which almost always is the newest."""
    freeze: float = 15.0
    """To store the last snapshot of a room that moves, before it stays where it is."""
    linger: float = 600.0
    """To go on trying after the room's end."""
