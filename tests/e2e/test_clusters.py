"""Two clusters and one coordinator: players land where they are near, and a cluster that dies costs nobody a game.

No root is needed where users may make namespaces of their own; where they may not, root runs these tests.
"""

import re
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.e2e.arcade.clusters import CLUSTERS, OTHER_POD, POD, Clusters
from tests.e2e.arcade.stack import until
from tests.e2e.conftest import FLAGS, GAME, SCREENSHOTS
from tests.e2e.network import namespaces
from tests.e2e.players.player import choose, choose_players, go, press_bar, shows, state, visit
from tests.e2e.test_resume import playing_again

pytestmark = pytest.mark.skipif(
    not namespaces.can_be_made(),
    reason="needs networks of its own: root, or a kernel that lets users make namespaces; and util-linux and iproute2",
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clusters(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clusters]:
    clusters = Clusters(tmp_path_factory.mktemp("clusters"))
    try:
        yield await clusters.start()
    finally:
        clusters.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browsers(clusters: Clusters) -> AsyncIterator[dict[str, Browser]]:
    """One near each cluster."""
    async with async_playwright() as playwright:
        browsers = {
            name: await playwright.chromium.launch(executable_path=clusters.chromium_near(name), args=FLAGS)
            for name in CLUSTERS
        }
        yield browsers
        for browser in browsers.values():
            await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def pages(clusters: Clusters, browsers: dict[str, Browser]) -> AsyncIterator[dict[str, Page]]:
    """Open a page near each cluster, which has measured both."""
    pages = {name: await browser.new_page() for name, browser in browsers.items()}
    for page in pages.values():
        await visit(page, clusters)
        await delays(page)
    yield pages
    for page in pages.values():
        await go(page.context)
    await until(lambda: clusters.status()["rooms"] == 0, f"every room is closed; {clusters.log()}")


async def delays(page: Page) -> dict[str, int]:
    """Read what the settings say of the regions, as soon as both are measured."""

    async def measured() -> dict[str, int] | None:
        labels = await page.locator("#region-list label").all_text_contents()
        found = [re.fullmatch(r"(\w+): (\d+) ms", label) for label in labels]
        known = {match[1]: int(match[2]) for match in found if match}
        return known if len(known) == len(CLUSTERS) else None

    measured_delays: dict[str, int] = await until(measured, "both regions are measured")
    return measured_delays


async def region(page: Page) -> str:
    """Where the page says that its room is."""
    found: str = await until(lambda: page.evaluate("coinop.stats()?.region"), "the page knows its room's region")
    return found


async def test_players_land_in_the_cluster_that_they_are_near(clusters: Clusters, pages: dict[str, Page]) -> None:
    for near, page in pages.items():
        measured = await delays(page)
        assert min(measured, key=measured.__getitem__) == near, measured
        await choose(page, GAME)
        await state(page, "playing")
        assert await region(page) == near


async def test_a_player_may_choose_the_other_cluster(clusters: Clusters, pages: dict[str, Page]) -> None:
    page = pages["east"]
    await page.click("#open-settings")
    await page.locator("#region-list label", has_text="west").click()
    await page.screenshot(path=SCREENSHOTS / "regions.png")
    await page.get_by_role("button", name="Done").click()
    await page.reload()
    await state(page, "library")
    assert await page.locator("#region-list :checked").get_attribute("value") == "west"
    await choose(page, GAME)
    await state(page, "playing")
    assert await region(page) == "west"
    await press_bar(page, "#toggle-stats")
    assert await page.locator("#stats").get_by_text("west").count() == 1


@pytest.mark.parametrize(("gateway", "other"), [("east", "west"), ("west", "east")])
async def test_a_gateway_reaches_its_own_workers_and_refuses_the_others(
    clusters: Clusters, gateway: str, other: str
) -> None:
    assert await clusters.asked(gateway, POD) == 0
    assert await clusters.asked(gateway, OTHER_POD[gateway]) == 0
    assert await clusters.asked(gateway, OTHER_POD[other]) == 403


async def test_the_players_of_a_cluster_that_dies_go_on_in_the_other(
    clusters: Clusters, pages: dict[str, Page]
) -> None:
    for page in pages.values():
        await choose(page, GAME)
        await state(page, "playing")
        await choose_players(page, "two")
    changed = time.time()
    await until(lambda: clusters.kept_since(changed) == len(pages), "a snapshot of both games is kept")
    assert await region(pages["west"]) == "west"
    clusters.lose("west")
    await state(pages["west"], "resuming")
    await playing_again(pages["west"])
    assert clusters.playing("east") == 2
    assert await pages["west"].inner_text("#seat") == "Player 1"
    await pages["west"].screenshot(path=SCREENSHOTS / "other-cluster.png")
    await shows(pages["east"], "two")
    assert await pages["east"].evaluate("document.documentElement.dataset.state") == "playing"
