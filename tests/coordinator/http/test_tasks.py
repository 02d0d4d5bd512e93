"""The owner of background tasks."""

import asyncio

import pytest

from coordinator.http.tasks import BackgroundTasks


@pytest.fixture
async def tasks():
    tasks = BackgroundTasks()
    yield tasks
    await tasks.close()


async def test_a_task_runs_under_its_name(tasks):
    done = asyncio.Event()

    async def work():
        done.set()

    task = tasks.spawn(work(), "the work")

    await task
    assert task.get_name() == "the work"
    assert done.is_set()


async def test_a_failure_is_logged_with_the_name(tasks, caplog):
    async def fail():
        raise OSError("no disk")

    task = tasks.spawn(fail(), "the writer")
    await asyncio.wait([task])

    assert "the writer failed" in caplog.text
    assert "no disk" in caplog.text


async def test_close_ends_every_task_and_waits_for_it(tasks, caplog):
    ended = []

    async def wait(number):
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    for number in range(3):
        tasks.spawn(wait(number), f"number {number}")
    await asyncio.sleep(0)  # each has begun

    await tasks.close()

    assert sorted(ended) == [0, 1, 2]
    assert caplog.text == ""


async def test_a_cancelled_task_is_no_failure(tasks, caplog):
    task = tasks.spawn(asyncio.Event().wait(), "the wait")

    tasks.cancel()

    await asyncio.wait([task])
    assert task.cancelled()
    assert caplog.text == ""
