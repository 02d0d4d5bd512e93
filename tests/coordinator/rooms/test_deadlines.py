"""Deadlines by key."""

from hypothesis import given
from hypothesis import strategies as st

from coordinator.rooms.deadlines import Deadlines


def test_the_first_one_is_the_next():
    deadlines = Deadlines()
    deadlines.set("late", 9.0)
    deadlines.set("early", 1.0)

    assert deadlines.next() == 1.0
    assert deadlines.pop(0.9) is None
    assert deadlines.pop(1.0) == "early"
    assert deadlines.next() == 9.0


def test_a_key_has_one_deadline():
    deadlines = Deadlines()
    deadlines.set("key", 1.0)
    deadlines.set("key", 5.0)

    assert deadlines.next() == 5.0
    assert deadlines.pop(9.0) == "key"
    assert deadlines.pop(9.0) is None
    assert "key" not in deadlines


def test_one_that_is_cancelled_is_forgotten():
    deadlines = Deadlines()
    deadlines.set("key", 1.0)
    deadlines.cancel("key")
    deadlines.cancel("another")

    assert deadlines.next() is None
    assert deadlines.pop(9.0) is None


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.none() | st.floats(0, 100))))
def test_any_order_of_changes_leaves_what_was_said_last(changes):
    deadlines, expected = Deadlines(), {}
    for key, at in changes:
        if at is None:
            deadlines.cancel(key)
            expected.pop(key, None)
        else:
            deadlines.set(key, at)
            expected[key] = at

    assert deadlines.next() == min(expected.values(), default=None)
    popped = []
    while (key := deadlines.pop(200.0)) is not None:
        popped.append(key)
    assert sorted(popped) == sorted(expected)
    assert [expected[key] for key in popped] == sorted(expected.values())
