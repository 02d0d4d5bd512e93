"""Saves in and out of a game that runs, with a store in memory."""

import asyncio
from pathlib import Path

import pytest

from tests.worker.room.fakes import FakeStore, order, playing, storage_on
from worker.formats.savestate import pack, unpack
from worker.libretro import CoreError
from worker.messages.storing import AUTO_SLOT, StoreSave
from worker.room.errors import SlotError, StorageError
from worker.room.saves import slots as module
from worker.room.saves.slots import Slots


def ignore(answer: object) -> None:
    """Take a second answer, which is not expected."""


def seed(store: FakeStore, data: bytes, slot: int = 1, profile: str = "p") -> None:
    """Put a save into the store."""
    save = StoreSave(request=0, profile=profile, slot=slot, data=data)
    store.saves.append((profile, slot, f"v{len(store.saves):04}", save))


async def test_a_save_is_the_game_with_its_picture_and_follows_what_was_there(tmp_path: Path) -> None:
    async with playing(order(tmp_path)) as emulator:
        store = FakeStore()
        slots = Slots(emulator, storage_on(store))
        seed(store, pack(b"older", "Echo", "1.0"))
        await slots.list_saves("p")
        assert (await slots.save("p", 1, ignore)).version == "v0001"
        assert (await slots.save("p", 1, ignore)).version == "v0002"
        first, second = (save for *_, save in store.saves[1:])
        assert (first.based_on, second.based_on) == ("v0000", "v0001")
        header, state = unpack(first.data)
        assert (header.core, len(state)) == ("Echo", 8)
        assert first.thumbnail.startswith(b"\xff\xd8")


async def test_a_load_takes_the_game_back(tmp_path: Path) -> None:
    async with playing(order(tmp_path)) as emulator:
        store = FakeStore()
        slots = Slots(emulator, storage_on(store))
        seed(store, pack((1 << 30).to_bytes(8, "little"), "Echo", "1.0"))
        assert await slots.load("p", 1, "") == ""
        state = await asyncio.wrap_future(emulator.ask(lambda core: core.serialize()))
        assert int.from_bytes(state[:4], "little") >= 1 << 30


async def test_a_state_of_another_core_is_tried_and_its_refusal_loses_nothing(tmp_path: Path) -> None:
    async with playing(order(tmp_path)) as emulator:
        store = FakeStore()
        slots = Slots(emulator, storage_on(store))
        seed(store, pack(bytes(8), "Other", "9"), slot=1)
        seed(store, pack(bytes(9), "Other", "9"), slot=2)
        assert (await slots.load("p", 1, "")).startswith("The save is from Other 9, and this game runs in Echo 1.0")
        with pytest.raises(SlotError, match=r"^The save was not loaded, and the game goes on as it was: .* Other 9"):
            await slots.load("p", 2, "")


async def test_what_is_not_there_or_damaged_is_said(tmp_path: Path) -> None:
    async with playing(order(tmp_path)) as emulator:
        store = FakeStore()
        slots = Slots(emulator, storage_on(store))
        seed(store, b"junk")
        with pytest.raises(SlotError, match=r"^There is no save in this slot yet\.$"):
            await slots.load("p", 2, "")
        with pytest.raises(SlotError, match=r"^There is no such save any more\.$"):
            await slots.load("p", 1, "v9")
        with pytest.raises(SlotError, match=r"^The save can't be used: "):
            await slots.load("p", 1, "")


async def test_a_store_in_trouble_is_an_error_everywhere(tmp_path: Path) -> None:
    async with playing(order(tmp_path)) as emulator:
        store = FakeStore()
        slots = Slots(emulator, storage_on(store))
        store.error = "The store is down."
        for work in (slots.list_saves("p"), slots.load("p", 1, ""), slots.delete("p", 1, "v")):
            with pytest.raises(StorageError, match="The store is down"):
                await work
        assert (await slots.save("q", 1, ignore)).error == "The store is down."


async def test_a_save_needs_no_list_before_it(tmp_path: Path) -> None:
    async with playing(order(tmp_path)) as emulator:
        store = FakeStore()
        slots = Slots(emulator, storage_on(store))
        assert (await slots.save("p", 1, ignore)).version == "v0000"
        assert store.saves[0][3].based_on == ""


async def test_a_list_has_pictures_as_far_as_a_message_holds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with playing(order(tmp_path)) as emulator:
        store = FakeStore()
        slots = Slots(emulator, storage_on(store))
        await slots.save("p", 1, ignore)
        await slots.autosave("p")
        saves = (await slots.list_saves("p")).slots
        assert [save.slot for save in saves] == [1, AUTO_SLOT]
        assert all(save.thumbnail.startswith("data:image/jpeg;base64,") for save in saves)
        monkeypatch.setattr(module, "MAX_PICTURES", len(saves[0].thumbnail))
        assert [bool(save.thumbnail) for save in (await slots.list_saves("p")).slots] == [True, False]
        await slots.delete("p", 1, saves[0].version)
        assert store.versions(1) == []


async def test_a_core_without_states_says_so(tmp_path: Path) -> None:
    async with playing(order(tmp_path, "changes")) as emulator:
        with pytest.raises(CoreError, match="can't save"):
            await Slots(emulator, storage_on(FakeStore())).save("p", 1, ignore)


async def test_a_state_that_is_too_large_to_be_kept_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_STATE_BYTES", 1)
    async with playing(order(tmp_path)) as emulator:
        store = FakeStore()
        with pytest.raises(SlotError, match=r"larger than the .* Export it\.$"):
            await Slots(emulator, storage_on(store)).save("p", 1, ignore)
        assert store.asked == []
