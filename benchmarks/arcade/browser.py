"""A Chromium that behaves like a player's, driven by Playwright.

Frames are drawn by the processor and shown at 60 Hz whether there is a display or not, so figures of machines without
one can be compared.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure.report import BenchmarkError

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")

PROBE = Path(__file__).with_name("probe.js")
"""What is loaded into a page before its own scripts."""

VIEWPORT = (1280, 800)
PATIENCE_MS = 15_000.0
"""For whatever the page has to do; its own limits are shorter, and say what is wrong."""


@asynccontextmanager
async def chromium() -> AsyncIterator["Browser"]:
    """Run a browser until the end of the block. Raises BenchmarkError if there is none, or if it fails in the block."""
    try:
        from playwright.async_api import Error, async_playwright
    except ImportError as error:
        raise BenchmarkError("Playwright is not installed: run `make setup`.") from error
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        raise BenchmarkError("This benchmark needs Chromium: install it (on Debian: apt-get install chromium).")
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=executable, args=_arguments())
            try:
                yield browser
            finally:
                await browser.close()
    except Error as error:
        raise BenchmarkError(f"The browser failed: {error.message.splitlines()[0]}") from error


@asynccontextmanager
async def page_at(browser: "Browser", url: str) -> AsyncIterator["Page"]:
    """Open a fresh page with the probe, in the library and able to start a game."""
    width, height = VIEWPORT
    page = await browser.new_page(viewport={"width": width, "height": height})
    try:
        page.set_default_timeout(PATIENCE_MS)
        await page.add_init_script(path=PROBE)
        await page.goto(url)
        await in_state(page, "library")
        yield page
    finally:
        await page.close()


async def in_state(page: "Page", state: str) -> None:
    """Wait until the page is in this state. Raises BenchmarkError with the page's own words if it fails instead."""
    await page.wait_for_selector(f'html:is([data-state="{state}"], [data-state="failed"])', state="attached")
    if await page.get_attribute("html", "data-state") != state:
        raise BenchmarkError(f"The page says: {' '.join((await page.inner_text('#failure')).split())}")


async def play(page: "Page", game: str) -> None:
    """Click on the game's tile, and wait until it is played. Raises BenchmarkError."""
    await page.click(f'button.tile[data-game-id="{game}"]')
    await in_state(page, "playing")


async def leave(page: "Page") -> None:
    """Leave the game, and wait for the library."""
    await page.focus("#leave")  # its bar is away while nothing moves, and comes for the focus
    await page.click("#leave")
    await in_state(page, "library")


def _arguments() -> list[str]:
    arguments = [
        "--disable-gpu",
        "--disable-background-networking",
        "--autoplay-policy=no-user-gesture-required",
    ]
    # Chromium's sandbox refuses to run for root.
    return ["--no-sandbox", *arguments] if os.geteuid() == 0 else arguments
