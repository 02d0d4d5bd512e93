import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.messages import RoomClosed, decode_worker_message, encode
from worker.messages.control import Closed
from worker.processes import endings


@pytest.mark.parametrize(
    ("exit_code", "code", "words"),
    [
        (-signal.SIGSEGV, "core_crashed", "segmentation fault"),
        (-signal.SIGABRT, "core_crashed", "aborted"),
        (-signal.SIGKILL, "room_killed", "memory"),
        (-signal.SIGTERM, "room_failed", "signal 15"),
        (0, "room_failed", "exit code 0"),
        (3, "room_failed", "exit code 3"),
        (-64, "room_failed", "signal 64"),
    ],
)
def test_exit_codes_in_words(exit_code: int, code: str, words: str) -> None:
    why = endings.from_exit_code(exit_code)
    assert why.code == code
    assert words in why.message


def test_what_a_room_says_is_passed_on() -> None:
    assert endings.from_room(Closed(code="bad_game", message="No game.")) == endings.Ending("bad_game", "No game.")


@given(st.text(), st.text(max_size=5000))
def test_what_a_room_says_always_fits_the_coordinators_message(code: str, message: str) -> None:
    why = endings.from_room(Closed(code=code, message=message))
    assert why.message
    closed = RoomClosed(room="r1", code=why.code, message=why.message)
    assert decode_worker_message(encode(closed)) == closed
