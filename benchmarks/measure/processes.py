"""What Linux says of a process and those that it started: processor time and memory, from ``/proc`` (proc(5))."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024

_PROC = Path("/proc")
_PPID, _UTIME, _STIME = 1, 11, 12
"""Fields of ``stat`` after the command, counted from 0."""
_SIZE = re.compile(r"^(Pss|Rss):\s+(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True)
class Memory:
    """Of one process, in bytes. A page that n processes share counts 1/n in each one's ``pss`` and 1 in its ``rss``."""

    pss: int
    rss: int


def descendants(pid: int) -> list[int]:
    """List the process and all that descend from it, itself first."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found = [pid]
    for known in found:  # grows while it is walked through
        found += children.get(known, [])
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time since the start of the process; 0 if it is gone."""
    try:
        fields = stat_fields((_PROC / str(pid) / "stat").read_text())
    except OSError:
        return 0.0
    return (int(fields[_UTIME]) + int(fields[_STIME])) / os.sysconf("SC_CLK_TCK")


def busy_seconds() -> float:
    """Read for how many seconds all processors together have been busy since the machine started."""
    return read_busy((_PROC / "stat").read_text())


def busy_share(earlier: float, seconds: float) -> float:
    """Compute the share of all processors' time in which something ran, since ``busy_seconds`` was ``earlier``."""
    return round((busy_seconds() - earlier) / seconds / (os.cpu_count() or 1), 3)


def memory(pid: int) -> Memory:
    """Read the memory that the process holds; none if it is gone."""
    try:
        return read_rollup((_PROC / str(pid) / "smaps_rollup").read_text())
    except OSError:
        return Memory(0, 0)


def stat_fields(stat: str) -> list[str]:
    """Split the fields of ``stat`` after the command, which is in brackets and may hold brackets and spaces itself."""
    return stat.rpartition(")")[2].split()


def read_busy(stat: str) -> float:
    """Read the first line of ``/proc/stat``: ticks of user, nice, system, idle, iowait, irq, softirq, steal."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, stat.split(maxsplit=9)[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def read_rollup(rollup: str) -> Memory:
    """Read a ``smaps_rollup``."""
    sizes = {name: int(kilobytes) * 1024 for name, kilobytes in _SIZE.findall(rollup)}
    return Memory(sizes.get("Pss", 0), sizes.get("Rss", 0))


def _parents() -> Iterator[tuple[int, int]]:
    """(pid, parent's pid) of every process."""
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text()
            except OSError:  # it ended in the meantime
                continue
            yield int(folder.name), int(stat_fields(stat)[_PPID])
