import asyncio
import gc
import logging

import pytest

from worker.runtime.tasks import BackgroundTasks, unless

logger = logging.getLogger("tests.tasks")


async def fail() -> None:
    raise RuntimeError("broken")


async def wait_for_ever() -> None:
    await asyncio.Event().wait()


async def fail_when_cancelled(started: asyncio.Event) -> None:
    started.set()
    try:
        await wait_for_ever()
    finally:
        raise RuntimeError("broken")


async def test_a_failure_is_logged_by_the_owners_logger_with_the_tasks_name(caplog: pytest.LogCaptureFixture) -> None:
    task = BackgroundTasks(logger).spawn(fail(), "the task")
    await asyncio.wait((task,))
    (record,) = caplog.records
    assert (record.name, record.levelno, record.getMessage()) == ("tests.tasks", logging.ERROR, "! the task failed")
    assert record.exc_info
    assert record.exc_info[1] is task.exception()


async def test_an_adapters_context_is_in_the_record(caplog: pytest.LogCaptureFixture) -> None:
    adapter = logging.LoggerAdapter(logger, {"room": "r1"})
    await asyncio.wait((BackgroundTasks(adapter).spawn(fail(), "the task"),))
    (record,) = caplog.records
    assert record.__dict__["room"] == "r1"


async def test_the_failure_of_an_awaited_task_is_its_callers(caplog: pytest.LogCaptureFixture) -> None:
    tasks = BackgroundTasks(logger)
    with pytest.raises(RuntimeError, match="broken"):
        await tasks.spawn(fail(), "the task", awaited=True)
    assert caplog.records == []
    assert len(tasks) == 0


async def test_a_task_that_ends_well_or_is_cancelled_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    tasks = BackgroundTasks(logger)
    finished = tasks.spawn(asyncio.Event().wait(), "cancelled")
    finished.cancel()
    await asyncio.wait((finished, tasks.spawn(asyncio.to_thread(int), "finished")))
    assert caplog.records == []


async def test_a_task_is_kept_until_it_is_done() -> None:
    tasks, gate = BackgroundTasks(logger), asyncio.Event()
    waiting = tasks.spawn(gate.wait(), "waiting")
    assert list(tasks) == [waiting]
    gate.set()
    assert await waiting is True
    assert list(tasks) == []
    assert not tasks


async def test_cancelling_does_not_wait() -> None:
    tasks = BackgroundTasks(logger)
    task = tasks.spawn(wait_for_ever(), "waiting")
    tasks.cancel()
    assert not task.done()
    await asyncio.wait((task,))
    assert task.cancelled()


async def test_closing_waits_for_what_the_tasks_do_last() -> None:
    tasks, started, done = BackgroundTasks(logger), asyncio.Event(), []

    async def work() -> None:
        started.set()
        try:
            await wait_for_ever()
        finally:
            await asyncio.to_thread(done.append, "saved")

    tasks.spawn(work(), "work")
    await started.wait()
    await tasks.close()
    assert done == ["saved"]
    assert not tasks


async def test_closing_logs_what_fails_on_the_way_out(caplog: pytest.LogCaptureFixture) -> None:
    tasks, started = BackgroundTasks(logger), asyncio.Event()
    tasks.spawn(fail_when_cancelled(started), "work")
    await started.wait()
    await tasks.close()
    assert [record.getMessage() for record in caplog.records] == ["! work failed"]


async def test_closing_ends_the_tasks_that_others_start_meanwhile() -> None:
    tasks, started = BackgroundTasks(logger), asyncio.Event()
    late: list[asyncio.Task[None]] = []

    async def work() -> None:
        started.set()
        try:
            await wait_for_ever()
        finally:
            late.append(tasks.spawn(wait_for_ever(), "late"))

    tasks.spawn(work(), "work")
    await started.wait()
    await tasks.close()
    assert late[0].cancelled()
    assert not tasks


async def test_the_failure_of_an_awaited_task_that_nobody_awaits_any_more_is_not_complained_of() -> None:
    tasks = BackgroundTasks(logger)
    complaints: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    tasks.spawn(fail_when_cancelled(started := asyncio.Event()), "the task", awaited=True)
    await started.wait()
    await tasks.close()
    gc.collect()
    assert complaints == []


async def test_closing_without_a_task_returns_at_once() -> None:
    await BackgroundTasks(logger).close()


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
    with pytest.raises(RuntimeError, match="broken"):
        await unless(asyncio.Event(), fail())
