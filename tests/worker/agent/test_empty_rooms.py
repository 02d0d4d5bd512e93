from hypothesis import given
from hypothesis import strategies as st

from worker.agent.empty_rooms import DEFAULT_GRACE, EmptyRooms


def test_a_room_is_over_when_it_was_empty_long_enough() -> None:
    empty_rooms = EmptyRooms()
    assert empty_rooms.expired([("r1", False), ("r2", True)], 5.0) == []
    assert empty_rooms.expired([("r1", False), ("r2", False)], 4.9 + DEFAULT_GRACE) == []
    assert empty_rooms.expired([("r1", False), ("r2", False)], 5.0 + DEFAULT_GRACE) == ["r1"]


def test_somebody_who_was_there_meanwhile_starts_it_anew() -> None:
    empty_rooms = EmptyRooms()
    empty_rooms.seconds = 10.0
    empty_rooms.expired([("r1", False)], 0.0)
    empty_rooms.expired([("r1", True)], 5.0)
    assert empty_rooms.expired([("r1", False)], 12.0) == []
    assert empty_rooms.expired([("r1", False)], 22.0) == ["r1"]


def test_a_coordinator_starts_it_anew() -> None:
    empty_rooms = EmptyRooms()
    empty_rooms.seconds = 10.0
    empty_rooms.expired([("r1", False)], 0.0)
    empty_rooms.restart()
    assert empty_rooms.expired([("r1", False)], 12.0) == []


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.booleans())))
def test_nobody_is_put_out(looks: list[dict[str, bool]]) -> None:
    empty_rooms = EmptyRooms()
    empty_rooms.seconds = 2.0
    for now, rooms in enumerate(looks):
        assert not any(rooms[room] for room in empty_rooms.expired(rooms.items(), float(now)))
