"""What the filter lets through, on both machines: threads but no processes, nothing that reaches out."""

import itertools
import signal

import pytest

from tests.worker.sandbox.machine import run
from worker.sandbox import bpf, rules
from worker.sandbox.syscalls import NEWEST, numbers

PID = 4321
THREAD = 0x003D_0F00
"""The flags that pthread_create gives to clone."""

REFUSED = {
    "x86_64": {
        "socket": 41,
        "connect": 42,
        "bind": 49,
        "execve": 59,
        "fork": 57,
        "vfork": 58,
        "ptrace": 101,
        "bpf": 321,
    },
    "aarch64": {"socket": 198, "connect": 203, "bind": 200, "execve": 221, "ptrace": 117, "bpf": 280, "mount": 40},
}
REFUSED_ON_BOTH = {"io_uring_setup": 425, "pidfd_open": 434, "open_tree": 428, "landlock_restrict_self": 446}


@pytest.mark.parametrize("machine", rules.ARCHITECTURES)
def test_calls_that_reach_out_are_refused(machine: str) -> None:
    code, architecture = rules.program(machine, PID), rules.ARCHITECTURES[machine]
    for number in {**REFUSED[machine], **REFUSED_ON_BOTH}.values():
        assert run(code, architecture, number) == bpf.REFUSE
    for number in (435, NEWEST + 1, 1 << 30, 1 << 31):
        assert run(code, architecture, number) == bpf.UNKNOWN


@pytest.mark.parametrize("machine", rules.ARCHITECTURES)
def test_every_other_call_of_the_list_passes(machine: str) -> None:
    code, architecture = rules.program(machine, PID), rules.ARCHITECTURES[machine]
    for name, number in numbers(machine).items():
        if name not in rules.by_argument(PID):
            assert run(code, architecture, number) == bpf.ALLOW, name


@pytest.mark.parametrize("machine", rules.ARCHITECTURES)
@pytest.mark.parametrize(
    ("name", "arguments", "allowed"),
    [
        ("clone", [THREAD], True),
        ("clone", [signal.SIGCHLD], False),
        ("clone", [THREAD | 0x1000_0000], False),
        ("kill", [PID, 6], True),
        ("kill", [PID + 1, 0], False),
        ("kill", [(1 << 64) - 1, 0], False),
        ("tgkill", [PID, PID + 5, 6], True),
        ("tgkill", [1, 1, 6], False),
        ("prctl", [15], True),
        ("prctl", [38], False),
        ("prlimit64", [0, 7], True),
        ("prlimit64", [1, 7], False),
        ("ioctl", [3, 0x5421], True),
        ("ioctl", [3, 0x5412], False),
        ("fcntl", [3, 1030], True),
        ("fcntl", [3, 8], False),
        ("setsockopt", [3, 1, 8], True),
        ("setsockopt", [3, 0, 64], False),
    ],
)
def test_arguments_decide(machine: str, name: str, arguments: list[int], allowed: bool) -> None:
    code, architecture = rules.program(machine, PID), rules.ARCHITECTURES[machine]
    verdict = run(code, architecture, numbers(machine)[name], arguments)
    assert verdict == (bpf.ALLOW if allowed else bpf.REFUSE)


@pytest.mark.parametrize(("here", "there"), list(itertools.permutations(rules.ARCHITECTURES, 2)))
def test_another_abi_ends_the_process(here: str, there: str) -> None:
    assert run(rules.program(here, PID), rules.ARCHITECTURES[there], 0) == bpf.KILL
