"""Token buckets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turn.relay.token_bucket import STATE, TOKENS, Bucket, Sources, source_of


def test_a_burst_and_then_the_rate() -> None:
    bucket = Bucket(rate=10, burst=5, now=0)
    assert [bucket.take(1, 0) for _ in range(6)] == [True] * 5 + [False]
    assert bucket.take(1, 0.1)
    assert not bucket.take(1, 0.1)


def test_all_of_a_burst_or_nothing() -> None:
    bucket = Bucket(rate=1000, burst=4000, now=0)
    assert bucket.take(3000, 0)
    assert not bucket.take(3000, 0)
    assert bucket.take(1000, 0)


def test_a_burst_larger_than_the_bucket_leaves_a_debt() -> None:
    bucket = Bucket(rate=1000, burst=1000, now=0)
    assert bucket.take(3000, 0)
    assert not bucket.take(1, 2.0)
    assert bucket.take(1, 2.1)


def test_time_that_stands_still_or_goes_back_gives_nothing() -> None:
    bucket = Bucket(rate=1000, burst=1, now=10)
    assert bucket.take(1, 10)
    assert not bucket.take(1, 5)
    assert not bucket.take(1, 5)


def test_a_bucket_that_is_moved_goes_on_in_its_new_place() -> None:
    bucket, place = Bucket(rate=10, burst=5, now=0), memoryview(bytearray(8 * STATE)).cast("d")
    assert bucket.take(3, 0)
    bucket.move(place)
    assert list(place) == [10, 5, 2, 0]
    assert bucket.take(2, 0)
    assert place[TOKENS] == 0
    place[TOKENS] = 1  # as compiled code would change it
    assert bucket.take(1, 0)
    assert not bucket.take(1, 0)


@given(st.lists(st.tuples(st.floats(0, 2000), st.floats(0, 1)), max_size=50))
def test_never_more_than_rate_and_burst(takes) -> None:
    bucket, now, passed, last = Bucket(rate=500, burst=1000, now=0), 0.0, 0.0, 0.0
    for units, step in takes:
        now += step
        if bucket.take(units, now):
            passed += units
            last = max(last, units)
    assert passed <= 1000 + 500 * now + last + 1e-6


def test_each_source_has_its_own() -> None:
    sources = Sources(rate=1, burst=2)
    assert [sources.take("192.0.2.1", 0) for _ in range(3)] == [True, True, False]
    assert sources.take("192.0.2.2", 0)
    assert sources.take("192.0.2.1", 1)


def test_a_rate_of_zero_limits_nothing() -> None:
    sources = Sources(rate=0, burst=0)
    assert all(sources.take("192.0.2.1", 0) for _ in range(100))
    assert len(sources) == 0


def test_no_more_sources_than_fit() -> None:
    sources = Sources(rate=1, burst=1, limit=10)
    assert all(sources.take(f"192.0.2.{number}", 0) for number in range(100))
    assert len(sources) == 10
    assert not sources.take("192.0.2.99", 0)


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2::1", "20010db800010002/64"),
        ("2001:db8:1:2:ffff::1", "20010db800010002/64"),
        ("fe80::1%eth0", "fe80000000000000/64"),
    ],
)
def test_sources(host: str, source: str) -> None:
    assert source_of(host) == source
