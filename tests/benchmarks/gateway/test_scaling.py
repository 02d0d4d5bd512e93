from benchmarks.gateway.scaling import Run, scaling


def run(processes: int, sessions: int, per_cpu_s: int, busiest: float = 1.0, burst: int = 4) -> Run:
    load = {"direction": "both", "burst": burst, "size": 1100, "processes": processes, "sessions": sessions}
    return {**load, "ours_per_cpu_s": per_cpu_s, "busiest_share": busiest}


def test_two_are_compared_with_one_that_has_half_the_sessions() -> None:
    runs = [run(1, 60, 100_000), run(1, 120, 120_000), run(2, 120, 95_000, 0.5), run(2, 60, 1)]
    (found,) = scaling(runs)
    assert (found["processes"], found["sessions"]) == (2, 120)
    assert (found["per_cpu_s_of_one"], found["busiest_share"], found["times_one"]) == (0.95, 0.5, 1.9)


def test_the_process_that_has_more_is_full_first() -> None:
    (found,) = scaling([run(1, 10, 100), run(2, 20, 100, 0.6)])
    assert found["times_one"] == 1.67


def test_other_loads_are_no_counterpart() -> None:
    assert scaling([run(1, 60, 100), run(2, 120, 100, burst=1), run(2, 100, 100)]) == []
