"""Save slots as players use them: what is confirmed is there, and nobody's save is lost to another room."""

import asyncio
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.worker.store.keepers import ADA, BEN, GAME, Room, eventually, make_store, packed, text_of
from tests.worker.store.servers import BUCKET, FaultyProxy, options
from worker.messages.storing import (
    AUTO_SLOT,
    Deleted,
    DeleteSave,
    Fetched,
    FetchSave,
    Listed,
    ListSaves,
    Stored,
    StoreSave,
    StoreState,
)
from worker.store.naming.versions import KEEP, parse
from worker.store.objects import Objects, open_store
from worker.store.slots import MAX_READS, MAX_WAITING_SAVES

PNG = b"\x89PNG\r\n\x1a\n picture"


def order(text: str, *, slot: int = 1, request: int = 1, profile: str = ADA, based_on: str = "") -> StoreSave:
    return StoreSave(request=request, profile=profile, slot=slot, data=packed(text), thumbnail=PNG, based_on=based_on)


async def save(room: Room, text: str, slot: int = 1, based_on: str = "") -> str:
    room.keeper.handle(order(text, slot=slot, based_on=based_on))
    stored = await room.answer(Stored)
    assert stored.version, stored.error
    return stored.version


async def load(room: Room, slot: int = 1, version: str = "", profile: str = ADA) -> Fetched:
    room.keeper.handle(FetchSave(request=7, profile=profile, slot=slot, version=version))
    return await room.answer(Fetched)


async def shown(room: Room, profile: str = ADA) -> Listed:
    room.keeper.handle(ListSaves(request=8, profile=profile))
    return await room.answer(Listed)


async def test_a_save_is_loaded_on_any_worker(objects: Objects) -> None:
    room = Room(make_store(objects))
    assert (await load(room)).data is None
    version = await save(room, "one")
    for there in (room, Room(make_store(objects))):
        fetched = await load(there)
        assert (text_of(fetched.data), fetched.version, fetched.request) == ("one", version, 7)
        assert text_of((await load(there, version=version)).data) == "one"
        assert (await load(there, slot=2)).data is None


async def test_a_list_shows_each_slot_with_time_core_and_picture(objects: Objects) -> None:
    room = Room(make_store(objects))
    assert (await shown(room)).saves == ()
    first, second = await save(room, "one", slot=3), await save(room, "two", slot=3)
    auto = await save(room, "auto", slot=AUTO_SLOT)
    saves = (await shown(Room(make_store(objects)))).saves
    assert [(save.slot, save.version, save.head, save.conflict) for save in saves] == [
        (3, second, True, False),
        (3, first, False, False),
        (AUTO_SLOT, auto, True, False),
    ]
    assert all(
        (save.core, save.core_version, save.thumbnail, save.time) == ("core", "1.0", PNG, 1_700_000_000)
        for save in saves
    )


async def test_the_newest_five_of_a_slot_stay(objects: Objects) -> None:
    room = Room(make_store(objects))
    versions = [await save(room, str(number)) for number in range(KEEP + 2)]
    await room.keeper.settle(over=True)
    assert [save.version for save in (await shown(room)).saves] == versions[:1:-1]


async def test_two_rooms_that_save_into_one_slot_keep_both_and_say_so(objects: Objects) -> None:
    one, two = Room(make_store(objects)), Room(make_store(objects))
    await save(one, "before")
    known = (await shown(two)).saves[0].version
    first, second = await save(one, "of one"), await save(two, "of two", based_on=known)
    marked = {save.version for save in (await shown(one)).saves if save.conflict}
    assert marked == {first, second}
    assert {text_of((await load(one, version=version)).data) for version in marked} == {"of one", "of two"}


async def test_a_room_builds_on_what_its_player_found_there(objects: Objects) -> None:
    await save(Room(make_store(objects)), "yesterday")
    room = Room(make_store(objects))
    await save(room, "today")
    assert [save.conflict for save in (await shown(room)).saves] == [False, False]


async def test_a_deleted_save_is_gone_and_the_one_before_it_is_the_newest(objects: Objects) -> None:
    room = Room(make_store(objects))
    first, second = await save(room, "one"), await save(room, "two")
    room.keeper.handle(DeleteSave(request=9, profile=ADA, slot=1, version=second))
    assert await room.answer(Deleted) == Deleted(request=9)
    assert [save.version for save in (await shown(room)).saves] == [first]
    assert text_of((await load(room)).data) == "one"
    room.keeper.handle(DeleteSave(request=10, profile=ADA, slot=1, version=second))
    assert (await room.answer(Deleted)).error == "This save is gone already."


@pytest.mark.parametrize("profile", [BEN, "", "../../etc"])
async def test_a_profile_that_never_entered_has_no_saves_here(objects: Objects, profile: str) -> None:
    room = Room(make_store(objects))
    room.keeper.handle(order("x", profile=profile))
    assert (await room.answer(Stored)).error.startswith("This browser keeps no data")
    assert (await load(room, profile=profile)).data is None
    assert (await shown(room, profile)).error.startswith("This browser keeps no data")
    room.keeper.enter(BEN)
    assert (await shown(room, BEN)).error == ""


async def test_what_is_no_state_is_refused(objects: Objects) -> None:
    room = Room(make_store(objects))
    room.keeper.handle(StoreSave(request=1, profile=ADA, slot=1, data=b"junk"))
    refused = await room.answer(Stored)
    assert (refused.version, refused.waiting) == ("", False)
    assert refused.error.startswith("The save could not be stored: it is")


async def test_a_damaged_save_is_said_listed_no_more_and_hides_nothing(objects: Objects) -> None:
    room = Room(make_store(objects))
    good = await save(room, "good")
    version = await save(room, "one")
    name = f"saves/{ADA}/{GAME}/01/{version}"
    record = await objects.read(name)
    assert record is not None
    await objects.delete(name)
    await objects.create(name, b"X" + record[1:])
    other = Room(make_store(objects))
    damaged = await load(other, version=version)
    assert damaged.error == "The save can't be used: it is of another kind or format. Load another one."
    assert (await load(other)).version == good
    assert [save.version for save in (await shown(other)).saves] == [good]


# ----- the store has faults


async def test_a_store_that_takes_two_seconds_is_no_trouble(faulty_objects: Objects, proxy: FaultyProxy) -> None:
    room = Room(make_store(faulty_objects))
    await shown(room)
    proxy.delay = 2.0
    version = await save(room, "one")
    assert text_of((await load(room, version=version)).data) == "one"
    assert [answer for answer in room.drain() if isinstance(answer, StoreState)] == []


async def test_a_save_waits_for_a_store_that_is_down_and_is_loaded_meanwhile(
    faulty_objects: Objects, proxy: FaultyProxy
) -> None:
    room = Room(make_store(faulty_objects))
    await save(room, "one")
    await proxy.down()
    room.keeper.handle(order("two"))
    waiting = await room.answer(Stored)
    assert (waiting.version, waiting.waiting) == ("", True)
    assert waiting.error.startswith("The save could not be stored yet: the store can't be reached.")
    assert text_of((await load(room)).data) == "two"
    assert (await shown(room)).error.startswith("Your saves can't be reached: the store can't be reached.")
    await proxy.up()
    version = (await room.answer(Stored)).version
    assert text_of((await load(Room(make_store(faulty_objects)), version=version)).data) == "two"


async def test_too_many_saves_that_wait_are_refused_at_once(faulty_objects: Objects, proxy: FaultyProxy) -> None:
    room = Room(make_store(faulty_objects))
    proxy.hold = asyncio.Event()
    for number in range(MAX_WAITING_SAVES + 1):
        room.keeper.handle(order(str(number), request=number))
    refused = await room.answer(Stored)
    assert (refused.request, refused.waiting) == (MAX_WAITING_SAVES, False)
    assert refused.error == "The save could not be stored: too many wait for the store already. Try again in a moment."


async def test_too_many_loads_at_a_time_are_refused(faulty_objects: Objects, proxy: FaultyProxy) -> None:
    room = Room(make_store(faulty_objects))
    proxy.hold = asyncio.Event()
    for number in range(MAX_READS + 1):
        room.keeper.handle(ListSaves(request=number, profile=ADA))
    refused = await room.answer(Listed)
    assert (refused.request, refused.error.split(".")[0]) == (
        MAX_READS,
        "The store is still busy with what you asked for before",
    )
    proxy.hold.set()
    proxy.hold = None
    assert (await room.answer(Listed)).error == ""


async def test_a_room_that_could_not_look_builds_on_what_is_there_when_it_saves(
    faulty_objects: Objects, proxy: FaultyProxy
) -> None:
    await save(Room(make_store(faulty_objects)), "before")
    await proxy.down()
    room = Room(make_store(faulty_objects))
    room.keeper.handle(order("after"))
    assert (await room.answer(Stored)).waiting
    await proxy.up()
    assert (await room.answer(Stored)).version
    assert [save.conflict for save in (await shown(room)).saves] == [False, False]


async def test_the_last_saves_of_a_room_that_is_gone_are_stored(faulty_objects: Objects, proxy: FaultyProxy) -> None:
    store = make_store(faulty_objects)
    room = Room(store)
    await proxy.down()
    room.keeper.handle(order("autosave", slot=AUTO_SLOT))
    store.release(room.keeper, over=True)
    await proxy.up()
    there = Room(make_store(faulty_objects))

    async def is_there() -> bool:
        return (await load(there, slot=AUTO_SLOT)).data is not None

    await eventually(is_there)


FAULTS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(["save", "save", "list", "swallow", "break", "mend"])),
    min_size=1,
    max_size=10,
)


@given(FAULTS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_confirmed_is_ever_missing(s3_port: int, steps: list[tuple[int, str]]) -> None:
    asyncio.run(_confirmed_is_there(s3_port, steps))


async def _confirmed_is_there(s3_port: int, steps: list[tuple[int, str]]) -> None:
    proxy = FaultyProxy(s3_port)
    await proxy.up()
    folder = f"s3://{BUCKET}/{os.urandom(8).hex()}"

    def objects(port: int) -> Objects:
        return Objects(open_store(folder, options(port), plain_http=True), lambda *_: None)

    rooms = [Room(make_store(objects(proxy.port))) for _ in range(2)]
    confirmed: list[str] = []
    for number, (which, step) in enumerate(steps):
        if step == "save":
            rooms[which].keeper.handle(order(str(number), request=number))
        elif step == "list":
            rooms[which].keeper.handle(ListSaves(request=number, profile=ADA))
        else:
            proxy.swallow_answers = step == "swallow"
            proxy.break_after = 300 if step == "break" else None
        await asyncio.sleep(0)
    proxy.swallow_answers, proxy.break_after = False, None
    for room in rooms:
        await room.keeper.settle(over=True)
        stored = [answer for answer in room.drain() if isinstance(answer, Stored)]
        confirmed += [answer.version for answer in stored if answer.version]
    await proxy.down()
    assert len(confirmed) == sum(step == "save" for _, step in steps)
    there = Room(make_store(objects(s3_port)))
    saves = (await shown(there)).saves
    newest = sorted(confirmed)[-KEEP:]
    assert {save.version for save in saves} >= set(newest)
    covered = {version.parent for name in confirmed if (version := parse(name))}
    lineages = {name for name in confirmed if (version := parse(name)) and version.id not in covered}
    assert {save.version for save in saves if save.head} == lineages
