"""The write queue: jobs are written to the store one after the other, each tried until the store has it.

Adding a job returns at once, and the job's callbacks report what becomes of it. A queue has a task while there are
jobs, and none when it is empty.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from worker.runtime.backoff import backoff
from worker.runtime.tasks import BackgroundTasks
from worker.store.errors import NO_ANSWER, StoreError
from worker.store.timeouts import Timeouts

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Job:
    """One write, and what to call when it is done or delayed."""

    size: int
    write: Callable[[], Awaitable[None]]
    """One try. Raises StoreError."""
    on_stored: Callable[[], None]
    """It is in the store, or something newer that contains it is."""
    on_delayed: Callable[[StoreError], None]
    """It could not be stored yet, and is tried again. Called once."""
    replaced: list["Job"] = field(default_factory=list)
    """Older jobs that this one does the work of."""
    reported: bool = False
    timer: asyncio.TimerHandle | None = None

    def take_over(self, older: "Job") -> None:
        """Replace an older job, and do its work too."""
        older.stop_timer()
        self.replaced += [*older.replaced, older]
        older.replaced = []

    def stop_timer(self) -> None:
        """Stop the timer that reports a delay."""
        if self.timer:
            self.timer.cancel()

    def abandon(self) -> None:
        """Give up this job, with those that it replaced."""
        for job in (self, *self.replaced):
            job.stop_timer()

    def finish(self) -> None:
        """Report that this job, and those that it replaced, are stored."""
        for job in (self, *self.replaced):
            job.stop_timer()
            job.on_stored()

    def report_delay(self, error: StoreError) -> None:
        """Report a delay, once for each job."""
        for job in (*self.replaced, self):
            if not job.reported:
                job.reported = True
                job.on_delayed(error)


class WriteQueue:
    """Stores jobs in order.

    ``newest_only``: a job that waits is replaced by a newer one. ``skip``: so is one that was tried and failed.
    """

    def __init__(
        self,
        timeouts: Timeouts,
        changed: Callable[[StoreError | None], None],
        *,
        newest_only: bool = False,
        skip: bool = False,
    ) -> None:
        self._timeouts = timeouts
        self._changed = changed
        """Called with the error of each try that fails, and with None after each that succeeds."""
        self._newest_only = newest_only
        self._skip = skip
        self._waiting: list[Job] = []
        self._tasks = BackgroundTasks(logger)
        self._task: asyncio.Task[None] | None = None
        self._empty = asyncio.Event()
        self._empty.set()
        self._finishing = False

    def __len__(self) -> int:
        """Count the jobs, the one that is being tried included."""
        return len(self._waiting)

    @property
    def size(self) -> int:
        """Bytes that are not stored yet."""
        return sum(job.size for job in self._waiting)

    def add(self, job: Job) -> None:
        """Store the job's data when those before it are stored."""
        loop = asyncio.get_running_loop()
        job.timer = loop.call_later(self._timeouts.report_delay, job.report_delay, StoreError(NO_ANSWER, "slow"))
        if self._newest_only and len(self._waiting) > 1:  # the first is being tried
            job.take_over(self._waiting.pop())
        self._waiting.append(job)
        self._empty.clear()
        if self._task is None:
            self._task = self._tasks.spawn(self._run(), "write queue")

    async def empty(self) -> None:
        """Wait until all is stored, or given up."""
        await self._empty.wait()

    async def finish_current(self) -> None:
        """Give up all jobs but the one that is being tried, and wait for that: it can't be called back."""
        self._finishing = True
        for job in self._waiting[1:]:
            job.abandon()
        del self._waiting[1:]
        await self._empty.wait()
        self._finishing = False

    def abandon(self) -> None:
        """Give up what is not stored yet."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        self._clear()

    async def _run(self) -> None:
        try:
            await self._write_all()
        finally:
            if self._task is asyncio.current_task():
                self._task = None  # after a failure of our own, the next job begins anew

    async def _write_all(self) -> None:
        failures = 0
        while self._waiting:
            job = self._waiting[0]
            try:
                await job.write()
            except StoreError as error:
                failures += 1
                self._changed(error)
                job.report_delay(error)
                if self._finishing:
                    break
                await asyncio.sleep(backoff(failures, self._timeouts.first_retry, self._timeouts.longest_retry))
                if self._skip and len(self._waiting) > 1:
                    self._waiting[1].take_over(self._waiting.pop(0))
            else:
                failures = 0
                self._waiting.remove(job)
                self._changed(None)
                job.finish()
        self._clear()

    def _clear(self) -> None:
        for job in self._waiting:
            job.abandon()
        self._waiting.clear()
        self._empty.set()
