"""Runs a seccomp filter as the kernel would: enough of the classic BPF for what ``worker/sandbox/bpf.py`` writes."""

from collections.abc import Sequence

from worker.sandbox import bpf
from worker.sandbox.bpf import Instruction

_JUMPS = {
    bpf.EQUALS: lambda word, operand: word == operand,
    bpf.GREATER: lambda word, operand: word > operand,
    bpf.AT_LEAST: lambda word, operand: word >= operand,
    bpf.ANY_BIT: lambda word, operand: bool(word & operand),
}


def run(code: Sequence[Instruction], architecture: int, number: int, arguments: Sequence[int] = ()) -> int:
    """Run the filter on a call and return its verdict."""
    words = {bpf.NUMBER: number, bpf.ARCHITECTURE: architecture}
    for index, argument in enumerate([*arguments, *[0] * 6][:6]):
        words[16 + 8 * index] = argument & 0xFFFF_FFFF
        words[20 + 8 * index] = argument >> 32 & 0xFFFF_FFFF
    word = place = 0
    while True:
        operation, yes, no, operand = code[place]
        place += 1
        if operation == bpf.RETURN:
            return operand
        if operation == bpf.LOAD:
            word = words[operand]
        else:
            place += yes if _JUMPS[operation](word, operand) else no
