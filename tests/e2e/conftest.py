"""A real browser and a real stack for the tests that play."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.cores.build import build
from tests.e2e.arcade.stack import Stack, until
from tests.e2e.players.player import go
from worker.config import own_games

SCREENSHOTS = Path(__file__).parent / "screenshots"
"""What the tests saw, to be looked at; not kept in the repository."""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
]

GAME = "Comet Hares"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One loop for browser, stack and tests: Playwright's objects live on the loop that made them."""
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "These tests play in Chromium: install it, or run `make test`, which does so as root on Debian."
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """Give a page in a window of its own; afterwards leave with it, and with those that a failed test left open."""
    context = await browser.new_context(viewport={"width": 1366, "height": 768})
    page = await context.new_page()
    yield page
    for left in browser.contexts:
        await go(left)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """coinop with the games that it brings along, with test cores, and with game files that nobody can run."""
    folder = tmp_path_factory.mktemp("stack")
    cores, games = folder / "cores", folder / "games"
    cores.mkdir()
    games.mkdir()
    for name in ("echo", "crash", "hang", "hardware"):
        build(name, cores)
        (games / f"{name.title()}.{name}").write_bytes(name.encode() * 64)
    (games / "Empty.nes").write_bytes(b"")
    (games / "Noise.nes").write_bytes(bytes(range(256)) * 64)
    (games / "Truncated.nes").write_bytes((own_games() / "nes" / f"{GAME}.nes").read_bytes()[:5000])
    stack = Stack(
        folder,
        games=[str(own_games()), str(games)],
        cores=[str(cores)],
        core_overrides={name: name for name in ("echo", "crash", "hang", "hardware")},
        capacity=4,
    )
    try:
        yield await stack.start()
    finally:
        stack.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def arcade(stack: Stack) -> AsyncIterator[Stack]:
    """Give the stack with every room closed, before the test and after it."""
    await until(stack.idle, f"every room is closed; {stack.log()}")
    yield stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """coinop with two workers, "worker" and "second", which keep saves and snapshots in one place."""
    folder = tmp_path_factory.mktemp("pair")
    stack = Stack(folder, games=[str(own_games())], capacity=2)
    try:
        await stack.start()
        yield stack
    finally:
        stack.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def two_workers(pair: Stack) -> AsyncIterator[Stack]:
    """Give the pair with both workers up and every room closed."""
    if pair.programs["worker"].poll() is not None:
        pair.start_worker()
    if "second" not in pair.programs or pair.programs["second"].poll() is not None:
        pair.start_worker("second")
    await until(lambda: pair.status()["workers"] == 2, f"both workers are up; {pair.log()}")
    await until(lambda: pair.status()["rooms"] == 0, f"every room is closed; {pair.log()}")
    yield pair
