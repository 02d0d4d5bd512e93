"""The room's errors, and sentences for players."""

import pytest

from worker.room import errors
from worker.room.errors import InputError, RoomError, TransferError, as_sentence


def subclasses() -> list[type[RoomError]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RoomError)]


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = [line.split() for line in (errors.__doc__ or "").splitlines() if "+-" in line]
    assert ["RoomError", *(words[1] for words in drawn)] == [kind.__name__ for kind in subclasses()]


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in subclasses()]
    assert len(set(codes)) == len(codes)


def test_an_error_is_a_code_and_a_sentence() -> None:
    usual, other = TransferError("It is too long."), TransferError("It is too long.", code="too_long")
    assert (usual.code, usual.sentence, str(usual)) == ("bad_file", "It is too long.", "It is too long.")
    assert other.code == "too_long"


def test_an_input_error_says_what_was_expected() -> None:
    assert str(InputError("a pad has buttons")) == (
        "The room can't read this page's input: a pad has buttons. Reload the page."
    )


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [("it broke", "It broke."), ("Why?", "Why?"), ("no!", "No!"), ("done.", "Done."), ("", ".")],
)
def test_a_reason_becomes_a_sentence(reason: str, sentence: str) -> None:
    assert as_sentence(reason) == sentence
