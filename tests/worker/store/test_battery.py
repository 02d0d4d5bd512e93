"""Battery memory: read back as written; two rooms keep both; the file of an earlier release is taken over."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.worker.stand_ins.rooms import until
from tests.worker.store.keepers import ADA, BEN, GAME, Room, eventually, make_store, packed
from tests.worker.store.servers import FaultyProxy
from worker.messages.storing import Snapshot, StoreBattery, Stored
from worker.store.battery import TIDY_AFTER
from worker.store.context import Owner
from worker.store.naming import keys
from worker.store.naming.versions import KEEP, parse
from worker.store.objects import Entry, Objects, open_store
from worker.store.version_folder import VersionFolder


class HeldUp(Objects):
    """A store whose lists and new objects wait at gates of their own, which are open at first."""

    def __init__(self) -> None:
        super().__init__(open_store("memory://", {}), lambda *_: None)
        self.lists = self.creations = 0
        """How many were begun."""
        self.may_list, self.may_create = asyncio.Event(), asyncio.Event()
        self.may_list.set()
        self.may_create.set()

    async def list(self, folder: str) -> Sequence[Entry]:
        self.lists += 1
        await self.may_list.wait()
        return []

    async def create(self, name: str, data: bytes, *, durable: bool = True) -> None:
        self.creations += 1
        await self.may_create.wait()


async def put(room: Room, memory: bytes, request: int = 1) -> Stored:
    room.keeper.handle(StoreBattery(request=request, data=memory))
    return await room.answer(Stored)


async def snapshot(room: Room) -> None:
    room.keeper.handle(Snapshot(data=packed("state"), frame=1))
    await room.keeper._backups.queue.empty()


async def read(objects: Objects, profile: str = ADA) -> bytes | None:
    return (await Room(make_store(objects), profile).keeper.begin(resume=False)).battery


async def test_a_new_game_has_no_memory(objects: Objects) -> None:
    assert await read(objects) is None


async def test_stored_memory_comes_back_on_any_worker_to_its_profile_alone(objects: Objects) -> None:
    room = Room(make_store(objects))
    await room.keeper.begin(resume=False)
    assert (await put(room, b"one")).version
    assert (await put(room, b"two")).version
    assert await read(objects) == b"two"
    assert await read(objects, BEN) is None
    assert await read(objects, "") is None


async def test_without_a_profile_it_is_everybody_s_who_has_none(objects: Objects) -> None:
    room = Room(make_store(objects), "")
    assert (await put(room, b"one")).version
    assert await read(objects, "") == b"one"


async def test_a_waiting_memory_is_replaced_and_both_are_answered(objects: Objects) -> None:
    room = Room(make_store(objects))
    for request in range(4):
        room.keeper.handle(StoreBattery(request=request, data=str(request).encode()))
    answers = [await room.answer(Stored) for _ in range(4)]
    assert sorted(answer.request for answer in answers) == [0, 1, 2, 3]
    assert all(answer.version for answer in answers)
    assert len({answer.version for answer in answers}) == 2
    assert await read(objects) == b"3"


async def test_two_rooms_keep_both_what_they_wrote(objects: Objects) -> None:
    one, two = Room(make_store(objects)), Room(make_store(objects))
    await put(one, b"before")
    await two.keeper.begin(resume=False)
    first, second = await put(one, b"of one"), await put(two, b"of two")
    history = await VersionFolder(objects, keys.battery(ADA, GAME)).history()
    assert history.heads == sorted([parse(first.version), parse(second.version)])  # type: ignore[type-var]
    assert await read(objects) in (b"of one", b"of two")


@pytest.mark.parametrize("elsewhere", [True, False], ids=["another-worker", "same-worker"])
async def test_a_room_that_goes_on_hides_nothing_that_another_wrote_meanwhile(
    objects: Objects, elsewhere: bool
) -> None:
    store = make_store(objects)
    one, two = Room(store, room="one"), Room(store, room="two")
    await put(one, b"before")
    await two.keeper.begin(resume=False)
    await snapshot(one)
    of_two = await put(two, b"of two")
    again = Room(make_store(objects) if elsewhere else store, room="one")
    assert (await again.keeper.begin(resume=True)).snapshot is not None
    of_one = await put(again, b"of one")
    history = await VersionFolder(objects, keys.battery(ADA, GAME)).history()
    assert list(map(str, history.heads)) == sorted([of_two.version, of_one.version])


async def test_a_room_that_began_without_its_memory_still_knows_so_when_it_goes_on(
    faulty_objects: Objects, proxy: FaultyProxy
) -> None:
    await put(Room(make_store(faulty_objects)), b"a hundred hours")
    await proxy.down()
    room = Room(make_store(faulty_objects))
    assert (await room.keeper.begin(resume=False)).battery is None
    await proxy.up()
    await snapshot(room)
    again = Room(make_store(faulty_objects))
    await again.keeper.begin(resume=True)
    await put(again, b"five minutes")
    assert await read(faulty_objects) == b"a hundred hours"


async def test_old_versions_are_let_go_when_the_room_is(objects: Objects) -> None:
    room = Room(make_store(objects))
    for number in range(KEEP + 3):
        await put(room, bytes([number]))
    await room.keeper.settle(over=True)
    assert len((await VersionFolder(objects, keys.battery(ADA, GAME)).history()).versions) == KEEP


async def test_a_game_that_writes_all_the_time_does_not_fill_the_store(objects: Objects) -> None:
    room = Room(make_store(objects))
    for number in range(3 * TIDY_AFTER):
        await put(room, bytes([number]))

    async def is_tidy() -> bool:
        return len(await objects.list("battery/")) < TIDY_AFTER + KEEP

    await eventually(is_tidy)
    assert await read(objects) == bytes([3 * TIDY_AFTER - 1])


async def test_a_write_that_ends_in_the_same_moment_as_a_tidying_begins_the_next() -> None:
    objects = HeldUp()
    room = Room(make_store(objects))
    await until(lambda: objects.lists == 1)  # the saves of its player, who enters
    objects.may_list.clear()
    for number in range(2 * TIDY_AFTER - 1):
        await put(room, bytes([number]))
    assert objects.lists == 2  # the tidying that is under way
    objects.may_create.clear()
    begun = objects.creations
    room.keeper.handle(StoreBattery(request=1, data=b"last"))
    await until(lambda: objects.creations == begun + 1)
    objects.may_list.set()  # the loop goes on with the tidying, with the write, and then calls their done callbacks
    objects.may_create.set()
    await room.answer(Stored)
    await until(lambda: objects.lists == 3)


async def test_a_damaged_memory_makes_room_for_the_one_before(objects: Objects) -> None:
    room = Room(make_store(objects))
    await put(room, b"good")
    version = parse((await put(room, b"bad")).version)
    name = f"{keys.battery(ADA, GAME)}{version}"
    record = await objects.read(name)
    assert record is not None
    await objects.delete(name)
    await objects.create(name, record[:-1])
    assert await read(objects) == b"good"


async def test_the_file_of_an_earlier_release_is_read_while_the_store_has_none(
    objects: Objects, tmp_path: Path
) -> None:
    owner = Owner(room="r", game=GAME, profile=ADA, legacy_battery=tmp_path / "Duel.srm")
    assert (await Room(make_store(objects), owner=owner).keeper.begin(resume=False)).battery is None
    (tmp_path / "Duel.srm").write_bytes(b"from before")
    room = Room(make_store(objects), owner=owner)
    assert (await room.keeper.begin(resume=False)).battery == b"from before"
    await put(room, b"newer")
    assert (await Room(make_store(objects), owner=owner).keeper.begin(resume=False)).battery == b"newer"


async def test_a_game_begins_without_the_memory_while_the_store_is_down_and_hides_nothing(
    faulty_objects: Objects, proxy: FaultyProxy
) -> None:
    await put(Room(make_store(faulty_objects)), b"a hundred hours")
    await proxy.down()
    room = Room(make_store(faulty_objects))
    assert (await room.keeper.begin(resume=False)).battery is None
    waiting = await put(room, b"five minutes")
    assert waiting.waiting
    assert waiting.error.startswith("The game's own save could not be stored yet: the store can't be reached.")
    await proxy.up()
    assert (await room.answer(Stored)).version
    await put(room, b"six minutes")
    assert await read(faulty_objects) == b"a hundred hours"
    history = await VersionFolder(faulty_objects, keys.battery(ADA, GAME)).history()
    assert len(history.heads) == 2


@pytest.mark.parametrize("swallow", [True, False], ids=["answer-lost", "broken-off"])
async def test_what_is_confirmed_is_there_whatever_broke(
    faulty_objects: Objects, proxy: FaultyProxy, swallow: bool
) -> None:
    room = Room(make_store(faulty_objects))
    await put(room, b"one")
    proxy.swallow_answers, proxy.break_after = swallow, None if swallow else 100
    assert (await put(room, b"two")).waiting
    proxy.swallow_answers, proxy.break_after = False, None
    assert (await room.answer(Stored)).version
    assert await read(faulty_objects) == b"two"
    assert len((await VersionFolder(faulty_objects, keys.battery(ADA, GAME)).history()).heads) == 1
