from coordinator.messages import Frozen, Holding, Keep, RoomClosed
from worker.agent import held_rooms
from worker.agent.held_rooms import HeldRooms

END = RoomClosed(room="r1", code="core_crashed", message="It crashed.")


def test_rooms_come_with_what_was_last_kept_of_them() -> None:
    rooms = HeldRooms()
    rooms.keep(Keep(room="r1", record="old"))
    rooms.keep(Keep(room="r1", record="new"))
    assert rooms.introduction([("r1", {"v2", "v1"})]) == [Holding(room="r1", record="new", viewers=("v1", "v2"))]


def test_a_room_of_which_nothing_was_kept_is_nobodys() -> None:
    assert HeldRooms().introduction([("r1", ())]) == []


def test_an_end_that_was_heard_is_forgotten() -> None:
    rooms = HeldRooms()
    rooms.keep(Keep(room="r1", record="record"))
    rooms.record_end(END, delivered=True)
    assert rooms.introduction([]) == []


def test_an_end_that_was_missed_is_told_with_its_room_until_it_is_heard() -> None:
    rooms = HeldRooms()
    for room in ("r1", "r2"):
        rooms.keep(Keep(room=room, record="record"))
    rooms.record_end(END, delivered=False)
    rooms.record_end(Frozen(room="r2"), delivered=False)
    told = [Holding(room="r1", record="record"), END, Holding(room="r2", record="record"), Frozen(room="r2")]
    assert rooms.introduction([]) == told
    assert rooms.introduction([]) == told
    rooms.acknowledge()
    assert rooms.introduction([]) == []


def test_not_more_ends_are_kept_than_anybody_wants() -> None:
    rooms = HeldRooms()
    for number in range(held_rooms.MAX_MISSED + 5):
        rooms.keep(Keep(room=f"r{number}", record="record"))
        rooms.record_end(RoomClosed(room=f"r{number}", code="closed", message=""), delivered=False)
    assert len(rooms.introduction([])) == 2 * held_rooms.MAX_MISSED
