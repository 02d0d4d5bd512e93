"""What the page says where nothing can be played: it arrived in part, its browser lacks something, the arcade is full.

A coordinator and a worker that runs nothing are all that it takes.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, Route, expect

from coordinator.app import create_app
from coordinator.config import Config
from coordinator.http.static import add_pages
from coordinator.messages import Game, Library, Register, encode
from tests.e2e.players.player import failure, state
from worker.library.library import in_parts

TOKEN = "a token of 26 characters.."
ADMIN_TOKEN = "another of 26 characters.."

NO_STORAGE = """
for (const name of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("switched off", "SecurityError"); } });
}
"""
FULL_STORAGE = """
Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
"""


class Lobby:
    """A coordinator, and the worker that fills its library."""

    def __init__(self, server: TestServer, http: aiohttp.ClientSession) -> None:
        self.url = str(server.make_url("/"))
        self.http = http
        self._workers: list[asyncio.Task[None]] = []

    async def shelve(self, *games: Game) -> None:
        """Register a worker that has these games."""
        registered = asyncio.Event()
        self._workers.append(asyncio.create_task(self._work(games, registered)))
        await registered.wait()

    async def _work(self, games: tuple[Game, ...], registered: asyncio.Event) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with self.http.ws_connect(f"{self.url}ws/worker", headers=headers) as socket:
            first, *rest = in_parts(games)
            await socket.send_str(encode(Register(name="shelf", capacity=1, games=first.games, more=first.more)))
            for part in rest:
                await socket.send_str(encode(Library(games=part.games, more=part.more)))
            async for _ in socket:
                registered.set()

    async def close(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)


@pytest.fixture
def settings() -> dict[str, Any]:
    """Of the coordinator; to be overridden."""
    return {}


@pytest_asyncio.fixture(loop_scope="session")
async def lobby(settings: dict[str, Any]) -> AsyncIterator[Lobby]:
    config = Config(**{"worker_token": TOKEN, "admin_token": ADMIN_TOKEN, **settings})
    async with TestServer(create_app(config)) as server, aiohttp.ClientSession() as http:
        lobby = Lobby(server, http)
        yield lobby
        await lobby.close()


def shelf(name: str, count: int) -> list[Game]:
    return [Game(id=f"{name}{number:063}", title=f"{name} {number}", system="NES") for number in range(count)]


@pytest.mark.parametrize("page_name", ["", "admin"])
@pytest.mark.parametrize("missing", ["**/dom.js", "**/style.css"])
async def test_a_page_that_never_arrives_whole_says_so_and_comes_when_it_can(
    page: Page, lobby: Lobby, page_name: str, missing: str
) -> None:
    async def cut(route: Route) -> None:
        await route.abort("connectionreset")

    await page.route(missing, cut)
    await page.goto(lobby.url + page_name)
    again = page.get_by_role("button", name="Load it again")
    await expect(again).to_be_focused()
    await page.unroute(missing)
    await again.click()
    await expect(again).to_have_count(0)
    await state(page, "token" if page_name else "library")


async def test_what_the_page_is_yet_to_read_does_not_cover_the_words(page: Page) -> None:
    root = Config(worker_token=TOKEN).web_root
    whole = (root / "index.html").read_text()
    head, tail = whole.split('<section id="play"')
    go_on = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        await response.write(head.encode())
        await go_on.wait()
        await response.write(f'<section id="play"{tail}'.encode())
        return response

    async def cut(route: Route) -> None:
        await route.abort("connectionreset")

    app = web.Application()
    app.router.add_get("/", slow)
    add_pages(app, root)
    await page.route("**/style.css", cut)
    async with TestServer(app) as server:
        await page.goto(str(server.make_url("/")), wait_until="commit")
        again = page.get_by_role("button", name="Load it again")
        await expect(again).to_be_focused()
        go_on.set()
        await page.wait_for_load_state("domcontentloaded")
        await expect(page.locator("#play")).to_be_hidden()
        await expect(again).to_be_focused()
        await page.unroute("**/style.css")
        await again.click()
        await state(page, "connecting")


async def test_a_page_that_the_network_cut_comes_by_itself(page: Page, lobby: Lobby) -> None:
    cuts = 0

    async def cut_at_first(route: Route) -> None:
        nonlocal cuts
        cuts += 1
        await (route.abort("connectionreset") if cuts <= 2 else route.continue_())

    await page.route("**/dom.js", cut_at_first)
    await page.goto(f"{lobby.url}?relay=1")
    await state(page, "library")
    assert page.url == f"{lobby.url}?relay=1"
    assert await page.evaluate("history.state") is None


async def test_a_page_that_has_arrived_is_not_given_up_later(page: Page, lobby: Lobby) -> None:
    await page.clock.install()
    await page.goto(lobby.url)
    await state(page, "library")
    await page.clock.fast_forward(60_000)
    await expect(page.get_by_role("main")).to_be_visible()
    await expect(page.locator("#unloaded")).to_have_count(0)


async def test_a_browser_that_can_not_run_it_is_told_so(page: Page, lobby: Lobby) -> None:
    await page.add_init_script("delete window.ResizeObserver")
    await page.goto(lobby.url, wait_until="load")
    await expect(page.get_by_role("alert").filter(has_text="could not be loaded")).to_be_visible()


async def test_two_long_libraries_are_one_shelf(page: Page, lobby: Lobby) -> None:
    await page.goto(lobby.url)
    for name in ("Ash", "Birch"):
        await lobby.shelve(*shelf(name, 10_000))
    await expect(page.locator("#count")).to_have_text("20000 games")
    await page.reload()
    await state(page, "library")
    assert await page.inner_text("#count") == "20000 games"
    tiles = page.locator(".tile")
    made = await tiles.count()
    assert made < 1000  # the others are made when somebody comes near to them
    await tiles.last.scroll_into_view_if_needed()
    await expect(tiles.nth(made).locator(".tile-title")).to_have_text(f"Ash {made}")
    made = await tiles.count()
    await lobby.shelve(*shelf("Cedar", 1))
    await expect(page.locator("#count")).to_have_text("20001 games")
    assert await tiles.count() >= made  # who has come far down stays there
    await page.fill("#search", "Birch 9999")
    await expect(tiles).to_have_count(1)
    await page.fill("#search", "")
    await expect(page.locator("#count")).to_have_text("20001 games")


@pytest.mark.parametrize("settings", [{"max_players": 1}])
async def test_an_arcade_that_is_full_says_so_and_lets_in_by_itself_who_waited(page: Page, lobby: Lobby) -> None:
    async with lobby.http.ws_connect(f"{lobby.url}ws/player"):
        await page.goto(lobby.url)
        assert "full at the moment" in await failure(page)
    await state(page, "library")


@pytest.mark.parametrize("script", [NO_STORAGE, FULL_STORAGE])
async def test_where_nothing_can_be_kept_there_are_games_all_the_same(page: Page, lobby: Lobby, script: str) -> None:
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    await lobby.shelve(*shelf("Ash", 1))
    await page.add_init_script(script)
    await page.goto(f"{lobby.url}?codec=%ff&scale=abc&relay=maybe&room=")
    await state(page, "library")
    await page.click("#open-settings")
    await page.get_by_text("VP8").click()
    await page.click("#show-code")
    await expect(page.locator("#code")).to_have_text(re.compile(r"(\w{5}-){4}\w{6}"))
    await page.goto(f"{lobby.url}admin")
    await page.fill("#token", ADMIN_TOKEN)
    await page.click("#ask button")
    await expect(page.locator("#workers tbody tr")).to_have_count(1)
    assert wrong == []


async def test_a_browser_without_webrtc_is_told_what_it_lacks(page: Page, lobby: Lobby) -> None:
    await lobby.shelve(*shelf("Ash", 1))
    await page.add_init_script("delete window.RTCPeerConnection")
    await page.goto(lobby.url)
    await page.get_by_role("button", name="Play Ash").click()
    assert "WebRTC" in await failure(page)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")  # back to the games
    await state(page, "library")
    await expect(page.get_by_role("button", name="Play Ash")).to_be_focused()
