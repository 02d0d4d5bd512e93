"""Background tasks: one owner that keeps them, logs their failures and cancels them.

Reads no clock and opens no socket. When to start a task, and what a failure means, is its caller's business.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

Logger = logging.Logger | logging.LoggerAdapter[Any]


class BackgroundTasks:
    """The tasks of one owner: iterating gives those that are not done yet, ``len`` counts them.

    asyncio itself keeps weak references alone, so a task that nobody holds may vanish, and its failure with it.
    """

    def __init__(self, logger: Logger) -> None:
        """Log failures by ``logger``, one record each, with the task's name and the traceback."""
        self._logger = logger
        self._tasks: set[asyncio.Task[Any]] = set()

    def __iter__(self) -> Iterator[asyncio.Task[Any]]:
        return iter(tuple(self._tasks))

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, coroutine: Coroutine[Any, Any, T], name: str, *, awaited: bool = False) -> asyncio.Task[T]:
        """Start a task on the running loop and keep it until it is done.

        ``name`` completes the log's sentence "<name> failed". With ``awaited`` the caller awaits the task and handles
        its exception, so a failure is not logged here.
        """
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._forget if awaited else self._finish)
        return task

    def cancel(self) -> None:
        """Ask all tasks to end, without waiting for them."""
        for task in self:
            task.cancel()

    async def close(self) -> None:
        """Cancel all tasks and wait until they are done, those included that they start meanwhile.

        Failures on the way out are logged, none is raised. A task must not close its own owner: it would wait for
        itself.
        """
        while self._tasks:
            self.cancel()
            done, _ = await asyncio.wait(self._tasks)
            for task in done:
                _retrieve(task)  # the caller of an awaited one may be gone, which asyncio would complain of

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)

    def _finish(self, task: asyncio.Task[Any]) -> None:
        self._forget(task)
        if failure := _retrieve(task):
            self._logger.error("! %s failed", task.get_name(), exc_info=failure)


def _retrieve(task: asyncio.Task[Any]) -> BaseException | None:
    """Return the exception of a finished task, None if it ended well or was cancelled."""
    return None if task.cancelled() else task.exception()


async def unless(stop: asyncio.Event, coroutine: Coroutine[Any, Any, T]) -> T | None:
    """Return the coroutine's result, or cancel it and return None as soon as ``stop`` is set.

    Raises what the coroutine raises.
    """
    working = asyncio.create_task(coroutine)
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((working, stopped), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        stopped.cancel()
        await asyncio.gather(working, stopped, return_exceptions=True)
