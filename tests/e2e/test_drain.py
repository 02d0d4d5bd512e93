"""A worker full of rooms is told to end: all of them go on elsewhere, and hardly stand still on their way."""

import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.e2e.arcade.stack import Stack, until
from tests.e2e.conftest import GAME
from tests.e2e.players.player import FRAME_TIMES, LONGEST_GAP, play, state
from tests.e2e.players.watcher import Watcher
from tests.e2e.test_resume import TRIES

ROOMS = 8
BACK_WITHIN = 2.0
"""Seconds from a room's last frame to the next one."""
GONE_WITHIN = 20.0
"""Seconds from SIGTERM to the end of the worker."""


@pytest_asyncio.fixture(loop_scope="session")
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    """Run a worker that has a place for all rooms; another one may be started beside it."""
    stack = Stack(tmp_path, capacity=ROOMS, drain_seconds=20)
    try:
        yield await stack.start()
    finally:
        stack.stop()


async def drained(stack: Stack, leaving: str, staying: str, guests: list[Watcher], page: Page) -> tuple[float, float]:
    """End the one worker, and see everybody on the other: the longest gap of all, and the seconds until it was gone."""
    stack.start_worker(staying)
    await until(lambda: stack.status()["workers"] == 2, "the other worker is there")
    arrivals = [guest.arrivals for guest in guests]
    began = time.time()
    stack.programs[leaving].send_signal(signal.SIGTERM)
    await until(lambda: stack.programs[leaving].poll() is not None, f"it ends; {stack.log()}", 40)
    took = time.time() - began
    assert stack.programs[leaving].returncode == 0
    for guest, before in zip(guests, arrivals, strict=True):
        await guest.arrived(before + 1)
    await state(page, "playing")
    for _ in range(30):
        await guests[0].picture()
    shown: float = await page.evaluate(LONGEST_GAP, 1000 * began)
    return max(shown / 1000, *(guest.longest_gap(began) for guest in guests)), took


@pytest.mark.alone
@pytest.mark.timeout(300)
async def test_a_worker_with_eight_rooms_moves_all_of_them(stack: Stack, page: Page) -> None:
    await page.add_init_script(FRAME_TIMES)
    async with AsyncExitStack() as leaving:
        guests = []
        for _ in range(ROOMS - 1):
            guests.append(await leaving.enter_async_context(Watcher(stack.url)))
            await guests[-1].start(GAME)
        await play(page, stack, GAME)
        found = []
        names = ["worker", "second"]
        for _ in range(TRIES):
            found.append(await drained(stack, *names, guests, page))
            names.reverse()
            if found[-1][0] <= BACK_WITHIN and found[-1][1] <= GONE_WITHIN:
                break
        assert found[-1][0] <= BACK_WITHIN, found
        assert found[-1][1] <= GONE_WITHIN, found
        assert stack.status()["rooms"] == ROOMS
        assert all(set(guest.codes) == {"moved"} and guest.started and guest.started.seat == 0 for guest in guests)
