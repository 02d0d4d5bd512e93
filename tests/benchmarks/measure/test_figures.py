from hypothesis import given
from hypothesis import strategies as st

from benchmarks.measure.figures import intervals, mean, percentile, summary

MILLISECONDS = st.floats(0, 1e4)


def test_percentiles_lie_between_neighbours() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 50) == 2.5
    assert percentile([7.0], 95) == 7.0


def test_a_summary_is_rounded_to_a_tenth() -> None:
    assert summary([float(ms) for ms in range(101)]) == {"p50_ms": 50.0, "p95_ms": 95.0}
    assert summary([1.26]) == {"p50_ms": 1.3, "p95_ms": 1.3}


def test_mean() -> None:
    assert mean(iter([1.0, 2.0, 6.0])) == 3.0


def test_intervals_are_one_less_than_arrivals() -> None:
    assert intervals([1.0, 1.5, 3.0]) == [0.5, 1.5]
    assert intervals([1.0]) == intervals([]) == []


@given(st.lists(MILLISECONDS, min_size=1), st.floats(0, 100))
def test_a_percentile_is_within_the_samples(samples: list[float], percent: float) -> None:
    assert min(samples) <= percentile(samples, percent) <= max(samples)


@given(st.lists(MILLISECONDS, min_size=1))
def test_the_median_is_not_above_the_95th_percentile(samples: list[float]) -> None:
    found = summary(samples)
    assert found["p50_ms"] <= found["p95_ms"]
