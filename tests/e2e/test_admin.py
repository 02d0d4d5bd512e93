"""The operator's page, and ``coinop top``, beside a game that is played."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.arcade.stack import Stack, until
from tests.e2e.conftest import GAME, SCREENSHOTS
from tests.e2e.players.player import go, play, state


@pytest_asyncio.fixture(loop_scope="session")
async def operator(browser: Browser, two_workers: Stack) -> AsyncIterator[Page]:
    """Open the operator's page in a browser of its own, which writes down what the page is refused."""
    context = await browser.new_context(viewport={"width": 1180, "height": 640})
    page = await context.new_page()
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda message: broken.append(message.text) if "Content Security" in message.text else None)
    broken: list[str] = []
    await page.goto(f"{two_workers.url}admin")
    yield page
    await go(context)
    assert broken == []


async def log_in(operator: Page, token: str) -> None:
    await operator.fill("#token", token)
    await operator.click("#ask button")


async def test_rooms_and_workers_are_seen_and_a_room_is_moved(two_workers: Stack, page: Page, operator: Page) -> None:
    await play(page, two_workers, GAME)
    await log_in(operator, two_workers.admin_token)

    line = operator.locator("#rooms-table tbody tr")
    await expect(line).to_contain_text(GAME)
    fps = line.locator("td").nth(5)
    await until(lambda: _is_number(fps), "the room's frames are counted")
    SCREENSHOTS.mkdir(exist_ok=True)
    await operator.screenshot(path=SCREENSHOTS / "admin.png")
    before = await line.locator("td").nth(1).inner_text()

    await line.get_by_role("button").click()
    await expect(line.get_by_role("button")).to_have_text("Move: sure?")
    await line.get_by_role("button").click()

    await expect(line.locator("td").nth(1)).not_to_have_text(before, timeout=20_000)
    await state(page, "playing")


async def _is_number(cell: object) -> bool:
    return (await cell.inner_text()).replace(".", "").isdigit()  # type: ignore[attr-defined]


async def test_a_wrong_token_is_said_and_the_right_one_lasts_for_a_reload_but_not_for_a_new_tab(
    two_workers: Stack, operator: Page
) -> None:
    await log_in(operator, "certainly not the token")
    await expect(operator.locator("#words")).to_contain_text("COINOP_ADMIN_TOKEN")
    await log_in(operator, two_workers.admin_token)
    await expect(operator.locator("#workers tbody tr")).to_have_count(2)
    await operator.reload()
    await expect(operator.locator("#workers tbody tr")).to_have_count(2)
    assert two_workers.admin_token not in await operator.content()
    other = await operator.context.new_page()
    await other.goto(f"{two_workers.url}admin.html")
    await expect(other.locator("#ask")).to_be_visible()


async def test_top_shows_the_same_to_a_script(two_workers: Stack, page: Page) -> None:
    await play(page, two_workers, GAME)
    asked = [sys.executable, "-m", "coinop", "top", "--json", "--coordinator", two_workers.url]
    shown = await asyncio.create_subprocess_exec(
        *asked, env={"COINOP_ADMIN_TOKEN": two_workers.admin_token}, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await shown.communicate()
    assert shown.returncode == 0
    [room] = json.loads(said)["rooms"]
    assert (room["game"], room["phase"], room["players"]) == (GAME, "open", 1)
