"""Several people in one room: who sits where, who may come in, and what they see of each other."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.e2e.arcade.stack import Stack, until
from tests.e2e.conftest import GAME, SCREENSHOTS
from tests.e2e.players.player import dark, failure, go, lit, play, press_bar, state, visit

ROOM_LINK = """() => new Promise((resolve) => {
  navigator.clipboard.writeText = async (text) => resolve(text);
  document.getElementById("share").click();
})"""


class Friends:
    """More browsers, each with somebody in front of it."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.contexts: list[BrowserContext] = []

    async def page(self) -> Page:
        context = await self._browser.new_context(viewport={"width": 1366, "height": 768})
        self.contexts.append(context)
        return await context.new_page()

    async def join(self, room: str) -> Page:
        """Open the room's link, and see its picture."""
        page = await self.page()
        await page.goto(room)
        await state(page, "playing")
        return page


@pytest_asyncio.fixture(loop_scope="session")
async def friends(browser: Browser) -> AsyncIterator[Friends]:
    friends = Friends(browser)
    yield friends
    for context in friends.contexts:
        await go(context)


async def open_room(page: Page, arcade: Stack) -> str:
    """Start the game; the room's link."""
    await play(page, arcade, GAME)
    link: str = await page.evaluate(ROOM_LINK)
    return link


async def show_people(page: Page) -> None:
    if not await page.locator("#people").is_visible():
        await press_bar(page, "#toggle-people")


async def act(page: Page, label: str) -> None:
    """Press a button of the people panel."""
    await show_people(page)
    await page.locator("#people").get_by_role("button", name=label).click()


async def seated(page: Page, words: str) -> None:
    """Wait until the bar says so: "Player 2", "Watching"."""

    async def said() -> bool:
        return await page.inner_text("#seat") == words

    await until(said, f"the bar says {words}")


async def plays(key_page: Page, seen_by: Page) -> None:
    """Check that a press on one page is seen on the other."""
    await key_page.locator("#stage").focus()
    await key_page.keyboard.down("x")
    await until(lambda: lit(seen_by), "the lamp is on")
    await key_page.keyboard.up("x")
    await until(lambda: dark(seen_by), "the lamp is off")


async def test_two_people_play_in_one_room_and_see_each_other(page: Page, arcade: Stack, friends: Friends) -> None:
    friend = await friends.join(await open_room(page, arcade))
    await seated(page, "Player 1")
    await seated(friend, "Player 2")
    await plays(page, seen_by=friend)
    await plays(friend, seen_by=page)
    await show_people(page)
    rows = page.locator("#seats li")
    assert await rows.count() == 4
    assert "you" in await rows.nth(0).inner_text()
    assert "host" in await rows.nth(0).inner_text()
    assert "Free" in await rows.nth(2).inner_text()
    await page.screenshot(path=SCREENSHOTS / "people.png")


async def test_a_spectator_takes_a_seat_and_plays(page: Page, arcade: Stack, friends: Friends) -> None:
    friend = await friends.join(await open_room(page, arcade))
    for _ in range(3):  # presses of before must not count against those from the next seat
        await plays(friend, seen_by=page)
    await act(friend, "Get up and watch")
    await seated(friend, "Watching")
    assert not await friend.locator("#transport").is_visible()
    await friend.locator("#stage").focus()
    await friend.keyboard.down("x")
    await plays(page, seen_by=page)
    assert await dark(page), "who watches has no pad"
    await friend.keyboard.up("x")
    await act(friend, "Take seat 2")
    await seated(friend, "Player 2")
    await expect(friend.locator("#people :focus")).to_have_count(1)  # though the button that was pressed is gone
    await plays(friend, seen_by=page)


async def test_a_seat_is_handed_over_and_a_swap_wants_both(page: Page, arcade: Stack, friends: Friends) -> None:
    friend = await friends.join(await open_room(page, arcade))
    await act(page, "to swap seats")
    await until(lambda: friend.locator("#toast").inner_text(), "the friend is told")
    await act(friend, "Swap seats with")
    await seated(page, "Player 2")
    await seated(friend, "Player 1")
    await act(page, "Get up and watch")
    await act(friend, "Give your seat to")
    await seated(page, "Player 1")
    await seated(friend, "Watching")


async def test_names_are_text_and_change_for_all(page: Page, arcade: Stack, friends: Friends) -> None:
    friend = await friends.join(await open_room(page, arcade))
    await show_people(friend)
    await friend.fill("#nickname", "<b>Ada</b>")
    await friend.locator("#nickname").press("Tab")
    await show_people(page)
    await until(lambda: page.get_by_text("<b>Ada</b>").first.is_visible(), "the name, letter by letter")
    assert await page.locator("#seats b").count() == 0


async def test_a_locked_room_lets_nobody_new_in(page: Page, arcade: Stack, friends: Friends) -> None:
    room = await open_room(page, arcade)
    await show_people(page)
    await page.check("#locked")
    stranger = await friends.page()
    await stranger.goto(room)
    assert "lock" in (await failure(stranger)).lower()
    await page.uncheck("#locked")
    await stranger.click("#retry")
    await state(stranger, "playing")


async def test_a_listed_room_is_joined_from_the_lobby(page: Page, arcade: Stack, friends: Friends) -> None:
    await open_room(page, arcade)
    visitor = await friends.page()
    await visit(visitor, arcade)
    assert await visitor.locator(".room").count() == 0, "rooms are private until their host lists them"
    await show_people(page)
    await page.check("#listed")
    tile = visitor.locator(".room")
    await tile.wait_for()
    assert "1 playing, 3 free seats" in await tile.inner_text()
    await visitor.screenshot(path=SCREENSHOTS / "lobby-with-a-room.png")
    await tile.click()
    await state(visitor, "playing")
    await seated(visitor, "Player 2")


async def test_the_host_removes_somebody_and_hands_over(page: Page, arcade: Stack, friends: Friends) -> None:
    room = await open_room(page, arcade)
    friend = await friends.join(room)
    await until(lambda: friend.locator("#locked").is_disabled(), "only the host decides")
    await show_people(page)
    for _ in range(2):  # the first press asks whether it is meant
        await act(page, "Remove")
    assert "host" in (await failure(friend)).lower()
    await page.screenshot(path=SCREENSHOTS / "removed.png")
    other = await friends.join(room)
    await press_bar(page, "#leave")
    await until(lambda: other.locator("#locked").is_enabled(), "the host passes on")
    await plays(other, seen_by=other)


async def test_who_is_away_is_said_and_keeps_the_seat(page: Page, arcade: Stack, friends: Friends) -> None:
    friend = await friends.join(await open_room(page, arcade))
    await show_people(page)
    await friend.goto("about:blank")
    row = page.locator("#seats li").nth(1)

    async def away() -> bool:
        return "away" in await row.inner_text()

    await until(away, "the friend is away")
    await friend.goto(arcade.url)
    await state(friend, "playing")
    await seated(friend, "Player 2")
    await plays(friend, seen_by=page)
