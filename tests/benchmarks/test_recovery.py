from benchmarks.measure.interruptions import Trial
from benchmarks.recovery import of_trials, show

TRIALS = [Trial(0.1, 0.6, 1.5), Trial(0.3, 1.0, 2.75), Trial(None, 0.8, 0.2)]


def test_trials_become_figures() -> None:
    assert of_trials(TRIALS) == {"detect_p50_ms": 200.0, "p50_ms": 800.0, "p95_ms": 980.0, "lost_play_max_s": 2.75}


def test_a_failure_that_no_page_noticed_has_no_time_of_that() -> None:
    assert of_trials([Trial(None, 0.8, 0.0)])["detect_p50_ms"] is None


def test_the_table_has_a_row_for_each_kind_and_a_line_for_the_coordinator() -> None:
    found = {
        "room": of_trials(TRIALS),
        "worker": of_trials(TRIALS),
        "reload": {"p50_ms": 400.0, "p95_ms": 500.0, "reloads": 3},
        "coordinator": {"interrupted": 0, "restarts": 3},
    }
    head, room, _, reload, coordinator = show(found).splitlines()
    assert head.split() == ["known", "p50", "ms", "frame", "p50", "ms", "p95", "ms", "lost", "play", "max", "s"]
    assert room.split() == ["room", "200.0", "800.0", "980.0", "2.75"]
    assert reload.split() == ["reload", "400.0", "500.0"]
    assert coordinator == "coordinator: 0 of 3 restarts were seen"
