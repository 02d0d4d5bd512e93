"""Deadlines of many things."""

from hypothesis import given
from hypothesis import strategies as st

from turn.relay.timers import Timers


def test_due_once_and_not_before() -> None:
    timers: Timers[str] = Timers()
    timers.set("a", 10.0)
    timers.set("b", 10.2)
    assert timers.next() == 10.0
    assert timers.due(9.9) == []
    assert timers.due(10.0) == ["a"]
    assert timers.next() == 11.0
    assert timers.due(11.0) == ["b"]
    assert timers.next() is None


def test_the_last_time_counts() -> None:
    timers: Timers[str] = Timers()
    timers.set("a", 10)
    timers.set("a", 20)
    assert timers.due(15) == []
    timers.set("a", 16)
    assert timers.due(16) == ["a"]


def test_nothing_is_left_of_what_was_cancelled() -> None:
    timers: Timers[int] = Timers()
    for item in range(1000):
        timers.set(item, 600)
        timers.cancel(item)
    timers.cancel(5)
    assert len(timers) == 0
    assert timers.next() is None
    assert timers._due == {}


@given(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.floats(0, 50))), max_size=30), st.floats(0, 60))
def test_like_a_dictionary(changes, now) -> None:
    timers: Timers[int] = Timers()
    model: dict[int, float] = {}
    for item, when in changes:
        if when is None:
            timers.cancel(item)
            model.pop(item, None)
        else:
            timers.set(item, when)
            model[item] = when
    due = timers.due(now)
    assert sorted(due) == sorted(set(due))
    assert {item for item, when in model.items() if when + 1 <= now} <= set(due)
    assert set(due) <= {item for item, when in model.items() if when <= now}
    assert len(timers) == len(model) - len(due)
    assert (timers.next() is None) == (len(timers) == 0)
