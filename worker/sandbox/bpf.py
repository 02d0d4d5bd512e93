"""The seccomp filter as a program for the kernel: pure arithmetic on rules, no system call is made here.

A program is a list of instructions of the classic BPF (linux/bpf_common.h), and looks at a ``struct seccomp_data``.
Calls that are allowed whatever their arguments come last, for the kernel keeps a table of those and doesn't even run
the filter for them.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from errno import ENOSYS, EPERM
from itertools import pairwise
from typing import Final

LOAD: Final = 0x20
"""BPF_LD | BPF_W | BPF_ABS: the word at an offset of seccomp_data."""
EQUALS: Final = 0x15
GREATER: Final = 0x25
AT_LEAST: Final = 0x35
ANY_BIT: Final = 0x45
RETURN: Final = 0x06

NUMBER: Final = 0
ARCHITECTURE: Final = 4
_ARGUMENTS: Final = 16

ALLOW: Final = 0x7FFF_0000
KILL: Final = 0x8000_0000
_ERROR: Final = 0x0005_0000

REFUSE: Final = _ERROR | EPERM
UNKNOWN: Final = _ERROR | ENOSYS

_INSTRUCTION: Final = struct.Struct("=HBBI")

Instruction = tuple[int, int, int, int]
"""Code, jump if true, jump if false, operand."""


@dataclass(frozen=True)
class Argument:
    """Allows a call by one of its arguments: one of ``values``, or all of the bits ``set`` and none of ``clear``.

    Only the lower half of the argument counts, as it does for the kernel in the calls that this is used for.
    """

    index: int
    values: tuple[int, ...] = ()
    set: int = 0
    clear: int = 0

    def program(self) -> list[Instruction]:
        """Write the test of the argument, whose every way ends in a decision."""
        load = (LOAD, 0, 0, _ARGUMENTS + 8 * self.index)
        if self.values:
            count = len(self.values)
            tests = [(EQUALS, count - place, 0, value) for place, value in enumerate(self.values)]
            return [load, *tests, _return(REFUSE), _return(ALLOW)]
        return [
            load,
            (ANY_BIT, 2, 0, self.clear),
            (ANY_BIT, 0, 1, self.set),
            _return(ALLOW),
            _return(REFUSE),
        ]


def program(
    architecture: int, allowed: Iterable[int], by_argument: Mapping[int, Argument], unknown: Iterable[int], newest: int
) -> list[Instruction]:
    """Write the filter that allows these calls, by number, and some by one of their arguments.

    ``unknown``, and all numbers after ``newest``, are calls that don't exist, as far as the caller is told.
    """
    code: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUALS, 1, 0, architecture),
        _return(KILL),  # a call by another ABI of the processor, whose numbers mean something else
        (LOAD, 0, 0, NUMBER),
        (GREATER, 0, 1, newest),  # the x32 ABI's numbers too, which have bit 30 set
        _return(UNKNOWN),
    ]
    for number in unknown:
        code += [(EQUALS, 0, 1, number), _return(UNKNOWN)]
    for number, argument in by_argument.items():
        test = argument.program()
        code += [(EQUALS, 0, len(test), number), *test]
    for first, last in ranges(set(allowed) - set(by_argument)):
        code += [(GREATER, 3, 0, last), (AT_LEAST, 0, 1, first), _return(ALLOW), _return(REFUSE)]
    return [*code, _return(REFUSE)]


def hiding(numbers: Iterable[int]) -> list[Instruction]:
    """Write a filter that lets everything pass but these calls, which then don't exist."""
    code: list[Instruction] = [(LOAD, 0, 0, NUMBER)]
    for number in numbers:
        code += [(EQUALS, 0, 1, number), _return(UNKNOWN)]
    return [*code, _return(ALLOW)]


def ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Group numbers into runs without a gap, (first, last) each."""
    ordered = sorted(numbers)
    if not ordered:
        return []
    gaps = [(last, first) for last, first in pairwise(ordered) if first != last + 1]
    firsts = [ordered[0], *(first for _, first in gaps)]
    lasts = [*(last for last, _ in gaps), ordered[-1]]
    return list(zip(firsts, lasts, strict=True))


def assemble(code: Iterable[Instruction]) -> bytes:
    """Encode the program as an array of ``struct sock_filter``."""
    return b"".join(_INSTRUCTION.pack(*instruction) for instruction in code)


def _return(verdict: int) -> Instruction:
    return (RETURN, 0, 0, verdict)
