"""Three regions, of which a connection asks the gateways of two."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.e2e.arcade.stack import Stack, until
from tests.e2e.conftest import GAME
from tests.e2e.players.player import go, play, state, visit
from tests.ports import free_port

NOBODY = {name: f"turn:127.0.0.1:{free_port()}?transport=udp" for name in ("east", "north")}
"""Gateways that answer nobody."""

ASKED = """() => testPeer.getConfiguration().iceServers.flatMap(({ urls }) => urls)"""


@pytest_asyncio.fixture(loop_scope="session")
async def regions(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("regions"), wheel_games=False, region="south")
    try:
        await stack.start_gateway()
        await stack.start()
        for name, url in NOBODY.items():
            stack.start_worker(name, region=name, gateways=[url])
        await until(lambda: stack.status()["workers"] == 3, f"all regions are there; {stack.log()}")
        yield stack
    finally:
        for name in ("turn", "worker"):  # they have allocations to serve and rooms to move
            stack.programs[name].kill()
        stack.stop()


async def test_a_room_in_the_third_is_entered_through_its_own_gateway(
    page: Page, browser: Browser, regions: Stack
) -> None:
    await play(page, regions, GAME)  # where a gateway answers, or where the oldest worker is
    room = await page.evaluate("JSON.parse(sessionStorage.getItem('coinop.ticket')).room")
    guest = await browser.new_page()
    await visit(guest, regions, room=room, relay="1")  # before it has measured anything, it asks the first two
    await state(guest, "playing")
    asked = set(await guest.evaluate(ASKED))
    assert f"turn:127.0.0.1:{regions.turn_port}?transport=udp" in asked
    assert len(asked & set(NOBODY.values())) == 1
    assert await guest.inner_text("#seat") == "Player 2"
    await go(guest.context)
