"""The token buckets."""

from hypothesis import given
from hypothesis import strategies as st

from coordinator.limits.token_bucket import TokenBucket, TokenBuckets


def test_a_burst_passes_and_then_the_rate():
    bucket = TokenBucket(rate=2, burst=3, now=10.0)

    assert [bucket.take(10.0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(10.4)
    assert bucket.take(10.6)
    assert not bucket.take(10.6)


def test_a_long_rest_saves_no_more_than_a_burst():
    bucket = TokenBucket(rate=2, burst=3, now=0.0)

    assert sum(bucket.take(1000.0) for _ in range(10)) == 3


@given(st.lists(st.floats(0, 2), max_size=100))
def test_never_more_than_the_burst_and_the_rate_together(pauses):
    bucket = TokenBucket(rate=5, burst=10, now=0.0)
    now, passed = 0.0, 0
    for pause in pauses:
        now += pause
        passed += bucket.take(now)

    assert passed <= 10 + 5 * now + 1e-6


def test_each_key_has_a_bucket_of_its_own():
    buckets = TokenBuckets(rate=1, burst=1)

    assert [buckets.take(key, 0.0) for key in ("a", "a", "b")] == [True, False, True]
    assert buckets.take("a", 1.0)


def test_of_many_keys_those_that_were_used_last_are_kept(monkeypatch):
    monkeypatch.setattr("coordinator.limits.token_bucket.MAX_BUCKETS", 2)
    buckets = TokenBuckets(rate=1, burst=1)
    for key in ("a", "b", "a", "c"):
        buckets.take(key, 0.0)

    assert not buckets.take("a", 0.0)
    assert buckets.take("b", 0.0)
