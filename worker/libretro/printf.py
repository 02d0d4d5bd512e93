"""``printf`` in Python, over raw argument words: for messages that a core logs.

Only ``%s`` reads memory, as in C. Values that can't be known (``%n``, long doubles, wide strings, arguments beyond
those that were captured) are shown as ``?``.
"""

import re
import struct
from collections import deque
from collections.abc import Iterable

from .declarations import ffi, text

MAX_WIDTH = 200
"""The widest field or longest precision that is honoured; a stray one could ask for gigabytes of blanks."""

FIRST_PAGE = 4096
"""No string lies below: a number that was passed for one."""

_CONVERSION = re.compile(
    r"%(?P<flags>[-+ #0']*)(?P<width>\*|\d*)(?:\.(?P<precision>\*|-?\d*))?(?P<length>hh|ll|[hlLqjzt])?(?P<kind>.)", re.S
)
_BITS = {"hh": 8, "h": 16, "l": 64, "ll": 64, "q": 64, "j": 64, "z": 64, "t": 64}


class ExhaustedError(Exception):
    """There are more conversions than captured arguments."""


class Arguments:
    """The words of a variadic call: each kind comes from its own registers, then from the stack that they share."""

    def __init__(self, integers: Iterable[int], doubles: Iterable[float], stack: Iterable[int]) -> None:
        self._integers = deque(integers)
        self._doubles = deque(doubles)
        self._stack = deque(stack)

    def integer(self, bits: int, signed: bool) -> int:
        """Take the next argument, as an integer of so many bits. Raises ExhaustedError."""
        word = (self._integers.popleft() if self._integers else self._slot()) & ((1 << bits) - 1)
        return word - (1 << bits) if signed and word >> (bits - 1) else word

    def double(self) -> float:
        """Take the next argument, as a double. Raises ExhaustedError."""
        if self._doubles:
            return self._doubles.popleft()
        value: float = struct.unpack("<d", self._slot().to_bytes(8, "little"))[0]
        return value

    def long_double(self) -> str:
        """Give up all arguments: where a long double lies differs from machine to machine. Raises ExhaustedError."""
        for words in (self._integers, self._doubles, self._stack):
            words.clear()
        raise ExhaustedError

    def _slot(self) -> int:
        if not self._stack:
            raise ExhaustedError
        return self._stack.popleft()


def format_like_printf(template: str, arguments: Arguments) -> str:
    """Format a message. Never raises: a broken conversion stays as it is."""

    def converted(match: re.Match[str]) -> str:
        try:
            return _convert(match, arguments)
        except ExhaustedError:
            return "?"

    return _CONVERSION.sub(converted, template)


def _convert(match: re.Match[str], arguments: Arguments) -> str:
    kind, length = match["kind"], match["length"] or ""
    if kind == "%":
        return "%"
    flags = match["flags"].replace("'", "")
    width = _size(match["width"], arguments)
    precision = None if match["precision"] is None else _size(match["precision"] or "0", arguments)
    if width is not None and width < 0:
        flags, width = flags + "-", -width
    if precision is not None and precision < 0:
        precision = None  # as C has it: as if there were none
    value = _value(kind, length, precision, arguments)
    if value is None:
        return match[0]
    return _laid_out(kind, flags, width, precision, value)


def _size(written: str, arguments: Arguments) -> int | None:
    if not written:
        return None
    size = arguments.integer(32, signed=True) if written == "*" else int(written)
    return max(-MAX_WIDTH, min(size, MAX_WIDTH))


def _value(kind: str, length: str, precision: int | None, arguments: Arguments) -> int | float | str | None:
    """Take the argument of a conversion; a string is formatted already. None: there is no such conversion."""
    bits = _BITS.get(length, 32)
    if kind in "di":
        return arguments.integer(bits, signed=True)
    if kind in "uxXo":
        return arguments.integer(bits, signed=False)
    if kind in "fFeEgGaA":
        return arguments.long_double() if length == "L" else arguments.double()
    if kind == "c":
        return chr(arguments.integer(8, signed=False))
    if kind == "p":
        return hex(arguments.integer(64, signed=False))
    if kind == "n":
        arguments.integer(64, signed=False)
        return "?"
    if kind == "s":
        return _string(arguments.integer(64, signed=False), precision, wide=length == "l")
    return None


def _string(address: int, precision: int | None, wide: bool) -> str:
    if address < FIRST_PAGE:
        return "(null)"
    if wide:
        return "?"
    pointer = ffi.cast("const char *", address)
    if precision is None:
        return text(pointer)
    # With a precision the string may have no end: read no further than that.
    read: bytes = ffi.string(pointer, precision) if precision else b""
    return read.decode("utf-8", "replace")


def _laid_out(kind: str, flags: str, width: int | None, precision: int | None, value: int | float | str) -> str:
    size = "" if width is None else str(width)
    if isinstance(value, str):
        return f"%{'-' if '-' in flags else ''}{size}s" % value
    if kind in "aA":
        kind, value = "s", value.hex() if isinstance(value, float) else str(value)
    return f"%{flags}{size}{'' if precision is None else f'.{precision}'}{kind}" % value
