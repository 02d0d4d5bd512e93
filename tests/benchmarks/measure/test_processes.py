import os
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.measure.processes import (
    Memory,
    busy_seconds,
    busy_share,
    cpu_seconds,
    descendants,
    memory,
    read_busy,
    read_rollup,
    stat_fields,
)

ROLLUP = """\
55d0c0a00000-7ffd3a1f2000 ---p 00000000 00:00 0                          [rollup]
Rss:               61440 kB
Pss:               40960 kB
Pss_Dirty:         30000 kB
Pss_Anon:          29000 kB
Shared_Clean:      20480 kB
"""

NOBODY = 2**22 + 1
"""Above the largest process id that Linux gives."""


def test_the_command_may_hold_brackets_and_spaces() -> None:
    fields = stat_fields("42 (a) b (c)) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 77 0 0")
    assert fields[:2] == ["S", "1"]
    assert fields[11:13] == ["250", "50"]


@given(st.text(max_size=15))
def test_any_command_is_skipped(command: str) -> None:
    assert stat_fields(f"1 ({command}) S 0 1") == ["S", "0", "1"]


def test_a_rollup_is_read_in_bytes() -> None:
    assert read_rollup(ROLLUP) == Memory(pss=40960 * 1024, rss=61440 * 1024)


@given(st.text())
def test_any_rollup_is_read(text: str) -> None:
    found = read_rollup(text)
    assert found.pss >= 0
    assert found.rss >= 0


def test_the_processors_are_busy_with_all_but_idle_and_iowait() -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    line = "cpu  1 2 3 1000 1000 4 5 6 7 8\ncpu0 9 9 9 9 9 9 9 9 9 9\n"
    assert read_busy(line) == (1 + 2 + 3 + 4 + 5 + 6) / ticks


def test_the_machine_has_been_busy() -> None:
    assert busy_seconds() > 0
    assert busy_share(busy_seconds(), 1e9) == 0


def test_our_own_figures() -> None:
    mine = memory(os.getpid())
    assert 0 < mine.pss <= mine.rss
    assert cpu_seconds(os.getpid()) > 0


def test_a_process_that_is_gone_has_used_nothing() -> None:
    assert cpu_seconds(NOBODY) == 0
    assert memory(NOBODY) == Memory(0, 0)
    assert descendants(NOBODY) == [NOBODY]


def test_children_of_children_are_found() -> None:
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(0, flush=True); input()'])"
    with subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()  # the child of the child is there
        found = descendants(process.pid)
        process.communicate(b"\n")
    assert found[0] == process.pid
    assert len(found) == 2
