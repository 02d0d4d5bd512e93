"""What background tasks have in common. Their owners keep and cancel them."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

logger = logging.getLogger(__name__)


def log_failure(task: asyncio.Task[Any]) -> None:
    """A done callback: put the exception of a task that nobody awaits into the log."""
    if not task.cancelled() and (failure := task.exception()):
        logger.error("! %s failed", task.get_name(), exc_info=failure)


async def unless(stop: asyncio.Event, coroutine: Coroutine[Any, Any, T]) -> T | None:
    """What the coroutine returns, or None if ``stop`` was set before it was done; then it is cancelled."""
    working = asyncio.create_task(coroutine)
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((working, stopped), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        stopped.cancel()
        await asyncio.gather(working, stopped, return_exceptions=True)
