"""Questions to the store and the answers to them."""

import asyncio

import pytest

from tests.worker.room.fakes import FakeStore, storage_on
from worker.messages.storing import Deleted, DeleteSave, Listed, ListSaves, Stored, StoreRequest, StoreSave, StoreState
from worker.room.errors import StorageError
from worker.room.saves import storage as module


def listing(number: int) -> StoreRequest:
    """Make a request for a list."""
    return ListSaves(request=number, profile="p")


def saving(number: int) -> StoreRequest:
    """Make a request to store a save."""
    return StoreSave(request=number, profile="p", slot=1, data=b"x")


async def test_each_answer_finds_its_request() -> None:
    store = FakeStore()
    storage = storage_on(store)
    listed, deleted = await asyncio.gather(
        storage.ask(listing, Listed),
        storage.ask(lambda number: DeleteSave(request=number, profile="p", slot=1, version="v"), Deleted),
    )
    assert (listed.request, deleted.request) == (1, 2)


async def test_a_request_is_sent_before_its_answer_is_waited_for() -> None:
    store = FakeStore()
    answer = storage_on(store).ask(listing, Listed)
    assert len(store.asked) == 1
    await answer


async def test_what_is_stored_later_is_told_later() -> None:
    store, later = FakeStore(), list[Stored]()
    storage = storage_on(store)
    store.error, store.waiting = "The store is down.", True
    first = await storage.store(saving, later.append)
    assert first.waiting
    storage.handle_answer(Stored(request=first.request, error="Still down.", waiting=True))
    storage.handle_answer(Stored(request=first.request, version="v1"))
    storage.handle_answer(Stored(request=first.request, version="v2"))
    assert [answer.version for answer in later] == ["", "v1"]


async def test_an_answer_of_another_kind_and_one_that_nobody_waits_for() -> None:
    store = FakeStore()
    storage = storage_on(store)
    with pytest.raises(StorageError, match="can't be understood"):
        await storage.ask(listing, Deleted)
    storage.handle_answer(Deleted(request=99))


async def test_a_store_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.0)
    store = FakeStore()
    store.silent = True
    with pytest.raises(StorageError, match="does not answer"):
        await storage_on(store).ask(listing, Listed)


async def test_trouble_is_told_when_it_changes() -> None:
    storage, told = storage_on(FakeStore()), list[str]()
    storage.on_trouble = told.append
    for message in ("Slow.", "Slow.", ""):
        storage.handle_answer(StoreState(message=message))
    assert told == ["Slow.", ""]
    assert storage.trouble == ""
