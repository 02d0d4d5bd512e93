"""The last snapshots that a worker remembers."""

from worker.store.memory import MAX_REMEMBERED_BYTES, Memory
from worker.store.naming.keys import SnapshotId
from worker.store.naming.records import Backup
from worker.store.naming.versions import Base

ONE, TWO = Backup(b"one", Base()), Backup(b"two", Base())


def test_the_newest_of_a_room_and_game_is_remembered_until_it_is_forgotten() -> None:
    memory = Memory()
    memory.put("room", SnapshotId(1, 1, 1), "game", ONE)
    memory.put("room", SnapshotId(1, 1, 2), "game", TWO)
    assert memory.get("room", "game") == (SnapshotId(1, 1, 2), TWO)
    assert memory.get("room", "another game") is None
    memory.forget("room")
    memory.forget("room")
    assert memory.get("room", "game") is None


def test_what_is_too_much_is_forgotten_oldest_first() -> None:
    memory = Memory()
    half = bytes(MAX_REMEMBERED_BYTES // 2)
    for room in ("one", "two", "three"):
        memory.put(room, SnapshotId(1, 1), "game", Backup(half, Base()))
    assert len(memory) == 2
    assert memory.get("one", "game") is None
    memory.put("huge", SnapshotId(1, 1), "game", Backup(half * 3, Base()))
    assert len(memory) == 1
    assert memory.get("huge", "game") is not None
