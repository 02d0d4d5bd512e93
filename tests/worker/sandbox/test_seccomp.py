"""A filter holds on all threads, in a process of its own, for it can't be taken back."""

import os
import threading

import pytest

from tests.cores.own_process import run_in_own_process
from worker.sandbox import bpf, kernel, seccomp

MACHINE = kernel.machine() or ""

pytestmark = pytest.mark.skipif(not (MACHINE and seccomp.available(MACHINE, bpf.KILL)), reason="no seccomp filters")


def hide_getpriority() -> list[str]:
    number = {"x86_64": 140, "aarch64": 141}[MACHINE]
    begin, results = threading.Event(), []

    def ask() -> None:
        begin.wait()
        try:
            results.append(str(os.getpriority(os.PRIO_PROCESS, 0)))
        except OSError as error:
            results.append(os.strerror(error.errno))

    thread = threading.Thread(target=ask)
    thread.start()
    kernel.forbid_new_privileges()
    seccomp.install(MACHINE, bpf.assemble(bpf.hiding((number,))))
    begin.set()
    thread.join()
    ask()
    return results


def test_a_filter_holds_on_threads_that_were_there_before() -> None:
    assert run_in_own_process(hide_getpriority) == [os.strerror(38)] * 2


def broken() -> str:
    kernel.forbid_new_privileges()
    try:
        seccomp.install(MACHINE, bpf.assemble([(bpf.LOAD, 0, 0, bpf.NUMBER)]))
    except OSError as error:
        return os.strerror(error.errno or 0)
    return "installed"


def test_a_program_that_does_not_end_is_refused_by_the_kernel() -> None:
    assert run_in_own_process(broken) == os.strerror(22)


def test_an_action_that_nobody_knows_is_not_available() -> None:
    assert not seccomp.available(MACHINE, 0x1234_0000)
