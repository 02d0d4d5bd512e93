"""A keeper hands what a room asks for to the right place, and says how the store does."""

import asyncio
from dataclasses import replace

from tests.worker.store.keepers import ADA, BEN, QUICK, Room, make_store, packed
from tests.worker.store.servers import FaultyProxy
from worker.messages.storing import (
    Deleted,
    DeleteSave,
    Fetched,
    FetchSave,
    Listed,
    ListSaves,
    Snapshot,
    StoreBattery,
    Stored,
    StoreSave,
    StoreState,
)
from worker.store.keeper import NO_BATTERY, NO_SNAPSHOT, Beginning
from worker.store.naming.keys import ROOMS
from worker.store.objects import Objects


async def test_each_request_has_its_answer(objects: Objects) -> None:
    room = Room(make_store(objects))
    assert await room.keeper.begin(resume=False) == Beginning(None, None)
    room.keeper.handle(Snapshot(data=packed("one"), frame=1))
    room.keeper.handle(StoreBattery(request=1, data=b"memory"))
    assert (await room.answer(Stored)).request == 1
    room.keeper.handle(StoreSave(request=2, profile=ADA, slot=0, data=packed("one")))
    stored = await room.answer(Stored)
    assert stored.request == 2
    room.keeper.handle(ListSaves(request=3, profile=ADA))
    assert [save.slot for save in (await room.answer(Listed)).saves] == [0]
    room.keeper.handle(FetchSave(request=4, profile=ADA, slot=0))
    assert (await room.answer(Fetched)).data == packed("one")
    room.keeper.handle(DeleteSave(request=5, profile=ADA, slot=0, version=stored.version))
    assert (await room.answer(Deleted)).request == 5
    assert await room.keeper.begin(resume=True) == Beginning(packed("one"), b"memory")


async def test_saves_of_everybody_in_the_room_are_their_own(objects: Objects) -> None:
    room = Room(make_store(objects))
    room.keeper.enter(BEN)
    room.keeper.handle(StoreSave(request=1, profile=BEN, slot=0, data=packed("Ben's")))
    assert (await room.answer(Stored)).version
    room.keeper.handle(FetchSave(request=2, profile=ADA, slot=0))
    assert (await room.answer(Fetched)).data is None


async def test_the_room_is_told_once_that_the_store_is_down_and_once_that_it_is_up(
    faulty_objects: Objects, proxy: FaultyProxy
) -> None:
    room = Room(make_store(faulty_objects))
    await proxy.down()
    room.keeper.handle(Snapshot(data=packed("one"), frame=1))
    assert (await room.answer(StoreState)).message.startswith("Nothing can be saved at the moment")
    room.keeper.handle(StoreBattery(request=1, data=b"memory"))
    assert (await room.answer(Stored)).waiting
    assert room.keeper.size > 0
    await proxy.up()
    await room.keeper.settle(over=False)
    assert room.keeper.size == 0
    said = [answer for answer in room.drain() if isinstance(answer, StoreState)]
    assert said == [StoreState(message="")]


async def test_what_is_abandoned_is_given_up(faulty_objects: Objects, proxy: FaultyProxy) -> None:
    room = Room(make_store(faulty_objects))
    proxy.hold = asyncio.Event()
    room.keeper.handle(StoreSave(request=1, profile=ADA, slot=0, data=packed("one")))
    room.keeper.handle(StoreBattery(request=2, data=b"memory"))
    room.keeper.handle(Snapshot(data=packed("one"), frame=1))
    room.keeper.abandon()
    assert room.keeper.size == 0


async def test_that_a_room_cannot_go_on_is_said(objects: Objects) -> None:
    room = Room(make_store(objects))
    assert (await room.keeper.begin(resume=True)).words == NO_SNAPSHOT
    room.keeper.handle(Snapshot(data=packed("one"), frame=1))
    await room.keeper.settle(over=False)
    (stored,) = await objects.list(ROOMS)
    record = await objects.read(stored.name)
    assert record is not None
    await objects.delete(stored.name)
    await objects.create(stored.name, record[:-1])
    assert await Room(make_store(objects)).keeper.begin(resume=True) == Beginning(None, None, NO_SNAPSHOT)


async def test_that_a_game_begins_without_its_battery_memory_is_said_and_is_no_lasting_trouble(
    faulty_objects: Objects, proxy: FaultyProxy
) -> None:
    store = make_store(faulty_objects, timeouts=replace(QUICK, open=0.0))
    assert await Room(store).keeper.begin(resume=False) == Beginning(None, None, NO_BATTERY)
    room = Room(store)
    room.keeper.handle(Snapshot(data=packed("one"), frame=1))
    await room.keeper.settle(over=False)
    assert await room.keeper.begin(resume=True) == Beginning(packed("one"), None), "which has the memory in it"
    assert room.drain() == []
