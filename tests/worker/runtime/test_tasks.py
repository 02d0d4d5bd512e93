import asyncio

import pytest

from worker.runtime.tasks import log_failure, unless


async def test_a_failure_is_logged_with_the_tasks_name(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise RuntimeError("broken")

    task = asyncio.create_task(fail(), name="the task")
    task.add_done_callback(log_failure)
    await asyncio.wait((task,))
    await asyncio.sleep(0)  # done callbacks run after the waiters
    assert "the task failed" in caplog.text
    assert "broken" in caplog.text


async def test_an_end_that_was_wanted_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    finished = asyncio.create_task(asyncio.sleep(0))
    cancelled = asyncio.create_task(asyncio.sleep(100))
    cancelled.cancel()
    await asyncio.wait((finished, cancelled))
    log_failure(finished)
    log_failure(cancelled)
    assert caplog.records == []


async def test_work_that_is_done_before_the_stop() -> None:
    async def work() -> str:
        return "done"

    assert await unless(asyncio.Event(), work()) == "done"


async def test_work_that_is_stopped_is_cancelled() -> None:
    cancelled, stop = asyncio.Event(), asyncio.Event()

    async def work() -> str:
        stop.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return "done"

    assert await unless(stop, work()) is None
    assert cancelled.is_set()


async def test_work_that_fails() -> None:
    async def work() -> str:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await unless(asyncio.Event(), work())
