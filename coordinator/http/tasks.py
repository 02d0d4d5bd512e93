"""Background tasks and their owner: each task is kept, its failure logged, and it is cancelled with its owner."""

import asyncio
import logging
from collections.abc import Coroutine

logger = logging.getLogger(__name__)


class BackgroundTasks:
    """The owner of tasks that run beside others."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        """Kept, as the event loop keeps weak references alone."""

    def spawn(self, coroutine: Coroutine[object, None, None], name: str) -> asyncio.Task[None]:
        """Run a coroutine in the background; ``name`` is for the log."""
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finish)
        return task

    def cancel(self) -> None:
        """Ask every task to end."""
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Cancel every task, and wait until each has ended."""
        self.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            logger.error("! %s failed", task.get_name(), exc_info=failure)
