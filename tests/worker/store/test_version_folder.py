"""A slot's versions on each kind of store."""

from tests.worker.store.servers import FaultyProxy
from worker.store.naming.versions import KEEP, Version, after
from worker.store.objects import Objects
from worker.store.version_folder import VersionFolder

FOLDER = "saves/somebody/some game/01/"


def record_of(version: Version) -> bytes:
    return str(version).encode()


async def fill(folder: VersionFolder, count: int) -> list[Version]:
    versions: list[Version] = []
    for number in range(count):
        versions.append(after(versions[-1] if versions else None, number, bytes(4)))
        await folder.add(versions[-1], record_of(versions[-1]))
    return versions


async def test_versions_are_added_listed_and_read(objects: Objects) -> None:
    folder = VersionFolder(objects, FOLDER)
    assert (await folder.history()).newest is None
    versions = await fill(folder, 2)
    await VersionFolder(objects, "saves/somebody/some game/10/").add(versions[0], b"of another slot")
    history = await folder.history()
    assert history.versions == versions
    assert [await folder.read(version) for version in versions] == [record_of(version) for version in versions]
    assert await folder.read(after(None, 99, bytes(4))) is None


async def test_tidying_leaves_the_newest_and_the_heads(objects: Objects) -> None:
    folder = VersionFolder(objects, FOLDER)
    versions = await fill(folder, KEEP + 3)
    head = after(versions[0], 1, b"head")
    await folder.add(head, b"another room's")
    await folder.tidy()
    history = await folder.history()
    assert history.versions == sorted([head, *versions[-KEEP:]])[-KEEP - 1 :]
    assert set(history.heads) == {head, versions[-1]}


async def test_a_deleted_version_is_gone_and_the_one_before_it_is_the_newest(objects: Objects) -> None:
    folder = VersionFolder(objects, FOLDER)
    first, second, third = await fill(folder, 3)
    await folder.delete(second)
    assert (await folder.history()).heads == [third]
    await folder.delete(third)
    history = await folder.history()
    assert (history.versions, history.newest) == ([first], first)
    assert await folder.read(third) is None
    await folder.delete(first)
    assert (await folder.history()).versions == []
    assert await objects.list(FOLDER) == []


async def test_tidying_a_store_that_is_down_is_left_for_later(faulty_objects: Objects, proxy: FaultyProxy) -> None:
    folder = VersionFolder(faulty_objects, FOLDER)
    versions = await fill(folder, KEEP + 1)
    await proxy.down()
    await folder.tidy()
    await proxy.up()
    assert (await folder.history()).versions == versions
    await folder.tidy()
    assert (await folder.history()).versions == versions[1:]


async def test_other_objects_in_the_folder_are_left_alone(objects: Objects) -> None:
    await objects.create(f"{FOLDER}notes", b"an operator's")
    folder = VersionFolder(objects, FOLDER)
    await fill(folder, KEEP + 1)
    await folder.tidy()
    assert await objects.read(f"{FOLDER}notes") == b"an operator's"
