"""Background tasks: their owners keep and cancel them; what they have in common is that no failure passes unseen."""

import asyncio
import logging
from typing import Any

logger = logging.getLogger(__name__)


def log_failure(task: asyncio.Task[Any]) -> None:
    """A done callback: put the exception of a task that nobody awaits into the log."""
    if not task.cancelled() and (failure := task.exception()):
        logger.error("! %s failed", task.get_name(), exc_info=failure)
