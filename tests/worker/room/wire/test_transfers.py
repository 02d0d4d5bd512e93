"""Files in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.room.errors import TransferError
from worker.room.wire.requests import MAX_FILE_BYTES, Import
from worker.room.wire.transfers import PIECE_BYTES, STALLED_SECONDS, IncomingFile, file_name, pieces


@given(st.binary(min_size=1, max_size=3 * PIECE_BYTES))
def test_what_goes_out_in_pieces_comes_in_whole(data: bytes) -> None:
    incoming = IncomingFile(Import(what="state", size=len(data)), 0.0)
    answers = [incoming.feed(piece, 0.0) for piece in pieces(data)]
    assert answers[-1] == data
    assert not any(answers[:-1])


@given(st.integers(1, 50), st.lists(st.binary(max_size=20), max_size=10))
def test_no_more_is_held_than_was_announced(size: int, parts: list[bytes]) -> None:
    incoming, held = IncomingFile(Import(what="battery", size=size), 0.0), 0
    for part in parts:
        held += len(part)
        if held > size:
            with pytest.raises(TransferError):
                incoming.feed(part, 0.0)
            return
        assert (incoming.feed(part, 0.0) is not None) == (held == size)


def test_a_file_that_is_too_large_is_refused_at_once() -> None:
    IncomingFile(Import(what="state", size=MAX_FILE_BYTES), 0.0)
    with pytest.raises(TransferError, match="too large"):
        IncomingFile(Import(what="state", size=MAX_FILE_BYTES + 1), 0.0)


def test_a_file_that_stops_coming_is_given_up() -> None:
    incoming = IncomingFile(Import(what="state", size=9), 0.0)
    incoming.feed(b"half", 5.0)
    assert not incoming.is_stalled(5.0 + STALLED_SECONDS)
    assert incoming.is_stalled(5.1 + STALLED_SECONDS)


def test_files_are_called_after_the_game() -> None:
    assert file_name("/games/Duel.v2.nes", "state") == "Duel.v2.state"
    assert file_name("/games/Duel.nes", "battery") == "Duel.srm"
    assert file_name(None, "state") == "game.state"
