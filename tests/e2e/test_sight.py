"""What the page says can be seen, and what can be done can be reached: at every width, over dialogs, by keyboard."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.e2e.arcade.stack import Stack, until
from tests.e2e.conftest import GAME, SCREENSHOTS
from tests.e2e.players.player import choose, failure, go, play, press_bar, state, visit

OUT_OF_REACH = """() => [...document.querySelectorAll("#bar button, #transport button")].filter((button) => {
  const { left, right, width } = button.getBoundingClientRect();
  return width > 0 && (left < 0 || right > innerWidth);
}).map((button) => button.id)"""

COVERED = """(id) => {
  const element = document.getElementById(id);
  const { left, top, width, height } = element.getBoundingClientRect();
  const front = document.elementFromPoint(left + width / 2, top + height / 2);
  return !element.contains(front);
}"""

FOCUSED = "document.activeElement.ariaLabel ?? document.activeElement.id"


async def test_the_bar_is_in_reach_at_every_width(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    for width in (1920, 1366, 1100, 1024, 900, 683, 560, 480, 400, 360):
        await page.set_viewport_size({"width": width, "height": 700})
        assert await page.evaluate(OUT_OF_REACH) == [], f"at {width} px"
        assert await page.locator("#playing-settings").is_visible()
    await page.screenshot(path=SCREENSHOTS / "narrow.png")


async def test_every_button_of_a_phone_has_a_name(browser: Browser, arcade: Stack) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = await context.new_page()
    await play(page, arcade, GAME)
    await page.get_by_role("button", name="Leave").wait_for()
    assert '- button "' in await page.locator("#bar").aria_snapshot()
    assert "- button:" not in await page.locator("#bar").aria_snapshot()
    await go(context)


async def test_the_smallest_phone_has_every_button(browser: Browser, arcade: Stack) -> None:
    context = await browser.new_context(viewport={"width": 320, "height": 568}, has_touch=True, is_mobile=True)
    page = await context.new_page()
    await play(page, arcade, GAME)
    await page.locator("#touch").wait_for()
    assert await page.evaluate(OUT_OF_REACH) == []
    await page.screenshot(path=SCREENSHOTS / "small-phone.png")
    await page.click("#toggle-people")
    await page.get_by_role("button", name="Get up and watch").click()
    await page.locator("#touch").wait_for(state="hidden")
    await go(context)


async def test_words_over_the_game_cover_no_button(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    await press_bar(page, "#quick-save")
    await page.get_by_text("Saved.").wait_for()
    for button in ("pause", "reset", "quick-save", "quick-load"):
        assert not await page.evaluate(COVERED, button), f"{button} can be pressed"


async def test_words_are_seen_over_an_open_dialog(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    await page.evaluate("() => { navigator.clipboard.writeText = async () => { throw new Error('no'); }; }")
    await press_bar(page, "#open-saves")
    await page.evaluate("document.getElementById('share').click()")
    await page.get_by_text("copy it yourself").wait_for()
    assert not await page.evaluate(COVERED, "toast")
    await page.keyboard.press("Escape")
    assert "#room=" in await page.inner_text("#toast")

    async def seen() -> bool:
        return not await page.evaluate(COVERED, "toast")

    await until(seen, "the words are over the page, where the dialog was")


async def test_a_refused_file_is_said_where_files_are_chosen(page: Page, arcade: Stack, tmp_path: Path) -> None:
    (tmp_path / "nonsense.state").write_bytes(b"nonsense" * 5000)
    await play(page, arcade, GAME)
    await press_bar(page, "#open-saves")
    await page.locator("#import-battery").scroll_into_view_if_needed()
    await page.set_input_files("#import-state", tmp_path / "nonsense.state")
    await page.wait_for_selector("#saves-said.wrong:not(:empty)")
    assert not await page.evaluate(COVERED, "saves-said")


async def test_settings_can_be_left_from_wherever_one_is_in_them(page: Page, arcade: Stack) -> None:
    await page.set_viewport_size({"width": 844, "height": 390})
    await visit(page, arcade)
    await page.click("#open-settings")
    await page.locator("#test").scroll_into_view_if_needed()
    await page.get_by_role("button", name="Done").click(timeout=5000)
    await page.locator("#settings").wait_for(state="hidden")


async def test_a_tap_on_the_bar_does_not_keep_it(browser: Browser, arcade: Stack) -> None:
    context = await browser.new_context(viewport={"width": 844, "height": 390}, has_touch=True, is_mobile=True)
    page = await context.new_page()
    await play(page, arcade, GAME)
    await page.tap("#mute")
    await page.locator("#play.idle").wait_for(state="attached")
    await go(context)


async def test_the_focus_goes_where_one_goes_on(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    await press_bar(page, "#open-saves")
    await page.get_by_role("button", name="Save into Slot 2").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Save over Slot 2").wait_for()
    assert await page.evaluate(FOCUSED) == "Save over Slot 2"
    await page.keyboard.press("Escape")
    await press_bar(page, "#leave")
    await state(page, "library")
    assert GAME in await page.evaluate("document.activeElement.textContent")


async def test_saves_that_the_browser_will_not_find_again_are_not_called_safe(page: Page, arcade: Stack) -> None:
    await page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })")
    await play(page, arcade, GAME)
    await press_bar(page, "#quick-save")
    await page.get_by_text("Saved.").wait_for()
    assert "note the code" in await page.inner_text("#toast")
    await press_bar(page, "#open-saves")
    await page.locator("#store-said", has_text="note the code").wait_for()


@pytest.mark.parametrize("size", [(390, 844), (844, 390)])
async def test_stats_leave_the_touch_pad_free(browser: Browser, arcade: Stack, size: tuple[int, int]) -> None:
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=True, is_mobile=True)
    page = await context.new_page()
    await page.add_init_script("localStorage.setItem('coinop.settings', JSON.stringify({ stats: true }))")
    await play(page, arcade, GAME)
    await page.locator("#stats div").first.wait_for()
    stats, dpad = await page.locator("#stats").bounding_box(), await page.locator(".dpad").bounding_box()
    assert stats
    assert dpad
    assert stats["x"] >= dpad["x"] + dpad["width"] or stats["y"] + stats["height"] <= dpad["y"]
    await go(context)


async def test_a_second_tab_takes_the_game_and_the_first_does_not_open_another(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    ticket = await page.evaluate("sessionStorage.getItem('coinop.ticket')")
    second = await page.context.new_page()
    await second.goto(arcade.url + "health")
    await second.evaluate("(ticket) => sessionStorage.setItem('coinop.ticket', ticket)", ticket)
    await second.goto(arcade.url)
    await state(second, "playing")
    assert "elsewhere" in await failure(page)
    assert not await page.locator("#retry").is_visible()
    await until(lambda: arcade.status()["rooms"] == 1, "there is one room")
    await page.click("#dismiss")
    await state(page, "library")


async def test_a_room_that_is_gone_is_called_so(page: Page, arcade: Stack) -> None:
    await visit(page, arcade, room="A" * 22)
    words = await failure(page)
    assert "can't come into this room" in words
    assert "does not exist" in words
    await page.click("#dismiss")
    await state(page, "library")
    await choose(page, GAME)
    await state(page, "playing")
