"""How much more two processes would carry than one, from runs of ``benchmarks.relay`` that saturate neither.

A machine with two processors can't load two processes fully, since the generator needs one itself. So each process is
loaded as much as a single one was: twice the sessions, same bursts. Two things can then make two processes carry less
than twice as much: each packet costs more processor time, or the kernel, which deals clients out by a hash of their
addresses (SO_REUSEPORT), gives one process more than its half, so that it is full first. Not shown is what processors
cost each other when both are full: locks in the kernel, memory, a shared clock rate.
"""

from collections.abc import Iterable
from typing import Any

Run = dict[str, Any]


def scaling(runs: Iterable[Run]) -> list[Run]:
    """One object for each run of several processes that has its counterpart of one."""
    runs = list(runs)
    alone = {_load(run): run for run in runs if run["processes"] == 1}
    pairs = ((run, alone.get(_load(run))) for run in runs if run["processes"] > 1)
    return [_compared(run, one) for run, one in pairs if one]


def _load(run: Run) -> tuple[object, ...]:
    """Say what each process has to do, if all have the same."""
    return run["direction"], run["burst"], run["size"], run["sessions"] / run["processes"], run.get("receiver")


def _compared(run: Run, one: Run) -> Run:
    efficiency = run["ours_per_cpu_s"] / one["ours_per_cpu_s"]
    named = {name: run[name] for name in ("direction", "processes", "burst", "size", "sessions")}
    return {
        **named,
        "per_cpu_s_of_one": round(efficiency, 2),
        "busiest_share": run["busiest_share"],
        "times_one": round(efficiency / run["busiest_share"], 2),
    }
