from coordinator.messages import Frozen, Holding, Keep, RoomClosed
from worker.agent import held_rooms
from worker.agent.held_rooms import Notebook

END = RoomClosed(room="r1", code="core_crashed", message="It crashed.")


def test_rooms_come_with_what_was_last_kept_of_them() -> None:
    book = Notebook()
    book.keep(Keep(room="r1", record="old"))
    book.keep(Keep(room="r1", record="new"))
    assert book.introduction([("r1", {"v2", "v1"})]) == [Holding(room="r1", record="new", viewers=("v1", "v2"))]


def test_a_room_of_which_nothing_was_kept_is_nobodys() -> None:
    assert Notebook().introduction([("r1", ())]) == []


def test_an_end_that_was_heard_is_forgotten() -> None:
    book = Notebook()
    book.keep(Keep(room="r1", record="record"))
    book.ended(END, heard=True)
    assert book.introduction([]) == []


def test_an_end_that_was_missed_is_told_with_its_room_until_it_is_heard() -> None:
    book = Notebook()
    for room in ("r1", "r2"):
        book.keep(Keep(room=room, record="record"))
    book.ended(END, heard=False)
    book.ended(Frozen(room="r2"), heard=False)
    told = [Holding(room="r1", record="record"), END, Holding(room="r2", record="record"), Frozen(room="r2")]
    assert book.introduction([]) == told
    assert book.introduction([]) == told
    book.heard()
    assert book.introduction([]) == []


def test_not_more_ends_are_kept_than_anybody_wants() -> None:
    book = Notebook()
    for number in range(held_rooms.MAX_MISSED + 5):
        book.keep(Keep(room=f"r{number}", record="record"))
        book.ended(RoomClosed(room=f"r{number}", code="closed", message=""), heard=False)
    assert len(book.introduction([])) == 2 * held_rooms.MAX_MISSED
