"""The numbers are the kernel's own, as its headers have them."""

import re
from pathlib import Path

import pytest

from worker.sandbox.syscalls import ALWAYS_REFUSED, NEWEST, SYSCALLS, numbers

HEADERS = {
    "x86_64": "x86_64-linux-gnu/asm/unistd_64.h",
    "aarch64": "asm-generic/unistd.h",
}
"""aarch64 has the generic numbers."""


def header(machine: str) -> dict[str, int]:
    path = Path("/usr/include") / HEADERS[machine]
    if not path.is_file():
        pytest.skip(f"no {path} on this machine")
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)
    named = {name: int(number) for name, number in found}
    named["newfstatat"] = named.get("newfstatat", named.get("fstatat", 0))
    return named


@pytest.mark.parametrize("machine", HEADERS)
def test_numbers_are_those_of_the_headers(machine: str) -> None:
    known = header(machine)
    assert {name: known.get(name) for name in numbers(machine)} == numbers(machine)


def test_no_number_stands_for_two_calls() -> None:
    for machine in HEADERS:
        found = list(numbers(machine).values())
        assert len(found) == len(set(found))
        assert max(found) <= NEWEST


def test_what_has_no_number_on_aarch64_is_not_there() -> None:
    assert set(numbers("x86_64")) == set(SYSCALLS)
    assert set(SYSCALLS) - set(numbers("aarch64")) >= {"open", "poll", "fork"} & set(SYSCALLS)
    assert "clone3" in ALWAYS_REFUSED
