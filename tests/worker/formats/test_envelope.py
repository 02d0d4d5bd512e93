"""The layout of stored data: what is sealed comes back, and nothing else is taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.formats.envelope import MAX_HEAD_BYTES, MAX_HEADER_BYTES, DamagedError, Envelope, Header


class Note(Header, frozen=True, kw_only=True):
    text: str = ""


class Number(Header, frozen=True, kw_only=True):
    text: int = 0


notes = Envelope(b"note", Note)


@given(st.text(max_size=100), st.binary(max_size=1000))
def test_header_and_payload_come_back(text: str, payload: bytes) -> None:
    header, opened = notes.open(notes.seal(Note(text=text), payload))
    assert (header.text, header.size, opened) == (text, len(payload), payload)


@given(st.text(max_size=100), st.binary(max_size=100))
def test_the_header_can_be_read_without_the_payload(text: str, payload: bytes) -> None:
    sealed = notes.seal(Note(text=text), payload + bytes(MAX_HEAD_BYTES))
    assert notes.header(sealed[:MAX_HEAD_BYTES]).text == text


@given(st.binary(max_size=200))
def test_any_bytes_behind_the_magic_are_damaged(data: bytes) -> None:
    with pytest.raises(DamagedError):
        notes.open(b"note" + data)


def test_another_kind_or_another_header_is_refused() -> None:
    with pytest.raises(DamagedError, match="another kind"):
        Envelope(b"nope", Note).open(notes.seal(Note(), b""))
    with pytest.raises(DamagedError, match="header can't be read"):
        Envelope(b"note", Number).open(notes.seal(Note(text="three"), b""))


def test_a_header_has_a_limit() -> None:
    with pytest.raises(ValueError, match="longer than"):
        notes.seal(Note(text="x" * MAX_HEADER_BYTES), b"")
