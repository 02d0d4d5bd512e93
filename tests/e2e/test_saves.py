"""Nothing that was saved is lost: quick saves, slots, other workers, other browsers, files; and how the game runs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.arcade.stack import Stack, until
from tests.e2e.conftest import GAME, SCREENSHOTS
from tests.e2e.players.player import choose, choose_players, chosen, go, play, press_bar, shows, state, visit


@pytest_asyncio.fixture(loop_scope="session")
async def other(browser: Browser) -> AsyncIterator[Page]:
    """Another browser."""
    context = await browser.new_context(viewport={"width": 1366, "height": 768})
    yield await context.new_page()
    await go(context)


async def toast(page: Page, words: str) -> None:
    """Wait for these words over the page."""

    async def said() -> bool:
        return words.lower() in (await page.inner_text("#toast")).lower()

    await until(said, f"the page says {words}")


async def press(page: Page, key: str) -> None:
    await page.locator("#stage").focus()
    await page.keyboard.press(key)


async def quick_save(page: Page) -> None:
    await press(page, "F2")
    await toast(page, "saved")


async def open_saves(page: Page) -> None:
    """Open the dialog, and wait until the room has told what there is."""
    await press_bar(page, "#open-saves")
    await page.wait_for_selector('#slots[aria-busy="false"]')


async def slot(page: Page, action: str) -> None:
    """Press a button of a slot."""
    await page.locator("#slots").get_by_role("button", name=action, exact=True).click()


async def said(page: Page, words: str) -> None:
    """Wait for these words in the dialog."""

    async def there() -> bool:
        return words.lower() in (await page.inner_text("#saves-said")).lower()

    await until(there, f"the dialog says {words}; it says: {await page.inner_text('#saves-said')}")


async def leave(page: Page) -> None:
    await press_bar(page, "#leave")
    await state(page, "library")


async def test_save_change_load_gives_the_saved_picture(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    await choose_players(page, "two")
    await quick_save(page)
    await choose_players(page, "one")
    await press(page, "F4")
    await shows(page, "two")


async def test_a_save_that_can_not_be_asked_for_is_said_in_front_of_the_dialog(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    await open_saves(page)
    await page.evaluate("testChannels.forEach((it) => Object.defineProperty(it, 'readyState', { value: 'closed' }))")
    await page.get_by_role("button", name="Save into Slot 1").click()
    await expect(page.locator("#saves #toast")).to_contain_text("can't be reached")


async def test_slots_have_pictures_and_times_and_can_be_deleted(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    await choose_players(page, "two")
    await open_saves(page)
    await slot(page, "Save into Slot 3")
    await page.locator("#slots img").first.wait_for()
    assert "just now" in await page.inner_text("#slots")
    await page.screenshot(path=SCREENSHOTS / "saves.png")
    await page.keyboard.press("Escape")
    await choose_players(page, "one")
    await open_saves(page)
    await slot(page, "Load Slot 3")
    await shows(page, "two")
    await open_saves(page)
    for asked in ("", "Really? "):
        await slot(page, f"{asked}Delete Slot 3")
    await until(lambda: page.get_by_role("button", name="Save into Slot 3").count(), "the slot is empty")


async def test_a_save_is_there_on_another_worker(page: Page, two_workers: Stack) -> None:
    await play(page, two_workers, GAME)
    await choose_players(page, "two")
    await quick_save(page)
    await leave(page)
    two_workers.kill("worker")
    await until(lambda: two_workers.status()["workers"] == 1, "one worker is left")
    await choose(page, GAME)
    await state(page, "playing")
    await shows(page, "one")
    await press(page, "F4")
    await shows(page, "two")


async def test_the_code_carries_saves_to_another_browser(page: Page, other: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    await choose_players(page, "two")
    await quick_save(page)
    await press_bar(page, "#playing-settings")
    await page.click("#show-code")
    code = await page.inner_text("#code")
    await visit(other, arcade)
    await other.click("#open-settings")
    await other.fill("#other-code", "no code at all")
    await other.click("#adopt-code")
    await other.get_by_text("This is no profile code").wait_for()
    await other.fill("#other-code", code.lower())
    await other.click("#adopt-code")
    await other.get_by_text("Taken over").wait_for()
    await other.keyboard.press("Escape")
    await choose(other, GAME)
    await state(other, "playing")
    await press(other, "F4")
    await shows(other, "two")


async def test_a_state_goes_out_as_a_file_and_comes_in_again(page: Page, arcade: Stack, tmp_path: Path) -> None:
    await play(page, arcade, GAME)
    await choose_players(page, "two")
    await open_saves(page)
    async with page.expect_download() as began:
        await page.click("#export-state")
    download = await began.value
    path = tmp_path / download.suggested_filename
    await download.save_as(path)
    assert path.stat().st_size > 1000
    await page.keyboard.press("Escape")
    await choose_players(page, "one")
    await open_saves(page)
    await page.set_input_files("#import-state", path)
    await shows(page, "two")


async def test_a_battery_goes_out_as_a_file(page: Page, arcade: Stack, tmp_path: Path) -> None:
    await play(page, arcade, GAME)
    await open_saves(page)
    async with page.expect_download() as began:
        await page.click("#export-battery")
    path = tmp_path / "battery.srm"
    await (await began.value).save_as(path)
    assert path.stat().st_size == 8192


async def test_a_file_that_is_no_state_is_refused_in_words_and_the_game_goes_on(
    page: Page, arcade: Stack, tmp_path: Path
) -> None:
    (tmp_path / "nonsense.state").write_bytes(b"nonsense" * 5000)
    await play(page, arcade, GAME)
    await choose_players(page, "two")
    await open_saves(page)
    await page.set_input_files("#import-state", tmp_path / "nonsense.state")
    await page.wait_for_selector("#saves-said.wrong:not(:empty)")
    await page.keyboard.press("Escape")
    assert await chosen(page) == "two"
    await choose_players(page, "one")


async def test_a_pause_is_seen_by_all_with_who_made_it(page: Page, other: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    await page.evaluate("navigator.clipboard.writeText = async (text) => { window.link = text; }")
    await press_bar(page, "#share")
    await other.goto(await page.evaluate("window.link"))
    await state(other, "playing")
    await press(page, "p")
    for each in (page, other):
        await until(lambda each=each: each.inner_text("#badge"), "the pause is said")
        assert (await each.inner_text("#badge")).startswith("Paused by ")
    await page.screenshot(path=SCREENSHOTS / "paused.png")
    await press(other, "p")
    await until(lambda: page.locator("#badge:empty").count(), "the game goes on")


async def test_rewind_goes_back_and_reset_begins_anew(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    await choose_players(page, "two")
    await page.keyboard.down("r")
    await until(lambda: page.get_by_text("Rewinding").count(), "the way back is said")

    async def elsewhere() -> bool:
        return await chosen(page) != "two"

    await until(elsewhere, "the arrow is where it was before, or the screen is not drawn yet")
    await page.keyboard.up("r")
    await shows(page, "one")
    await choose_players(page, "two")
    for _ in range(2):  # the first press asks whether it is meant
        await press_bar(page, "#reset")
    await shows(page, "one")


async def test_fast_forward_is_shown_while_its_key_is_held(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    await page.locator("#stage").focus()
    await page.keyboard.down(" ")
    await until(lambda: page.locator("#badge:not(:empty)").count(), "the speed is said")
    await page.keyboard.up(" ")
    await until(lambda: page.locator("#badge:empty").count(), "the game runs as usual")
