import pytest

from benchmarks.arcade import browser
from benchmarks.measure.report import BenchmarkError


async def test_a_missing_browser_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "NAMES", ("no-such-browser",))
    with pytest.raises(BenchmarkError, match="needs Chromium: install it"):
        async with browser.chromium():
            pytest.fail("there is no such browser")


async def test_what_the_page_says_is_passed_on() -> None:
    async with browser.chromium() as chromium:
        page = await chromium.new_page()
        await page.set_content('<html data-state="failed"><p id="failure">The room\n is full.</p>')
        with pytest.raises(BenchmarkError, match=r"^The page says: The room is full\.$"):
            await browser.in_state(page, "playing")


async def test_a_fault_of_the_browser_is_one_sentence() -> None:
    async def play() -> None:
        async with browser.chromium() as chromium:
            page = await chromium.new_page()
            await page.evaluate("Promise.reject(new Error('the lamp stayed dark'))")

    with pytest.raises(BenchmarkError, match=r"^The browser failed: .*the lamp stayed dark$"):
        await play()
