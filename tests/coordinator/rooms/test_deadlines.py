"""Deadlines by key."""

from hypothesis import given
from hypothesis import strategies as st

from coordinator.rooms.deadlines import Alarms


def test_the_first_one_is_the_next():
    alarms = Alarms()
    alarms.set("late", 9.0)
    alarms.set("early", 1.0)

    assert alarms.next() == 1.0
    assert alarms.pop(0.9) is None
    assert alarms.pop(1.0) == "early"
    assert alarms.next() == 9.0


def test_a_key_has_one_deadline():
    alarms = Alarms()
    alarms.set("key", 1.0)
    alarms.set("key", 5.0)

    assert alarms.next() == 5.0
    assert alarms.pop(9.0) == "key"
    assert alarms.pop(9.0) is None
    assert "key" not in alarms


def test_one_that_is_cancelled_is_forgotten():
    alarms = Alarms()
    alarms.set("key", 1.0)
    alarms.cancel("key")
    alarms.cancel("another")

    assert alarms.next() is None
    assert alarms.pop(9.0) is None


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.none() | st.floats(0, 100))))
def test_any_order_of_changes_leaves_what_was_said_last(changes):
    alarms, expected = Alarms(), {}
    for key, at in changes:
        if at is None:
            alarms.cancel(key)
            expected.pop(key, None)
        else:
            alarms.set(key, at)
            expected[key] = at

    assert alarms.next() == min(expected.values(), default=None)
    popped = []
    while (key := alarms.pop(200.0)) is not None:
        popped.append(key)
    assert sorted(popped) == sorted(expected)
    assert [expected[key] for key in popped] == sorted(expected.values())
