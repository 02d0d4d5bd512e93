"""A program of ours as a child: it ends when it is told to, and when its parent is gone."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from coinop.child import LIFELINE_VARIABLE, Child

COORDINATOR = {"COINOP_WORKER_TOKEN": "0123456789abcdef", "COINOP_COORDINATOR_PORT": "0"}

WAITS_FOR_ITS_PARENT = """
import asyncio, os, sys
from coinop import child

async def main():
    stop = asyncio.Event()
    child.stop_with_parent(stop)
    print(os.environ.get(child.LIFELINE_VARIABLE), flush=True)
    await stop.wait()

asyncio.run(main())
"""


@pytest.fixture
async def coordinator() -> AsyncIterator[Child]:
    child = await Child.start("coordinator", COORDINATOR)
    yield child
    await child.end()


async def test_a_child_that_ends_tells_its_exit_code() -> None:
    child = await Child.start("coordinator", {**COORDINATOR, "COINOP_COORDINATOR_PORT": "none"})
    assert await child.wait() == 2
    await child.end()


async def test_end_ends_it(coordinator: Child) -> None:
    await coordinator.end()
    assert await coordinator.wait() in (0, -15)  # -15 if it had not got as far as to listen for the signal
    await coordinator.end()  # and once more does no harm


def test_it_stops_when_the_parent_lets_go_of_the_lifeline() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WAITS_FOR_ITS_PARENT],
        env={**os.environ, LIFELINE_VARIABLE: "stdin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"None\n"  # not handed down to its own children
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(timeout=30) == 0
