"""A bad network between browser and worker: what is played stays playable, and nothing reconnects that needn't."""

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.e2e.arcade.stack import Stack, until
from tests.e2e.conftest import GAME
from tests.e2e.network.impairment import Impairment, Proxy, proxy
from tests.e2e.players.player import FRAME_TIMES, LISTEN, LONGEST_GAP, brightness, play
from tests.ports import free_port

pytestmark = pytest.mark.alone

LAMP = (20, 20, 24, 24)
TONE = 440.4

JITTER = 0.03
OUTAGE = 0.5
FREEZE = 0.5
"""Seconds: what a picture may stand still beyond an outage."""
TAPS = 12

COUNT_CONNECTED = """
window.connectedPeers = 0;
{
  const Original = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(...given) {
      super(...given);
      this.addEventListener("connectionstatechange", () => {
        if (this.connectionState === "connected" && !this.counted) {
          this.counted = true;
          window.connectedPeers++;
        }
      });
    }
  };
}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def far(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Stack, Proxy]]:
    """Run a stack whose gateway is reached over a bad network alone."""
    stack = Stack(tmp_path_factory.mktemp("far"), wheel_games=False)
    try:
        await stack.start_gateway()
        port = free_port()
        stack._settings["gateways"] = [f"turn:127.0.0.1:{port}?transport=udp"]
        async with proxy(port, stack.turn_port, Impairment()) as network:
            yield await stack.start(), network
    finally:
        stack.stop()


@pytest.fixture
def network(far: tuple[Stack, Proxy]) -> Proxy:
    far[1].impairment = Impairment()
    return far[1]


async def enter(page: Page, far: tuple[Stack, Proxy]) -> None:
    """Play, with everything through the proxy."""
    await page.add_init_script(FRAME_TIMES)
    await page.add_init_script(COUNT_CONNECTED)
    await play(page, far[0], GAME, relay="1")
    assert far[1].impairment.passed > 0


async def lamp_is(page: Page, lit: bool) -> None:
    async def seen() -> bool:
        return (await brightness(page, LAMP) > 200) if lit else (await brightness(page, LAMP) < 50)

    await until(seen, f"the lamp is {'lit' if lit else 'dark'}")


async def tap(page: Page, times: int) -> None:
    """Press and let go, each time until it is seen."""
    for _ in range(times):
        await page.keyboard.down("x")
        await lamp_is(page, True)
        await page.keyboard.up("x")
        await lamp_is(page, False)


async def tone_is_heard(page: Page) -> None:
    await page.keyboard.down("Shift")
    try:
        heard = await page.evaluate(LISTEN, 1.5)
    finally:
        await page.keyboard.up("Shift")
    assert abs(heard["pitch"] - TONE) < 6
    assert heard["decibels"] > -60


async def longest_freeze(page: Page, since: float) -> float:
    """Seconds between two frames that were shown, since then."""
    return float(await page.evaluate(LONGEST_GAP, 1000 * since)) / 1000


@pytest.mark.parametrize("loss", [0.01, 0.05])
async def test_losses_and_jitter_stick_no_button_stop_no_picture_and_reconnect_nobody(
    page: Page, far: tuple[Stack, Proxy], network: Proxy, loss: float
) -> None:
    await enter(page, far)
    network.impairment = Impairment(loss=loss, jitter=JITTER, seed=round(100 * loss))
    since = time.time()
    await tap(page, TAPS)
    await tone_is_heard(page)
    await page.wait_for_timeout(10_000)
    await lamp_is(page, False)
    assert network.impairment.lost > 0
    assert await longest_freeze(page, since) <= FREEZE
    assert await page.evaluate("connectedPeers") == 1


@pytest.mark.parametrize("loss", [0.0, 0.05])
async def test_an_outage_lasts_no_longer_than_it_does(
    page: Page, far: tuple[Stack, Proxy], network: Proxy, loss: float
) -> None:
    await enter(page, far)
    network.impairment = Impairment(loss=loss, jitter=JITTER if loss else 0, seed=7)
    await tap(page, 1)
    for held in (True, False):
        since = time.time()
        if held:
            await page.keyboard.down("x")
        network.go_dark(OUTAGE)
        await page.keyboard.up("x")  # in the dark: the room must learn of it when there is light again
        await page.wait_for_timeout(1000 * (OUTAGE + FREEZE))
        await lamp_is(page, False)
        await page.wait_for_timeout(1000)
        assert await longest_freeze(page, since) <= OUTAGE + FREEZE
    await tone_is_heard(page)
    await tap(page, 2)
    assert await page.evaluate("connectedPeers") == 1
