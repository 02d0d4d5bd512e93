"""Saves on an S3 server, and a store that is slow or down: what is confirmed is there, and the picture goes on."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.e2e.arcade.stack import Stack, until
from tests.e2e.conftest import GAME
from tests.e2e.players.player import play, video_stats
from tests.worker.store.servers import BUCKET, FaultyProxy, options, s3
from worker.config import own_games

FRAMES = 90
"""Enough pictures to see that the game has not stopped."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Stack, FaultyProxy]]:
    """coinop with its store on S3, behind a proxy."""
    folder = tmp_path_factory.mktemp("shop")
    with s3(folder / "s3.log") as port:
        proxy = FaultyProxy(port)
        await proxy.up()
        stack = Stack(
            folder,
            games=[str(own_games())],
            capacity=2,
            store=f"s3://{BUCKET}/arcade",
            store_options=options(proxy.port),
            store_plain_http=True,
        )
        try:
            yield await stack.start(), proxy
        finally:
            await asyncio.to_thread(stack.stop)
            await proxy.down()


async def said(page: Page, words: str) -> None:
    """Wait until the page says it."""

    async def there() -> bool:
        text: str = await page.evaluate("document.getElementById('toast').textContent")
        return words in text

    await until(there, f"the page says {words!r}")


async def goes_on(page: Page) -> None:
    """Wait for many more pictures."""
    before = (await video_stats(page))["framesDecoded"]

    async def more() -> bool:
        return bool((await video_stats(page))["framesDecoded"] > before + FRAMES)

    await until(more, "the picture goes on")


async def test_a_save_on_a_slow_store_is_confirmed_and_can_be_loaded(
    page: Page, shop: tuple[Stack, FaultyProxy]
) -> None:
    stack, proxy = shop
    await play(page, stack, GAME)
    proxy.delay = 2.0
    try:
        await page.keyboard.press("F2")
        await said(page, "Saved")
        await goes_on(page)
        await page.keyboard.press("F4")
        await said(page, "Loaded")
    finally:
        proxy.delay = 0.0
    assert stack.metric("coinop_worker_store_operations_total") > 0


async def test_while_the_store_is_down_that_is_said_the_game_goes_on_and_the_save_is_stored_later(
    page: Page, shop: tuple[Stack, FaultyProxy]
) -> None:
    stack, proxy = shop
    await play(page, stack, GAME)
    await proxy.down()
    try:
        await page.keyboard.press("F2")
        await said(page, "The save could not be stored yet: the store can't be reached.")
        await goes_on(page)
        await page.keyboard.press("F4")
        await said(page, "Loaded")
        assert stack.metric("coinop_worker_store_waiting_bytes") > 0
    finally:
        await proxy.up()
    await said(page, "Saved")
    await until(lambda: stack.metric("coinop_worker_store_waiting_bytes") == 0, "nothing waits any more")
