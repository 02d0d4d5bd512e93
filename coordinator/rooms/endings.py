"""What becomes of a room whose process has ended: a restart policy by the code of its end, and a limit on restarts.

Pure functions. Restarting is left to recovery.py.
"""

from enum import Enum, auto

from coordinator.rooms.room import Room

EARLY_DEATH = 30.0
"""A room that dies within so many seconds of its opening has not got far."""

MAX_EARLY_DEATHS = 3
"""In a row, before it is given up: what kills it is in its snapshot, its game or its core."""


class RestartPolicy(Enum):
    """What becomes of a room whose process has ended."""

    OVER = auto()
    RESTART = auto()
    """It goes on from its snapshot, best where that was written."""
    ELSEWHERE = auto()
    """It goes on from its snapshot, on another worker if there is one."""
    LATER = auto()
    """It goes on from its snapshot, when what keeps it from that may be over."""


RESTART_POLICIES = {
    "core_crashed": RestartPolicy.RESTART,
    "core_failed": RestartPolicy.RESTART,
    "core_hung": RestartPolicy.RESTART,
    "room_failed": RestartPolicy.RESTART,
    "room_killed": RestartPolicy.RESTART,
    "room_silent": RestartPolicy.RESTART,
    "no_process": RestartPolicy.ELSEWHERE,
    "no_seats": RestartPolicy.ELSEWHERE,
    "worker_lost": RestartPolicy.ELSEWHERE,
    "worker_stopped": RestartPolicy.ELSEWHERE,
    "room_exists": RestartPolicy.LATER,
    "store_failed": RestartPolicy.LATER,
    # What the game, its player or its files ended stays ended.
    "bad_game": RestartPolicy.OVER,
    "closed": RestartPolicy.OVER,
    "core_missing": RestartPolicy.OVER,
    "game_over": RestartPolicy.OVER,
    "superseded": RestartPolicy.OVER,
    "unknown_game": RestartPolicy.OVER,
}
"""By the code of ``room_closed``. One that is not here is a newer worker's, and its sentence says what happened."""


def restart_policy(code: str) -> RestartPolicy:
    """Look up the policy for a room that ended with this code; an unknown one ends it."""
    return RESTART_POLICIES.get(code, RestartPolicy.OVER)


def count_death(room: Room, now: float) -> bool:
    """Count a death of the room, and return whether it was one too many."""
    room.early_deaths = room.early_deaths + 1 if now - room.opened_at < EARLY_DEATH else 0
    return room.early_deaths >= MAX_EARLY_DEATHS


def resumed_sentence(sentence: str) -> str:
    """Turn a process's last words into those for a room that goes on.

    Their first sentence says what happened; the rest is advice that is not needed then.
    """
    first = sentence.partition(". ")[0].rstrip(".")
    return f"{first}. It goes on from where it was saved last."


def given_up_sentence(sentence: str) -> str:
    """Make the last words for a room that dies too often."""
    return f"{sentence} It happened {MAX_EARLY_DEATHS} times in a row, so the room was given up."
