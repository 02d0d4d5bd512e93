"""Lists of saves are quick: one look at the names, and one small read for each save that is new."""

from tests.worker.store.keepers import ADA, GAME, packed
from worker.store.catalogue import Catalogue
from worker.store.naming import keys, records
from worker.store.naming.versions import Version, after
from worker.store.objects import Objects
from worker.store.version_folder import VersionFolder


async def add(objects: Objects, slot: int, parent: Version | None = None, number: int = 1) -> Version:
    version = after(parent, number, bytes(4))
    await VersionFolder(objects, keys.slot(ADA, GAME, slot)).add(
        version, records.save(packed("x" * 100_000), b"", number)
    )
    return version


async def test_what_was_read_once_is_not_read_again(objects: Objects, operations: list[tuple[str, str]]) -> None:
    catalogue = Catalogue(objects)
    first = await add(objects, 1)
    await add(objects, 2)
    operations.clear()
    _, saves = await catalogue.list_saves(ADA, GAME)
    assert len(saves) == 2
    assert sorted(kind for kind, _ in operations) == ["get", "get", "list"]
    await add(objects, 1, first)
    operations.clear()
    _, saves = await catalogue.list_saves(ADA, GAME)
    assert [save.slot for save in saves] == [1, 1, 2]
    assert sorted(kind for kind, _ in operations) == ["get", "list"]


async def test_names_that_are_no_saves_are_left_out(objects: Objects) -> None:
    version = await add(objects, 1)
    for name in ("notes", f"11/{version}", f"x/{version}", "01/notes", f"01/{version.tombstone}x"):
        await objects.create(f"{keys.saves(ADA, GAME)}{name}", b"")
    histories, saves = await Catalogue(objects).list_saves(ADA, GAME)
    assert list(histories) == [1]
    assert [save.version for save in saves] == [str(version)]
