"""Waiting for what will be true soon, and no longer than it may take."""

import asyncio
from collections.abc import Awaitable, Callable

from benchmarks.measure.report import BenchmarkError

LOOK_EVERY = 0.05
"""Seconds between two looks: short against everything that is waited for, and no load."""


async def until(condition: Callable[[], bool | Awaitable[bool]], what: str, within: float) -> None:
    """Wait until the condition holds, at most so many seconds. Raises BenchmarkError: ``what`` did not happen."""
    try:
        async with asyncio.timeout(within):
            # No event could be set instead: what is waited for happens in other processes.
            while not await _holds(condition):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_EVERY)
    except TimeoutError as error:
        raise BenchmarkError(f"{what} after {within:.0f} seconds.") from error


async def _holds(condition: Callable[[], bool | Awaitable[bool]]) -> bool:
    found = condition()
    return found if isinstance(found, bool) else await found
