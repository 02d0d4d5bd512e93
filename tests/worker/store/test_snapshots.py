"""Snapshots: the newest wins, whoever writes it when, and old ones go."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.worker.store.servers import FaultyProxy
from worker.formats import savestate
from worker.store.errors import StoreError
from worker.store.naming import keys, records
from worker.store.naming.keys import SnapshotId
from worker.store.naming.records import Backup
from worker.store.naming.versions import Base
from worker.store.objects import Objects
from worker.store.snapshots import Snapshots

ROOM = "a room"
GAME = "0123456789abcdef"


def state(text: str) -> bytes:
    return savestate.pack(text.encode(), "core", "1")


def backup(text: str) -> Backup:
    return Backup(state(text), Base())


def record(text: str) -> bytes:
    return records.snapshot(backup(text), GAME, 1, 1)


async def test_a_room_without_snapshots_has_none(objects: Objects) -> None:
    snapshots = Snapshots(objects)
    assert await snapshots.newest(ROOM, GAME) is None
    await snapshots.add("another room", SnapshotId(1, 1), record("other"))
    assert await snapshots.newest(ROOM, GAME) is None


async def test_what_an_older_process_writes_late_is_never_the_newest(objects: Objects) -> None:
    snapshots = Snapshots(objects)
    await snapshots.add(ROOM, SnapshotId(1, 1, 5), record("before"))
    await snapshots.add(ROOM, SnapshotId(1, 2, 0), record("after"))
    await snapshots.add(ROOM, SnapshotId(1, 1, 6), record("late"))
    assert await snapshots.newest(ROOM, GAME) == (SnapshotId(1, 2, 0), backup("after"))


async def test_a_process_drops_its_own_and_leaves_its_successor_s(objects: Objects) -> None:
    snapshots = Snapshots(objects)
    for id in (SnapshotId(1, 1, 1), SnapshotId(1, 1, 2), SnapshotId(1, 2, 0)):
        await snapshots.add(ROOM, id, record(str(id)))
    await snapshots.drop(ROOM, SnapshotId(1, 1, 1))
    assert await snapshots.ids(ROOM) == [SnapshotId(1, 1, 2), SnapshotId(1, 2, 0)]
    await snapshots.drop_until(ROOM, SnapshotId(1, 1, 9))
    assert await snapshots.ids(ROOM) == [SnapshotId(1, 2, 0)]


async def test_a_damaged_snapshot_makes_room_for_the_one_before(objects: Objects) -> None:
    snapshots = Snapshots(objects)
    await snapshots.add(ROOM, SnapshotId(1, 1), record("good"))
    await objects.create(f"{keys.room(ROOM)}{SnapshotId(1, 2)}", record("bad")[:-1])
    assert await snapshots.newest(ROOM, GAME) == (SnapshotId(1, 1), backup("good"))
    assert await snapshots.newest(ROOM, "f" * 16) is None


async def test_old_snapshots_of_all_rooms_expire(objects: Objects) -> None:
    snapshots = Snapshots(objects)
    await snapshots.add(ROOM, SnapshotId(1, 1), record("one"))
    await snapshots.add("another room", SnapshotId(1, 1), record("two"))
    await objects.create("saves/kept", b"for good")
    now = datetime.now(UTC)
    assert await snapshots.expire(now, timedelta(days=7)) == 0
    assert await snapshots.expire(now + timedelta(days=8), timedelta(days=7)) == 2
    assert await snapshots.newest(ROOM, GAME) is None
    assert await objects.read("saves/kept") == b"for good"


async def test_a_snapshot_is_there_on_another_worker(s3_objects: Objects, faulty_objects: Objects) -> None:
    await Snapshots(s3_objects).add(ROOM, SnapshotId(1, 1), record("one"))
    assert await Snapshots(s3_objects).newest(ROOM, GAME) == (SnapshotId(1, 1), backup("one"))
    assert await Snapshots(faulty_objects).newest(ROOM, GAME) is None


async def test_a_store_that_is_down_is_no_room_without_snapshots(faulty_objects: Objects, proxy: FaultyProxy) -> None:
    await proxy.down()
    with pytest.raises(StoreError):
        await Snapshots(faulty_objects).newest(ROOM, GAME)
