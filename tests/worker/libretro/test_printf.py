"""printf over raw words."""

import ctypes
import math
import struct

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from worker.libretro.declarations import ffi
from worker.libretro.printf import Arguments, format_like_printf

libc = ctypes.CDLL(None)


def formatted(template: str, *values: int | float) -> str:
    return format_like_printf(
        template,
        Arguments(
            integers=[value & (1 << 64) - 1 for value in values if isinstance(value, int)],
            doubles=[value for value in values if isinstance(value, float)],
            stack=[],
        ),
    )


def by_libc(template: str, value: object) -> str:
    buffer = ctypes.create_string_buffer(2000)
    libc.snprintf(buffer, len(buffer), template.encode(), value)
    return buffer.value.decode()


flags = st.text(alphabet="-+ 0", max_size=2)
sizes = st.one_of(st.just(""), st.integers(1, 60).map(str))
precisions = st.one_of(st.just(""), st.integers(0, 20).map(lambda digits: f".{digits}"))


@given(flags, sizes, precisions, st.sampled_from(["d", "i"]), st.integers(-(2**31), 2**31 - 1))
def test_signed_numbers_are_as_in_c(flags: str, width: str, precision: str, kind: str, value: int) -> None:
    assume(not (precision and ("0" in flags or (precision == ".0" and value == 0))))  # where Python differs, in blanks
    template = f"%{flags}{width}{precision}{kind}"
    assert formatted(template, value) == by_libc(template, ctypes.c_int(value))


@given(sizes, st.sampled_from(["u", "x", "X", "lu", "zu", "llx"]), st.integers(0, 2**64 - 1))
def test_unsigned_numbers_are_as_in_c(width: str, kind: str, value: int) -> None:
    template = f"%{width}{kind}"
    assert formatted(template, value) == by_libc(template, ctypes.c_uint64(value))


@given(flags, sizes, precisions, st.sampled_from("feg"), st.floats(-1e15, 1e15))
def test_doubles_are_as_in_c(flags: str, width: str, precision: str, kind: str, value: float) -> None:
    template = f"%{flags}{width}{precision}{kind}"
    assert formatted(template, value) == by_libc(template, ctypes.c_double(value))


@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50), sizes)
def test_strings(value: str, width: str) -> None:
    string = ffi.new("char[]", value.encode())
    address = int(ffi.cast("uintptr_t", string))
    assert formatted(f"<%{width}s>", address) == f"<{value:>{width or 0}}>"


def test_a_precision_stops_at_the_end_of_a_string_without_one() -> None:
    string = ffi.new("char[4]", b"abcd")
    assert formatted("%.2s", int(ffi.cast("uintptr_t", string))) == "ab"
    assert formatted("%.*s", 3, int(ffi.cast("uintptr_t", string))) == "abc"
    assert formatted("%.*s", 0, int(ffi.cast("uintptr_t", string))) == ""


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("100%% of %d", (7,), "100% of 7"),
        ("%hhd %hd", (255, 65535), "-1 -1"),
        ("%s", (0,), "(null)"),
        ("%s", (4095,), "(null)"),
        ("%c%c", (72, 105), "Hi"),
        ("%n", (1 << 40,), "?"),
        ("%ls", (1 << 40,), "?"),
        ("%d %d", (1,), "1 ?"),
        ("%Lf %d", (1,), "? ?"),
        ("%d %y %", (1,), "1 %y %"),
        ("%*d|%-*d|", (5, 1, 3, 2), "    1|2  |"),
        ("%*d|", (-3, 1), "1  |"),
        ("%9999999d", (1,), "1".rjust(200)),
        ("%f %g", (math.inf, math.nan), "inf nan"),
        ("%#x %'d", (255, 1000), "0xff 1000"),
        ("%p", (0xDEADBEEF,), "0xdeadbeef"),
    ],
)
def test_conversions(template: str, values: tuple[int | float, ...], text: str) -> None:
    assert formatted(template, *values) == text


def test_registers_come_before_the_stack_that_both_kinds_share() -> None:
    half = struct.unpack("<Q", struct.pack("<d", 0.5))[0]
    arguments = Arguments(integers=[1], doubles=[0.25], stack=[2, half, 3])
    assert format_like_printf("%d %g %d %g %d %d", arguments) == "1 0.25 2 0.5 3 ?"


@given(st.text(alphabet="%-+ #0.*123456789hlLqjztdiuxXofFeEgGaAcpn\n", max_size=40), st.integers(0, 2**64 - 1))
def test_no_template_fails(template: str, word: int) -> None:
    arguments = Arguments(integers=[word] * 4, doubles=[1.5] * 4, stack=[word] * 4)
    assert isinstance(format_like_printf(template, arguments), str)
