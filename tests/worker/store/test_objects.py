"""Objects on each kind of store, and what a store's faults become."""

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.worker.store.servers import BUCKET, SECRET, FaultyProxy, options
from worker.store.errors import NO_ANSWER, NO_BUCKET, UNREACHABLE, StoreError
from worker.store.objects import Objects, StoreSettingsError, open_store


async def test_objects_are_created_read_listed_and_deleted(objects: Objects) -> None:
    assert await objects.list("a/") == []
    assert await objects.read("a/1") is None
    await objects.create("a/2", b"two")
    await objects.create("a/1", b"one" * 1000)
    await objects.create("b/1", b"other")
    await objects.create("a/3", b"")
    entries = await objects.list("a/")
    assert [(entry.name, entry.size) for entry in entries] == [("a/1", 3000), ("a/2", 3), ("a/3", 0)]
    assert await objects.read("a/1") == b"one" * 1000
    assert [await objects.read_head(entry, 4) for entry in entries] == [b"oneo", b"two", b""]
    await objects.delete("a/1")
    await objects.delete("a/1")
    assert await objects.read("a/1") is None
    assert await objects.read_head(entries[0], 4) is None
    assert [entry.name for entry in await objects.list("a/")] == ["a/2", "a/3"]


async def test_creating_the_same_again_is_no_failure_and_another_is(objects: Objects) -> None:
    await objects.create("a/1", b"mine")
    await objects.create("a/1", b"mine")
    with pytest.raises(StoreError, match="failure"):
        await objects.create("a/1", b"yours")
    assert await objects.read("a/1") == b"mine"


async def test_a_store_without_conditional_writes_does(s3_port: int, open_objects: Callable[..., Objects]) -> None:
    settings = {**options(s3_port), "conditional_put": "disabled"}
    objects = open_objects(f"s3://{BUCKET}/unconditional", settings)
    await objects.create("a/1", b"mine")
    assert await objects.read("a/1") == b"mine"


async def test_an_object_that_is_too_large_is_not_read(objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    await objects.create("a/1", b"1234")
    monkeypatch.setattr("worker.store.objects.MAX_OBJECT_BYTES", 3)
    with pytest.raises(StoreError, match="failure"):
        await objects.read("a/1")


async def test_operations_are_counted(objects: Objects, operations: list[tuple[str, str]]) -> None:
    await objects.create("a/1", b"1")
    await objects.list("a/")
    await objects.read("a/1")
    await objects.delete("a/1")
    assert operations == [("put", "ok"), ("list", "ok"), ("get", "ok"), ("delete", "ok")]


async def test_a_folder_keeps_no_empty_folders(tmp_path: Path, open_objects: Callable[..., Objects]) -> None:
    objects = open_objects(tmp_path.as_uri())
    await objects.create("rooms/1/1", b"1")
    await objects.delete("rooms/1/1")
    assert os.listdir(tmp_path) == []


async def test_two_workers_may_tidy_one_folder_at_once(tmp_path: Path, open_objects: Callable[..., Objects]) -> None:
    async def work(name: str) -> None:
        objects = open_objects(tmp_path.as_uri())
        for number in range(200):
            await objects.create(f"rooms/1/{name}-{number}", b"1", durable=False)
            await objects.delete(f"rooms/1/{name}-{number}")

    await asyncio.gather(*(work(name) for name in "abcd"))
    assert os.listdir(tmp_path) == []


async def test_a_folder_that_can_not_be_written_is_said(tmp_path: Path, open_objects: Callable[..., Objects]) -> None:
    objects = open_objects(tmp_path.as_uri())
    (tmp_path / "rooms").write_text("a file in the way")
    with pytest.raises(StoreError, match="failure"):
        await objects.create("rooms/1/1", b"1")


async def test_a_store_that_is_down_is_said_and_used_again_when_it_is_up(
    faulty_objects: Objects, proxy: FaultyProxy, operations: list[tuple[str, str]]
) -> None:
    await proxy.down()
    with pytest.raises(StoreError, match=UNREACHABLE):
        await faulty_objects.create("a/1", b"1")
    await proxy.up()
    await faulty_objects.create("a/1", b"1")
    assert operations == [("put", "failed"), ("put", "ok")]


async def test_a_store_that_does_not_answer_is_said(proxy: FaultyProxy, open_objects: Callable[..., Objects]) -> None:
    objects = open_objects(f"s3://{BUCKET}/silent", options(proxy.port), seconds=0.2)
    proxy.hold = asyncio.Event()
    with pytest.raises(StoreError, match=NO_ANSWER):
        await objects.create("a/1", b"1")


async def test_a_write_that_breaks_off_leaves_nothing_or_all(faulty_objects: Objects, proxy: FaultyProxy) -> None:
    proxy.break_after = 100_000
    with pytest.raises(StoreError):
        await faulty_objects.create("a/1", bytes(1 << 20))
    proxy.break_after = None
    assert await faulty_objects.list("a/") == []


async def test_a_write_whose_answer_was_lost_is_done(faulty_objects: Objects, proxy: FaultyProxy) -> None:
    proxy.swallow_answers = True
    with pytest.raises(StoreError):
        await faulty_objects.create("a/1", b"1")
    proxy.swallow_answers = False
    await faulty_objects.create("a/1", b"1")
    assert await faulty_objects.read("a/1") == b"1"


async def test_a_slow_store_does_its_work(faulty_objects: Objects, proxy: FaultyProxy) -> None:
    proxy.delay = 0.2
    await faulty_objects.create("a/1", b"1")
    assert await faulty_objects.read("a/1") == b"1"


async def test_a_missing_bucket_is_no_missing_object(s3_port: int, open_objects: Callable[..., Objects]) -> None:
    objects = open_objects("s3://no-such-bucket/", options(s3_port))
    with pytest.raises(StoreError, match=NO_BUCKET):
        await objects.create("a/1", b"1")
    with pytest.raises(StoreError, match=NO_BUCKET):
        await objects.read("a/1")


async def test_no_failure_tells_a_secret(
    s3_port: int, open_objects: Callable[..., Objects], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    objects = open_objects("s3://no-such-bucket/", options(s3_port))
    with pytest.raises(StoreError) as failure:
        await objects.create("a/1", b"1")
    assert failure.value.detail == "FileNotFoundError, NoSuchBucket, 404"
    told = caplog.text + repr(failure.value) + str(failure.value.__cause__)
    assert SECRET not in told
    assert "AKIA" not in told


@pytest.mark.parametrize(
    ("url", "settings", "word"),
    [
        ("s3://bucket/", {"no_such_option": SECRET}, "no_such_option"),
        ("s3://bucket/", {"region": 3}, "TypeError"),
        ("ftp://bucket/", {}, "GenericError"),
        ("nonsense", {}, "ValueError"),
        ("file:///dev/null/folder", {}, "/dev/null/folder .*COINOP_WORKER_SAVES"),
    ],
)
def test_wrong_settings_are_said_in_a_sentence(url: str, settings: dict[str, str], word: str) -> None:
    with pytest.raises(StoreSettingsError, match=word) as failure:
        open_store(url, settings)
    assert SECRET not in str(failure.value)
    assert "\n" not in str(failure.value)


async def test_plain_http_needs_to_be_allowed(s3_port: int) -> None:
    objects = Objects(open_store(f"s3://{BUCKET}/", options(s3_port)), lambda *_: None)
    with pytest.raises(StoreError):
        await objects.create("a/1", b"1")
