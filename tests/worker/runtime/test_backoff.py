from hypothesis import given
from hypothesis import strategies as st

from worker.runtime.backoff import backoff


def test_it_doubles_up_to_the_longest() -> None:
    assert [backoff(failures, 0.5, 3) for failures in range(5)] == [0, 0.5, 1, 2, 3]


@given(st.integers(0, 10**9))
def test_more_failures_never_wait_shorter(failures: int) -> None:
    assert backoff(failures, 1, 60) <= backoff(failures + 1, 1, 60) <= 60
