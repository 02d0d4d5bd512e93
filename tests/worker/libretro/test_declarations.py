"""Reading C strings and lists."""

from hypothesis import given
from hypothesis import strategies as st

from worker.libretro.declarations import MAX_ENTRIES, MAX_TEXT_BYTES, SYMBOLS, entries, ffi, text


def test_the_symbols_are_the_functions_names() -> None:
    assert len(SYMBOLS) == 21
    assert all(symbol.startswith("retro_") and symbol.isidentifier() for symbol in SYMBOLS)


@given(st.binary(max_size=100))
def test_any_bytes_are_some_text(data: bytes) -> None:
    string = ffi.new("char[]", data)
    assert text(string) == data.split(b"\0")[0].decode("utf-8", "replace")


def test_null_is_an_empty_text_and_an_empty_list() -> None:
    assert text(ffi.NULL) == ""
    assert list(entries(ffi.cast("struct retro_variable *", 0), "key")) == []


def test_a_text_or_a_list_without_an_end_ends() -> None:
    endless = ffi.new("char[]", b"x" * (MAX_TEXT_BYTES + 10))
    assert len(text(endless)) == MAX_TEXT_BYTES
    variables = ffi.new("struct retro_variable[]", [(endless, endless)] * (MAX_ENTRIES + 10))
    assert sum(1 for _ in entries(variables, "key")) == MAX_ENTRIES
