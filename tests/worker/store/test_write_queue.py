"""The write queue: each job is tried until it is stored, in order, and its callbacks are called."""

import asyncio

import pytest

from tests.worker.stand_ins.rooms import until
from worker.store.errors import StoreError
from worker.store.timeouts import Timeouts
from worker.store.write_queue import Job, WriteQueue

TIMEOUTS = Timeouts(first_retry=0.0, longest_retry=0.0, report_delay=1000.0)


class Recorder:
    """Makes jobs by name, and records what happens to them."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.failing = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.troubles: list[str] = []

    def changed(self, error: StoreError | None) -> None:
        self.troubles.append(str(error or ""))

    def job(self, name: str) -> Job:
        async def write() -> None:
            self.events.append(f"try {name}")
            await self.gate.wait()
            if self.failing:
                self.failing -= 1
                raise StoreError("it fails", "test")

        return Job(
            len(name),
            write,
            on_stored=lambda: self.events.append(f"stored {name}"),
            on_delayed=lambda error: self.events.append(f"trouble {name}"),
        )


@pytest.fixture
async def recorder() -> Recorder:
    return Recorder()


async def test_jobs_are_stored_in_order(recorder: Recorder) -> None:
    queue = WriteQueue(TIMEOUTS, recorder.changed)
    for name in ("a", "bb"):
        queue.add(recorder.job(name))
    assert (len(queue), queue.size) == (2, 3)
    await queue.empty()
    assert recorder.events == ["try a", "stored a", "try bb", "stored bb"]
    assert (len(queue), queue.size) == (0, 0)
    queue.add(recorder.job("c"))
    await queue.empty()
    assert recorder.events[-1] == "stored c"


async def test_what_fails_is_said_once_and_tried_until_it_is_stored(recorder: Recorder) -> None:
    queue = WriteQueue(TIMEOUTS, recorder.changed)
    recorder.failing = 3
    queue.add(recorder.job("a"))
    queue.add(recorder.job("b"))
    await queue.empty()
    assert recorder.events == ["try a", "trouble a", "try a", "try a", "try a", "stored a", "try b", "stored b"]
    assert recorder.troubles == ["it fails"] * 3 + ["", ""]


async def test_the_newest_replaces_what_waits_but_not_what_was_tried(recorder: Recorder) -> None:
    queue = WriteQueue(TIMEOUTS, recorder.changed, newest_only=True)
    recorder.gate.clear()
    recorder.failing = 1
    queue.add(recorder.job("a"))
    await asyncio.sleep(0)
    for name in ("b", "c", "d"):
        queue.add(recorder.job(name))
    assert len(queue) == 2
    recorder.gate.set()
    await queue.empty()
    assert recorder.events[:4] == ["try a", "trouble a", "try a", "stored a"]
    assert recorder.events[4:] == ["try d", "stored d", "stored b", "stored c"]


async def test_a_queue_that_skips_goes_on_with_the_newest_after_a_failure(recorder: Recorder) -> None:
    queue = WriteQueue(TIMEOUTS, recorder.changed, newest_only=True, skip=True)
    recorder.gate.clear()
    recorder.failing = 1
    queue.add(recorder.job("a"))
    await asyncio.sleep(0)
    queue.add(recorder.job("b"))
    recorder.gate.set()
    await queue.empty()
    assert recorder.events == ["try a", "trouble a", "try b", "stored b", "stored a"]


async def test_a_job_that_takes_long_is_said(recorder: Recorder) -> None:
    queue = WriteQueue(Timeouts(report_delay=0.0), recorder.changed)
    recorder.gate.clear()
    queue.add(recorder.job("a"))
    await until(lambda: "trouble a" in recorder.events)
    recorder.gate.set()
    await queue.empty()
    assert recorder.events == ["try a", "trouble a", "stored a"]


async def test_an_abandoned_queue_calls_nothing_and_can_be_used_again(recorder: Recorder) -> None:
    queue = WriteQueue(Timeouts(report_delay=0.0), recorder.changed)
    recorder.gate.clear()
    queue.add(recorder.job("a"))
    await asyncio.sleep(0)
    queue.abandon()
    await queue.empty()
    assert (len(queue), recorder.events) == (0, ["try a"])
    recorder.gate.set()
    queue.add(recorder.job("b"))
    await queue.empty()
    assert recorder.events[1:] == ["try b", "stored b"]


async def test_a_fault_of_our_own_is_logged_and_the_next_job_begins_anew(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    queue = WriteQueue(TIMEOUTS, recorder.changed)
    broken = recorder.job("a")
    tries = 0

    async def write() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise RuntimeError("broken")

    broken.write = write
    queue.add(broken)
    await until(lambda: "broken" in caplog.text)
    queue.add(recorder.job("b"))
    await queue.empty()
    assert recorder.events == ["stored a", "try b", "stored b"]


@pytest.mark.parametrize("failing", [0, 1])
async def test_finishing_waits_for_the_try_that_is_under_way_alone(recorder: Recorder, failing: int) -> None:
    queue = WriteQueue(TIMEOUTS, recorder.changed)
    recorder.gate.clear()
    recorder.failing = failing
    for name in ("a", "b", "c"):
        queue.add(recorder.job(name))
    await asyncio.sleep(0)
    finishing = asyncio.create_task(queue.finish_current())
    await asyncio.sleep(0)
    assert not finishing.done()
    recorder.gate.set()
    await finishing
    assert recorder.events == ["try a", "trouble a" if failing else "stored a"]
    assert len(queue) == 0
    queue.add(recorder.job("d"))
    await queue.empty()
    assert recorder.events[-1] == "stored d"
