from hypothesis import given
from hypothesis import strategies as st

from worker.processes.log_lines import AGAIN, BURST, LAST, LINES_PER_SECOND, MAX_LINE, LogLines


def test_lines_are_put_together_from_pieces() -> None:
    output = LogLines(0)
    assert output.feed(b"one\ntw", 0) == ["one"]
    assert output.feed(b"o\n\n  \nthree", 0) == ["two"]
    assert output.finish() == ["three"]
    assert output.finish() == []


def test_a_long_line_is_cut_and_its_rest_skipped() -> None:
    output = LogLines(0)
    assert output.feed(b"x" * (MAX_LINE + 1), 0) == ["x" * MAX_LINE]
    assert output.feed(b"x" * 10_000, 0) == []
    assert output.feed(b"end of it\nnext\n", 0) == ["next"]


def test_control_characters_and_broken_text_are_replaced() -> None:
    assert LogLines(0).feed(b"\x1b[31mred\xff\tend\r\n", 0) == ["\ufffd[31mred\ufffd   end"]


def test_a_flood_is_limited_and_counted() -> None:
    output = LogLines(0)
    assert len(output.feed(b"again\n" * 1000, 0)) == BURST
    heard_again = AGAIN / LINES_PER_SECOND
    assert output.feed(b"again\n" * 1000, heard_again - 1) == []
    later = output.feed(b"again\n" * 1000, heard_again)
    assert later[0] == f"({2000 - BURST} lines left out: more than {LINES_PER_SECOND} a second)"
    assert len(later) == 1 + AGAIN
    output.feed(b"its last word\n", heard_again)
    *complaint, last = output.finish()
    assert complaint[0] == f"({1000 - AGAIN - LAST + 1} lines left out: more than {LINES_PER_SECOND} a second)"
    assert (len(complaint), last) == (LAST, "its last word")
    assert output.finish() == []


@given(st.lists(st.binary(max_size=2000), max_size=20))
def test_any_output_gives_short_printable_lines(pieces: list[bytes]) -> None:
    output = LogLines(0)
    lines = [line for piece in pieces for line in output.feed(piece, 0)] + output.finish()
    assert len(lines) <= BURST + 1 + LAST
    for line in lines:
        assert len(line) <= MAX_LINE
        assert "\n" not in line
        assert "\x1b" not in line


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1), st.integers(1, 10))
def test_the_pieces_do_not_matter(text: str, size: int) -> None:
    data = text.encode() + b"\nlast"
    whole, pieces = LogLines(0), LogLines(0)
    expected = whole.feed(data, 0) + whole.finish()
    cut = [data[at : at + size] for at in range(0, len(data), size)]
    assert [line for piece in cut for line in pieces.feed(piece, 0)] + pieces.finish() == expected
