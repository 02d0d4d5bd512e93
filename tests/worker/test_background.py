import asyncio

import pytest

from worker.background import log_failure


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
