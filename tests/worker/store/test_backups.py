"""A room's snapshots: the newest is there when it is needed, and never costs the room anything."""

import asyncio

import pytest

from tests.worker.store.keepers import ADA, GAME, ROOM, Clock, Room, eventually, make_store, packed, text_of
from tests.worker.store.servers import FaultyProxy
from worker.messages.storing import FinalSnapshot, Snapshot, StoreState
from worker.store.context import Owner
from worker.store.errors import StoreError
from worker.store.objects import Objects
from worker.store.snapshots import Snapshots
from worker.store.timeouts import Timeouts


def snapshot(text: str) -> Snapshot:
    return Snapshot(data=packed(text), frame=1)


async def stored_is(objects: Objects, text: str) -> bool:
    found = await Snapshots(objects).newest(ROOM, GAME)
    return found is not None and text_of(found[1].state) == text


async def test_a_new_room_has_nothing_to_go_on_from(objects: Objects) -> None:
    room = Room(make_store(objects))
    assert (await room.keeper.begin(resume=True)).snapshot is None


async def test_any_worker_goes_on_from_the_newest(objects: Objects) -> None:
    room = Room(make_store(objects))
    await room.keeper.begin(resume=False)
    for number in range(5):
        room.keeper.handle(snapshot(str(number)))
    await eventually(lambda: stored_is(objects, "4"))
    other = Room(make_store(objects))
    assert text_of((await other.keeper.begin(resume=True)).snapshot) == "4"


async def test_old_snapshots_are_deleted_those_before_the_move_too(objects: Objects) -> None:
    room = Room(make_store(objects))
    for number in range(3):
        room.keeper.handle(snapshot(str(number)))
        await room.keeper._backups.queue.empty()
    other = Room(make_store(objects))
    await other.keeper.begin(resume=True)
    other.keeper.handle(snapshot("new"))
    await eventually(lambda: stored_is(objects, "new"))

    async def one_is_left() -> bool:
        return len(await objects.list("rooms/")) == 1

    await eventually(one_is_left)


@pytest.mark.parametrize("seconds", [-86_400.0, 0.0, 86_400.0], ids=["clock-behind", "same", "clock-ahead"])
async def test_a_process_that_was_given_up_can_not_undo_its_successor(objects: Objects, seconds: float) -> None:
    old, clock = Room(make_store(objects)), Clock(1_700_000_000.0 + seconds)
    old.keeper.handle(snapshot("old"))
    await eventually(lambda: stored_is(objects, "old"))
    new = Room(make_store(objects, clock=clock))
    assert text_of((await new.keeper.begin(resume=True)).snapshot) == "old"
    new.keeper.handle(snapshot("new"))
    await eventually(lambda: stored_is(objects, "new"))
    for number in range(3):
        old.keeper.handle(snapshot(f"late {number}"))
        await old.keeper._backups.queue.empty()
    await old.keeper.settle(over=True)
    assert await stored_is(objects, "new")


async def test_the_later_opening_counts_even_where_the_earlier_process_began_later(objects: Objects) -> None:
    late = make_store(objects, clock=Clock(1_800_000_000.0))
    stale = Room(late, owner=Owner(room=ROOM, game=GAME, profile=ADA, epoch=1))
    current = Room(make_store(objects), owner=Owner(room=ROOM, game=GAME, profile=ADA, epoch=2))
    current.keeper.handle(snapshot("current"))
    await eventually(lambda: stored_is(objects, "current"))
    await stale.keeper.begin(resume=True)
    stale.keeper.handle(snapshot("stale"))
    await stale.keeper.settle(over=False)
    assert await stored_is(objects, "current")


async def test_an_orderly_end_leaves_nothing(objects: Objects) -> None:
    room = Room(make_store(objects))
    room.keeper.handle(snapshot("one"))
    await eventually(lambda: stored_is(objects, "one"))
    await room.keeper.settle(over=True)
    assert await objects.list("rooms/") == []


async def test_what_is_no_state_is_not_stored(objects: Objects) -> None:
    room = Room(make_store(objects))
    room.keeper.handle(Snapshot(data=b"no state", frame=1))
    assert room.keeper.size == 0


async def test_while_the_store_is_down_the_newest_waits_and_the_room_is_told(
    faulty_objects: Objects, proxy: FaultyProxy
) -> None:
    room = Room(make_store(faulty_objects))
    await proxy.down()
    for number in range(50):
        room.keeper.handle(snapshot(str(number)))
    told = await room.answer(StoreState)
    assert told.message.startswith("Nothing can be saved at the moment: the store can't be reached.")
    assert room.keeper.size < 3 * (len(packed("49")) + 200)
    await proxy.up()
    assert (await room.answer(StoreState)).message == ""
    await eventually(lambda: stored_is(faulty_objects, "49"))


async def test_a_room_whose_process_died_goes_on_while_the_store_is_down(
    faulty_objects: Objects, proxy: FaultyProxy
) -> None:
    store = make_store(faulty_objects)
    room = Room(store)
    await proxy.down()
    room.keeper.handle(snapshot("lost to the store"))
    store.release(room.keeper, over=False)
    again = Room(store)
    assert text_of((await again.keeper.begin(resume=True)).snapshot) == "lost to the store"


async def test_what_another_worker_stored_later_wins_over_memory(objects: Objects) -> None:
    here, elsewhere = make_store(objects), make_store(objects)
    room = Room(here)
    room.keeper.handle(snapshot("here"))
    await eventually(lambda: stored_is(objects, "here"))
    moved = Room(elsewhere)
    await moved.keeper.begin(resume=True)
    moved.keeper.handle(snapshot("elsewhere"))
    await eventually(lambda: stored_is(objects, "elsewhere"))
    assert text_of((await Room(here).keeper.begin(resume=True)).snapshot) == "elsewhere"


async def test_a_store_that_can_not_tell_is_no_new_game(faulty_objects: Objects, proxy: FaultyProxy) -> None:
    await proxy.down()
    with pytest.raises(StoreError):
        await Room(make_store(faulty_objects, timeouts=Timeouts(resume=0.1))).keeper.begin(resume=True)


async def test_a_frozen_room_may_go_when_its_last_snapshot_is_stored(objects: Objects) -> None:
    store = make_store(objects)
    room = Room(store)
    assert await room.keeper.freeze(FinalSnapshot(data=packed("last"), frame=2))
    assert await stored_is(objects, "last")
    room.keeper.moved()
    assert store._context.memory.get(ROOM, GAME) is None


async def test_a_frozen_room_stays_while_the_store_is_down(faulty_objects: Objects, proxy: FaultyProxy) -> None:
    room = Room(make_store(faulty_objects, timeouts=Timeouts(first_retry=0.01, longest_retry=0.05, freeze=0.1)))
    await proxy.down()
    assert not await room.keeper.freeze(FinalSnapshot(data=packed("last"), frame=2))
    await proxy.up()
    await eventually(lambda: stored_is(faulty_objects, "last"))


async def test_handing_in_a_snapshot_waits_for_nothing(faulty_objects: Objects, proxy: FaultyProxy) -> None:
    room = Room(make_store(faulty_objects), ADA)
    proxy.hold = asyncio.Event()
    for number in range(1000):
        room.keeper.handle(snapshot(str(number)))  # no await: the loop runs nothing else meanwhile
    assert len(room.keeper._backups.queue) == 2
