"""All of it together; what a hostile core makes of it is in ``test_hostile.py``."""

import os
import socket
import threading
from pathlib import Path

import pytest

from tests.cores.own_process import run_in_own_process
from worker.sandbox import Mode, SandboxRefusedError, enter, entry, missing, prepare
from worker.sandbox.landlock import KEEP, Grant

complete = pytest.mark.skipif(bool(missing()), reason=f"no sandbox on this machine: {missing()}")


def attempts(mode: Mode, folder: Path) -> dict[str, bool]:
    """Enter, and return which of some attempts still work."""
    prepare()
    assert enter(mode, [Grant(folder, KEEP)]) == []
    threading.Thread(target=(folder / "thread").touch).start()
    tries = {
        "keep": lambda: (folder / "mine").write_bytes(b"x"),
        "read": lambda: Path("/etc/passwd").read_bytes(),
        "socket": socket.socket,
        "fork": lambda: os.fork() or os._exit(0),
        "signal": lambda: os.kill(os.getppid(), 0),
    }
    works = {}
    for name, attempt in tries.items():
        try:
            attempt()
            works[name] = True
        except PermissionError:
            works[name] = False
    return works


@complete
def test_inside_only_its_own_folder_is_left(tmp_path: Path) -> None:
    found = run_in_own_process(attempts, Mode.REQUIRE, tmp_path)
    assert found == {"keep": True, "read": False, "socket": False, "fork": False, "signal": False}


def test_switched_off_it_takes_nothing_away(tmp_path: Path) -> None:
    assert all(run_in_own_process(attempts, Mode.OFF, tmp_path).values())


def with_company(mode: Mode) -> list[str]:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, daemon=True)
    thread.start()
    try:
        return enter(mode, [Grant(Path("/"), KEEP)])
    finally:
        stop.set()


@complete
def test_a_thread_that_was_there_before_is_said_and_not_taken_where_all_is_required() -> None:
    assert run_in_own_process(with_company, Mode.AUTO) == ["1 threads were started before it"]
    with pytest.raises(SandboxRefusedError, match="1 threads"):
        run_in_own_process(with_company, Mode.REQUIRE)


def on_another_machine(mode: Mode) -> list[str]:
    entry.kernel.machine = lambda: None
    return enter(mode, [])


def test_where_there_is_no_sandbox_it_says_so_or_refuses() -> None:
    (lack,) = run_in_own_process(on_another_machine, Mode.AUTO)
    assert "Linux" in lack
    with pytest.raises(SandboxRefusedError, match="Linux"):
        run_in_own_process(on_another_machine, Mode.REQUIRE)


@pytest.mark.parametrize("version", [0, 2])
def test_an_old_kernel_is_named(monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    monkeypatch.setattr(entry.landlock, "abi", lambda: version)
    monkeypatch.setattr(entry.kernel, "machine", lambda: "x86_64")
    monkeypatch.setattr(entry.seccomp, "available", lambda machine, action: False)
    landlock, seccomp = missing()
    assert "Landlock" in landlock
    assert "seccomp" in seccomp
