"""The one owner of background tasks: it keeps them, logs their failures and cancels them.

Which tasks there are, and when they end, is left to those who spawn them. ``worker/runtime/tasks.py`` has the worker's.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import TypeVar

Result = TypeVar("Result")


class BackgroundTasks:
    """Tasks that nobody awaits, of one owner. asyncio itself keeps no reference to them."""

    def __init__(self, logger: logging.Logger) -> None:
        """Own no task yet. Failures go to ``logger``, which is the owner's."""
        self._logger = logger
        self._tasks: set[asyncio.Task[object]] = set()

    def __len__(self) -> int:
        """Count the tasks that are not done."""
        return len(self._tasks)

    def spawn(self, coroutine: Coroutine[object, None, Result], name: str) -> asyncio.Task[Result]:
        """Run the coroutine as a task of this name. It is forgotten once it is done; a failure goes into the log."""
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finish)
        return task

    def cancel(self) -> None:
        """Cancel all tasks, without waiting for their ends."""
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Cancel all tasks and wait until each has ended, however it does."""
        self.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _finish(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            self._logger.error("! %s failed", task.get_name(), exc_info=failure)
