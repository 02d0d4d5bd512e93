"""The worker's store: rooms that are gone, the end of the worker, and snapshots that nobody came back to."""

import asyncio
from datetime import timedelta

import pytest

from tests.worker.store.keepers import ADA, GAME, ROOM, Clock, Room, eventually, make_store, packed
from tests.worker.store.servers import FaultyProxy
from worker.messages.storing import AUTO_SLOT, Snapshot, Stored, StoreSave
from worker.store.objects import Objects
from worker.store.snapshots import Snapshots
from worker.store.store import Store
from worker.store.timeouts import Timeouts

AUTOSAVE = StoreSave(request=1, profile=ADA, slot=AUTO_SLOT, data=packed("auto"))


async def test_what_rooms_handed_in_before_the_end_is_stored(objects: Objects) -> None:
    store = make_store(objects)
    room = Room(store)
    room.keeper.handle(Snapshot(data=packed("one"), frame=1))
    room.keeper.handle(AUTOSAVE)
    assert store.waiting_bytes > 0
    store.release(room.keeper, over=False)
    await store.flush(60)
    assert store.waiting_bytes == 0
    assert await Snapshots(objects).newest(ROOM, GAME) is not None
    assert len(await objects.list("saves/")) == 1


async def test_a_room_that_is_over_leaves_its_saves_alone(objects: Objects) -> None:
    store = make_store(objects)
    room = Room(store)
    room.keeper.handle(Snapshot(data=packed("one"), frame=1))
    room.keeper.handle(AUTOSAVE)
    store.release(room.keeper, over=True)
    await store.flush(60)
    assert await objects.list("rooms/") == []
    assert len(await objects.list("saves/")) == 1


async def test_the_end_waits_no_longer_than_it_may_and_says_what_is_lost(
    faulty_objects: Objects, proxy: FaultyProxy, caplog: pytest.LogCaptureFixture
) -> None:
    store = make_store(faulty_objects)
    room = Room(store)
    proxy.hold = asyncio.Event()
    room.keeper.handle(AUTOSAVE)
    store.release(room.keeper, over=False)
    await store.flush(0.05)
    assert "of a room that is gone could not be stored" in caplog.text
    assert store.waiting_bytes == 0


async def test_a_room_that_is_gone_is_given_up_after_a_while(faulty_objects: Objects, proxy: FaultyProxy) -> None:
    store = make_store(faulty_objects, timeouts=Timeouts(linger=0.05))
    room = Room(store)
    await proxy.down()
    room.keeper.handle(AUTOSAVE)
    store.release(room.keeper, over=False)

    async def given_up() -> bool:
        return store.waiting_bytes == 0

    await eventually(given_up)


async def test_a_worker_that_holds_too_much_refuses_more(
    faulty_objects: Objects, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.store.store.MAX_WAITING_BYTES", 100)
    room = Room(make_store(faulty_objects))
    proxy.hold = asyncio.Event()
    room.keeper.handle(AUTOSAVE)
    room.keeper.handle(StoreSave(request=2, profile=ADA, slot=1, data=packed("more")))
    refused = await room.answer(Stored)
    assert (refused.request, refused.version, refused.waiting) == (2, "", False)


async def test_old_snapshots_expire_by_themselves(objects: Objects) -> None:
    room = Room(make_store(objects))
    room.keeper.handle(Snapshot(data=packed("one"), frame=1))
    await room.keeper.settle(over=False)
    far_away = Clock(4_000_000_000.0)
    store = Store(objects, keep=timedelta(days=7), now=far_away)
    expiring = asyncio.create_task(store.expire())

    async def gone() -> bool:
        return not await objects.list("rooms/")

    await eventually(gone)
    expiring.cancel()
    await asyncio.wait((expiring,))


async def test_a_store_that_does_not_work_is_said_at_the_start(
    faulty_objects: Objects, proxy: FaultyProxy, caplog: pytest.LogCaptureFixture
) -> None:
    await proxy.down()
    expiring = asyncio.create_task(make_store(faulty_objects).expire())

    async def said() -> bool:
        return "nothing can be saved at the moment: the store can't be reached (GenericError, Connect)" in caplog.text

    await eventually(said)
    expiring.cancel()
    await asyncio.wait((expiring,))
