"""What becomes of a room whose process has ended: by the code of its end, and by how often that happened before."""

from enum import Enum, auto

from coordinator.rooms.room import Room

EARLY_DEATH = 30.0
"""A room that dies within so many seconds of its opening has not got far."""

MAX_EARLY_DEATHS = 3
"""In a row, before it is given up: what kills it is in its snapshot, its game or its core."""


class Verdict(Enum):
    """What becomes of it."""

    OVER = auto()
    RESTART = auto()
    """It goes on from its snapshot, best where that was written."""
    ELSEWHERE = auto()
    """It goes on from its snapshot, on another worker if there is one."""
    LATER = auto()
    """It goes on from its snapshot, when what keeps it from that may be over."""


VERDICTS = {
    "core_crashed": Verdict.RESTART,
    "core_failed": Verdict.RESTART,
    "core_hung": Verdict.RESTART,
    "room_failed": Verdict.RESTART,
    "room_killed": Verdict.RESTART,
    "room_silent": Verdict.RESTART,
    "no_process": Verdict.ELSEWHERE,
    "no_seats": Verdict.ELSEWHERE,
    "worker_lost": Verdict.ELSEWHERE,
    "worker_stopped": Verdict.ELSEWHERE,
    "room_exists": Verdict.LATER,
    "store_failed": Verdict.LATER,
    # What the game, its player or its files ended stays ended.
    "bad_game": Verdict.OVER,
    "closed": Verdict.OVER,
    "core_missing": Verdict.OVER,
    "game_over": Verdict.OVER,
    "superseded": Verdict.OVER,
    "unknown_game": Verdict.OVER,
}
"""By the code of ``room_closed``. One that is not here is a newer worker's, and its sentence says what happened."""


def verdict_on(code: str) -> Verdict:
    """What becomes of a room that ended with this code."""
    return VERDICTS.get(code, Verdict.OVER)


def dies_too_often(room: Room, now: float) -> bool:
    """Count a death, and say whether it was one too many."""
    room.early_deaths = room.early_deaths + 1 if now - room.opened_at < EARLY_DEATH else 0
    return room.early_deaths >= MAX_EARLY_DEATHS


def going_on(sentence: str) -> str:
    """A process's last words end in advice that is not needed here: keep the first sentence, which says what it was."""
    first = sentence.partition(". ")[0].rstrip(".")
    return f"{first}. It goes on from where it was saved last."


def given_up(sentence: str) -> str:
    """Last words for a room that dies too often."""
    return f"{sentence} It happened {MAX_EARLY_DEATHS} times in a row, so the room was given up."
