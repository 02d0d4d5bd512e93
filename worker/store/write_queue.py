"""A lane: things to store, one after the other, each tried until the store has it.

Whoever hands something in goes on at once, and is told what became of it. A lane holds its owner up for nothing, and
ends by itself when it is empty.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from worker.runtime.backoff import backoff
from worker.runtime.tasks import log_failure
from worker.store.errors import NO_ANSWER, StoreError
from worker.store.timeouts import Pace


@dataclass(eq=False)
class Job:
    """Something to store."""

    size: int
    write: Callable[[], Awaitable[None]]
    """One try. Raises StoreError."""
    stored: Callable[[], None]
    """It is in the store, or something newer that contains it is."""
    troubled: Callable[[StoreError], None]
    """It could not be stored yet, and is tried again. Said once."""
    replaced: list["Job"] = field(default_factory=list)
    """Older jobs that this one does the work of."""
    told: bool = False
    timer: asyncio.TimerHandle | None = None

    def take_over(self, older: "Job") -> None:
        """Do the older one's work too."""
        older.rest()
        self.replaced += [*older.replaced, older]
        older.replaced = []

    def rest(self) -> None:
        """It is looked after no more."""
        if self.timer:
            self.timer.cancel()

    def forget(self) -> None:
        """It is given up, with those that it replaced."""
        for job in (self, *self.replaced):
            job.rest()

    def finish(self) -> None:
        """Tell everybody."""
        for job in (self, *self.replaced):
            job.rest()
            job.stored()

    def trouble(self, error: StoreError) -> None:
        """Tell everybody who has not been told."""
        for job in (*self.replaced, self):
            if not job.told:
                job.told = True
                job.troubled(error)


class Lane:
    """Stores jobs in order.

    ``newest_only``: a job that waits is replaced by a newer one. ``skip``: so is one that was tried and failed.
    """

    def __init__(
        self,
        pace: Pace,
        changed: Callable[[StoreError | None], None],
        *,
        newest_only: bool = False,
        skip: bool = False,
    ) -> None:
        self._pace = pace
        self._changed = changed
        """Told why the lane is stuck, and None when it is not any more."""
        self._newest_only = newest_only
        self._skip = skip
        self._waiting: list[Job] = []
        self._task: asyncio.Task[None] | None = None
        self._empty = asyncio.Event()
        self._empty.set()
        self._last_try = False

    def __len__(self) -> int:
        """How many jobs there are, the one that is being tried included."""
        return len(self._waiting)

    @property
    def size(self) -> int:
        """Bytes that are not stored yet."""
        return sum(job.size for job in self._waiting)

    def add(self, job: Job) -> None:
        """Store this when those before it are stored."""
        loop = asyncio.get_running_loop()
        job.timer = loop.call_later(self._pace.patience, job.trouble, StoreError(NO_ANSWER, "slow"))
        if self._newest_only and len(self._waiting) > 1:  # the first is being tried
            job.take_over(self._waiting.pop())
        self._waiting.append(job)
        self._empty.clear()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="lane to the store")
            self._task.add_done_callback(log_failure)

    async def empty(self) -> None:
        """Wait until all is stored, or given up."""
        await self._empty.wait()

    async def wind_up(self) -> None:
        """Give up all but the try that is under way, and wait for its end: it can't be called back from the store."""
        self._last_try = True
        for job in self._waiting[1:]:
            job.forget()
        del self._waiting[1:]
        await self._empty.wait()
        self._last_try = False

    def abandon(self) -> None:
        """Give up what is not stored yet."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        self._end()

    async def _run(self) -> None:
        try:
            await self._work()
        finally:
            if self._task is asyncio.current_task():
                self._task = None  # after a failure of our own, the next job begins anew

    async def _work(self) -> None:
        failures = 0
        while self._waiting:
            job = self._waiting[0]
            try:
                await job.write()
            except StoreError as error:
                failures += 1
                self._changed(error)
                job.trouble(error)
                if self._last_try:
                    break
                await asyncio.sleep(backoff(failures, self._pace.first_retry, self._pace.longest_retry))
                if self._skip and len(self._waiting) > 1:
                    self._waiting[1].take_over(self._waiting.pop(0))
            else:
                failures = 0
                self._waiting.remove(job)
                self._changed(None)
                job.finish()
        self._end()

    def _end(self) -> None:
        for job in self._waiting:
            job.forget()
        self._waiting.clear()
        self._empty.set()
