"""The gateway in between: Chromium may use nothing but relay candidates, over each transport."""

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.e2e.arcade.stack import Stack, until
from tests.e2e.conftest import FLAGS, GAME, SCREENSHOTS
from tests.e2e.players.player import WATCH, brightness, choose, failure, go, play, state, video_stats, visit

LAMP = (20, 20, 24, 24)

ONE_WAY = """
for (const name of ["RTCPeerConnection"]) {
  const Original = window[name];
  window[name] = class extends Original {
    constructor(configuration = {}) {
      const wanted = (url) => /WAY/.test(url);
      const servers = (configuration.iceServers ?? [])
        .map((server) => ({ ...server, urls: [server.urls].flat().filter(wanted) }))
        .filter(({ urls }) => urls.length);
      super({ ...configuration, iceServers: servers });
    }
  };
}
"""
"""Leaves the page only the ICE servers of one transport, as a firewall would."""

PAIR = """async () => {
  const report = await testPeer.getStats();
  const transport = [...report.values()].find(({ type }) => type === "transport");
  const local = report.get(report.get(transport.selectedCandidatePairId).localCandidateId);
  return [local.candidateType, local.relayProtocol ?? ""];
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def relayed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Run a stack with a gateway in front of its worker."""
    stack = Stack(tmp_path_factory.mktemp("relayed"), wheel_games=False)
    try:
        await stack.start_gateway()
        yield await stack.start()
    finally:
        stack.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trusting() -> AsyncIterator[Browser]:
    """Start a browser that takes the test's certificate for good."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=[*FLAGS, "--ignore-certificate-errors"]
        )
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="session")
async def guest(trusting: Browser) -> AsyncIterator[Page]:
    context = await trusting.new_context()
    yield await context.new_page()
    await go(context)


@pytest.mark.alone
@pytest.mark.parametrize("way", ["udp", *(pytest.param(way, marks=pytest.mark.slow) for way in ("tcp", "tls"))])
async def test_twenty_seconds_through_the_gateway_without_a_freeze(guest: Page, relayed: Stack, way: str) -> None:
    pattern = {"udp": r"^turn:.*=udp$", "tcp": r"^turn:.*=tcp$", "tls": r"^turns:"}[way]
    await guest.add_init_script(ONE_WAY.replace("WAY", pattern))
    await play(guest, relayed, GAME, relay="1")
    assert await guest.evaluate(PAIR) == ["relay", way]
    await guest.keyboard.down("x")
    await until(lambda: lit(guest), "the lamp is lit through the gateway")
    await guest.keyboard.up("x")
    before = await video_stats(guest)
    await guest.evaluate(WATCH, 20)
    after = await video_stats(guest)
    seconds = (after["timestamp"] - before["timestamp"]) / 1000
    assert (after["framesDecoded"] - before["framesDecoded"]) / seconds >= 59
    assert after["freezeCount"] == before["freezeCount"]


async def lit(page: Page) -> bool:
    return await brightness(page, LAMP) > 200


async def test_the_direct_path_is_preferred(guest: Page, relayed: Stack) -> None:
    await play(guest, relayed, GAME)
    assert (await guest.evaluate(PAIR))[0] != "relay"


async def test_without_a_gateway_relay_only_says_so(page: Page, arcade: Stack) -> None:
    await visit(page, arcade, relay="1")
    await choose(page, GAME)
    assert "gateway" in (await failure(page)).lower()


async def test_a_gateway_that_dies_is_missed_by_those_who_use_it_alone(guest: Page, relayed: Stack) -> None:
    await play(guest, relayed, GAME)
    relayed.programs["turn"].kill()
    before = (await video_stats(guest))["framesDecoded"]

    async def goes_on() -> bool:
        return bool((await video_stats(guest))["framesDecoded"] > before + 60)

    await until(goes_on, "the direct picture goes on")
    await guest.screenshot(path=SCREENSHOTS / "direct.png")
    await guest.click("#leave")
    await state(guest, "library")
