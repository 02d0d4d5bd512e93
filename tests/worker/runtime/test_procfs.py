import os
import subprocess
from pathlib import Path

import pytest

from worker.runtime.procfs import available_cpus, usage_of


def test_our_own_usage() -> None:
    usage = usage_of(os.getpid())
    assert usage is not None
    assert usage.cpu_seconds > 0
    assert usage.resident_bytes > 1 << 20


def test_a_process_whose_name_looks_like_the_fields(tmp_path: Path) -> None:
    program = tmp_path / "a) S (b"
    program.symlink_to("/bin/sleep")
    process = subprocess.Popen([str(program), "100"])
    try:
        usage = usage_of(process.pid)
    finally:
        process.kill()
        process.wait()
    assert usage is not None
    assert 0 <= usage.cpu_seconds < 5


def test_a_process_that_is_gone_has_none() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    assert usage_of(process.pid) is None


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("max 100000\n", None), ("100000 100000\n", 1), ("50000 100000\n", 1), ("nonsense", None), (None, None)],
)
def test_a_containers_limit_counts(tmp_path: Path, quota: str | None, expected: int | None) -> None:
    file = tmp_path / "cpu.max"
    if quota is not None:
        file.write_text(quota)
    assert available_cpus(file) == (expected or len(os.sched_getaffinity(0)))
