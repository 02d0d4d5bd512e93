"""Calls and their errors; capabilities, in a process of its own."""

import errno
import os
from pathlib import Path

import pytest

from tests.cores.own_process import run_in_own_process
from worker.sandbox import kernel

MACHINE = kernel.machine() or ""

pytestmark = pytest.mark.skipif(not MACHINE, reason="no Linux whose call numbers are known")


def status() -> dict[str, str]:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}


def after_giving_up() -> dict[str, str]:
    kernel.forbid_new_privileges()
    kernel.keep_capabilities(MACHINE, 0b10)
    return status()


def test_nothing_is_left_but_what_was_to_be_kept() -> None:
    before, after = status(), run_in_own_process(after_giving_up)
    assert after["NoNewPrivs"] == "1"
    assert int(after["CapEff"], 16) == int(before["CapEff"], 16) & 0b10
    assert int(after["CapPrm"], 16) == int(before["CapPrm"], 16) & 0b10
    assert int(after["CapInh"], 16) == 0


def test_a_call_that_fails_says_why() -> None:
    with pytest.raises(OSError, check=lambda error: error.errno in (errno.EBADF, errno.EPERM)) as caught:
        kernel.call(kernel.LANDLOCK_RESTRICT_SELF, -1, 0)
    assert caught.value.strerror == os.strerror(caught.value.errno)


@pytest.mark.parametrize(("system", "processor"), [("darwin", "arm64"), ("linux", "riscv64")])
def test_machines_that_it_has_no_numbers_for(monkeypatch: pytest.MonkeyPatch, system: str, processor: str) -> None:
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr("platform.machine", lambda: processor)
    assert kernel.machine() is None
