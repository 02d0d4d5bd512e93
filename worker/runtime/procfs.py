"""What Linux says of processes and processors: read from ``/proc`` and the control group, nothing kept."""

import math
import os
from dataclasses import dataclass
from pathlib import Path

_CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""``<quota> <period>`` in microseconds, or ``max <period>``, where the machine runs control groups v2."""


@dataclass(frozen=True)
class Usage:
    """What a process has used."""

    cpu_seconds: float
    """Of user and system time, since its start."""
    resident_bytes: int


def usage_of(pid: int) -> Usage | None:
    """Read what a process has used; None if it is gone or this system has no ``/proc``."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        statm = Path(f"/proc/{pid}/statm").read_text()
    except OSError:
        return None
    # proc(5): the second field is the command in brackets and may hold anything, so count from the last bracket
    utime, stime = stat.rpartition(")")[2].split()[11:13]
    resident_pages = statm.split()[1]
    return Usage(
        cpu_seconds=(int(utime) + int(stime)) / os.sysconf("SC_CLK_TCK"),
        resident_bytes=int(resident_pages) * os.sysconf("SC_PAGE_SIZE"),
    )


def available_cpus(quota: Path = _CPU_QUOTA) -> int:
    """Count the processors that this process may use, at least 1: a container's limit counts, not its machine."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        limit, period = quota.read_text().split()
    except (OSError, ValueError):
        return cpus
    return cpus if limit == "max" else max(1, min(cpus, math.floor(int(limit) / int(period))))
