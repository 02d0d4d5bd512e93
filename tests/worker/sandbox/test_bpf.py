"""The filter decides as its rules say, for any rules and any call."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.sandbox.machine import run
from worker.sandbox import bpf
from worker.sandbox.bpf import Argument

HERE, ELSEWHERE = 7, 8
NEWEST = 500
numbers = st.integers(0, 600)


@given(st.sets(numbers), st.sets(numbers, max_size=3), numbers)
def test_a_call_is_allowed_refused_or_unknown(allowed: set[int], unknown: set[int], number: int) -> None:
    code = bpf.program(HERE, allowed, {}, unknown, NEWEST)
    hidden = number in unknown or number > NEWEST
    verdict = bpf.UNKNOWN if hidden else bpf.ALLOW if number in allowed else bpf.REFUSE
    assert run(code, HERE, number) == verdict
    assert run(code, ELSEWHERE, number) == bpf.KILL


@given(st.sets(numbers))
def test_ranges_hold_what_they_are_made_of(found: set[int]) -> None:
    runs = bpf.ranges(found)
    assert [number for first, last in runs for number in range(first, last + 1)] == sorted(found)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20), st.integers(0, 2**64 - 1), st.integers(0, 5))
def test_one_of_some_values(values: list[int], given: int, index: int) -> None:
    code = bpf.program(HERE, {1}, {1: Argument(index, values=tuple(values))}, (), NEWEST)
    arguments = [99, 99, 99, 99, 99, 99]
    for argument, allowed in ((values[-1], True), (values[0], True), (given, given & 0xFFFF_FFFF in values)):
        arguments[index] = argument
        assert run(code, HERE, 1, arguments) == (bpf.ALLOW if allowed else bpf.REFUSE)


@pytest.mark.parametrize(("flags", "allowed"), [(0b10, True), (0b110, True), (0b11, False), (0b1, False), (0, False)])
def test_bits_that_must_and_bits_that_must_not_be_set(flags: int, allowed: bool) -> None:
    code = bpf.program(HERE, {1}, {1: Argument(0, set=0b10, clear=0b1)}, (), NEWEST)
    assert run(code, HERE, 1, [flags]) == (bpf.ALLOW if allowed else bpf.REFUSE)


def test_hiding_lets_everything_else_pass() -> None:
    code = bpf.hiding((425,))
    assert [run(code, HERE, number) for number in (424, 425, 426)] == [bpf.ALLOW, bpf.UNKNOWN, bpf.ALLOW]


def test_an_instruction_takes_eight_bytes() -> None:
    assert bpf.assemble([(bpf.EQUALS, 1, 2, 3)]) == struct.pack("=HBBI", 0x15, 1, 2, 3)
