"""How long the store may take before something is tried again, reported as delayed, or given up."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timeouts:
    """Seconds that things may take."""

    first_retry: float = 0.5
    longest_retry: float = 8.0
    report_delay: float = 4.0
    """Until a job that still waits is reported as delayed: a store that takes 2 s for each is slow, not down."""
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
