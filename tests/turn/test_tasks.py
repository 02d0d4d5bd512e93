"""The owner of background tasks: references, failures in the log, and the end."""

import asyncio
import logging

import pytest

from turn.tasks import BackgroundTasks

logger = logging.getLogger("turn.owner")


async def fail() -> None:
    """Raise at once."""
    raise RuntimeError("on purpose")


async def test_a_task_runs_under_its_name_and_is_forgotten_once_it_is_done() -> None:
    async def answer() -> int:
        return 42

    tasks = BackgroundTasks(logger)
    task = tasks.spawn(answer(), "answer")
    assert task.get_name() == "answer"
    assert list(tasks) == [task]
    assert await task == 42
    assert len(tasks) == 0


async def test_a_failure_goes_to_the_owners_log_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    tasks = BackgroundTasks(logger)
    await asyncio.wait([tasks.spawn(fail(), "worrying")])
    (record,) = caplog.records
    assert (record.name, record.levelname, record.getMessage()) == ("turn.owner", "ERROR", "! worrying failed")
    assert record.exc_info is not None
    assert len(tasks) == 0


async def test_a_cancelled_task_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    tasks = BackgroundTasks(logger)
    task = tasks.spawn(asyncio.Event().wait(), "waiting")
    tasks.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert not caplog.records


async def test_closing_waits_until_each_task_has_ended() -> None:
    ended = []

    async def tidy(number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(number)

    tasks = BackgroundTasks(logger)
    for number in range(3):
        tasks.spawn(tidy(number), f"tidy {number}")
    await asyncio.sleep(0)  # a task that has not begun has nothing to tidy
    await tasks.close()
    assert sorted(ended) == [0, 1, 2]
    assert len(tasks) == 0


async def test_closing_ends_the_tasks_that_others_start_meanwhile() -> None:
    late: list[asyncio.Task[bool]] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            late.append(tasks.spawn(asyncio.Event().wait(), "late"))

    tasks = BackgroundTasks(logger)
    tasks.spawn(work(), "work")
    await asyncio.sleep(0)
    await tasks.close()
    assert late[0].cancelled()
    assert len(tasks) == 0


async def test_closing_takes_a_task_that_fails_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    async def stumble() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise RuntimeError("on purpose")

    tasks = BackgroundTasks(logger)
    tasks.spawn(stumble(), "stumbling")
    await asyncio.sleep(0)
    await tasks.close()
    assert [record.getMessage() for record in caplog.records] == ["! stumbling failed"]
