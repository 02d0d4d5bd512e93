"""Background tasks: one owner that keeps them, logs their failures and cancels them.

When to start a task, and what a failure means, is left to its caller. worker/runtime/tasks.py has the worker's, in the
same shape: neither program may import the other.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from typing import TypeVar

Result = TypeVar("Result")


class BackgroundTasks:
    """The tasks of one owner: iterating gives those that are not done yet, ``len`` counts them.

    asyncio itself keeps weak references alone, so a task that nobody holds may vanish, and its failure with it.
    """

    def __init__(self, logger: logging.Logger) -> None:
        """Own no task yet. ``logger`` gets the failures, one record each, with the task's name and the traceback."""
        self._logger = logger
        self._tasks: set[asyncio.Task[object]] = set()

    def __iter__(self) -> Iterator[asyncio.Task[object]]:
        return iter(tuple(self._tasks))

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, coroutine: Coroutine[object, None, Result], name: str) -> asyncio.Task[Result]:
        """Start a task on the running loop and keep it until it is done.

        ``name`` completes the log's sentence "<name> failed".
        """
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finish)
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
            await asyncio.wait(self._tasks)

    def _finish(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            self._logger.error("! %s failed", task.get_name(), exc_info=failure)
