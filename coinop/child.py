"""A coinop program as a child process that can't outlive its parent: both ends of that relation.

The parent holds one end of the child's standard input and never writes to it. However the parent ends, ``kill -9``
included, the system closes that end; the child sees it and stops as if it had been told to. A child leads a session of
its own, so a Ctrl-C at the terminal reaches the parent alone, which ends its children in the order that it wants.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress

LIFELINE_VARIABLE = "COINOP_LIFELINE"
"""Set in the child's environment: its standard input is a lifeline, not a place to read from."""

END_WITHIN = 5.0
"""Seconds that a child gets to end by itself; rooms write their saves in this time."""


class Child:
    """A running program of ours."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self._process = process

    @classmethod
    async def start(cls, name: str, environment: Mapping[str, str]) -> "Child":
        """Start ``coinop NAME`` with these variables besides our own; standard error is shared, so is the log."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "coinop", name),
            stdin=asyncio.subprocess.PIPE,
            stdout=sys.stderr.fileno(),
            env={**os.environ, **environment, LIFELINE_VARIABLE: "stdin"},
            start_new_session=True,
        )
        return cls(name, process)

    @property
    def pid(self) -> int:
        """Its process id, and that of its process group."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait for its end. Its exit code, or minus the number of the signal that ended it."""
        return await self._process.wait()

    async def end(self) -> None:
        """End it and what it started: politely, then not."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(END_WITHIN):
                await self._process.wait()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()


def stop_with_parent(stop: asyncio.Event) -> None:
    """In the child: set ``stop`` when the parent is gone, if the parent has given us a lifeline."""
    if not os.environ.pop(LIFELINE_VARIABLE, None):
        return
    loop, lifeline = asyncio.get_running_loop(), sys.stdin.fileno()

    def closed() -> None:  # nobody writes into it, so readable means closed
        stop.set()
        loop.remove_reader(lifeline)

    loop.add_reader(lifeline, closed)
