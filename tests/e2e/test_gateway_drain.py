"""A gateway is told to end while somebody plays through it: the game goes on, in the same seat, by the next gateway."""

import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.e2e.arcade.stack import Stack, get, until
from tests.e2e.conftest import GAME
from tests.e2e.network.service import Service
from tests.e2e.players.player import FRAME_TIMES, LONGEST_GAP, choose, choose_players, first_frame, shows, state, visit
from tests.e2e.test_relay import PAIR

GRACE = 8
"""Seconds that a gateway serves on; for half of them it sends its clients away."""
STANDS_STILL = 0.7
"""Seconds. A page that is told stands still for some 0.2; one that has to find out by itself, for more than one."""
TRIES = 3


@dataclass
class Pods:
    """Gateways with one port before them."""

    stack: Stack
    ports: dict[str, int] = field(default_factory=dict)
    health: dict[str, int] = field(default_factory=dict)
    ready: list[str] = field(default_factory=list)
    """By name; as a Service has them from their readiness probes."""

    async def start(self, name: str) -> None:
        await self.stack.start_gateway(name, grace_seconds=GRACE)
        self.ports[name], self.health[name] = self.stack.turn_port, self.stack.health_port
        self.ready.append(name)

    def addresses(self) -> list[int]:
        return [self.ports[name] for name in self.ready]

    async def end(self, name: str) -> None:
        """SIGTERM; its probe fails, and the Service sends nobody new to it."""
        self.stack.programs[name].send_signal(signal.SIGTERM)
        probe = f"http://127.0.0.1:{self.health[name]}/ready"
        await until(lambda: get(probe)[0] == 503, "it is not ready any more")
        self.ready.remove(name)


@pytest_asyncio.fixture(loop_scope="session")
async def pods(tmp_path: Path) -> AsyncIterator[Pods]:
    """Run a stack that is reached through two gateways, and in no other way."""
    stack = Stack(tmp_path)
    pods = Pods(stack)
    try:
        for name in ("turn", "turn2"):
            await pods.start(name)
        async with Service(pods.addresses) as service:
            stack.start_coordinator()
            stack.start_worker(gateways=[f"turn:127.0.0.1:{service.port}?transport=udp"])
            await until(lambda: get(stack.url + "ready")[0] == 200, f"the stack is ready; {stack.log()}")
            yield pods
    finally:
        stack.stop()


async def leave(pods: Pods, page: Page) -> float:
    """End the gateway that the page comes by; the longest time without a frame until it is gone."""
    name = pods.ready[0]
    began = time.time()
    await pods.end(name)
    program = pods.stack.programs[name]
    await until(lambda: program.poll() is not None, f"the gateway ends; {pods.stack.log()}", GRACE + 20)
    assert program.returncode == 0
    await first_frame(page, began)
    await state(page, "playing")
    await shows(page, "two")
    gap: float = await page.evaluate(LONGEST_GAP, 1000 * began)
    return gap / 1000


@pytest.mark.alone
@pytest.mark.timeout(240)
async def test_the_game_goes_on_by_the_next_gateway(pods: Pods, page: Page) -> None:
    await page.add_init_script(FRAME_TIMES)
    await visit(page, pods.stack, relay="1")
    await choose(page, GAME)
    await state(page, "playing")
    assert await page.evaluate(PAIR) == ["relay", "udp"]
    await choose_players(page, "two")

    found = [await leave(pods, page)]
    while found[-1] > STANDS_STILL and len(found) < TRIES:
        await pods.start(f"turn{len(found) + 2}")
        found.append(await leave(pods, page))

    assert found[-1] <= STANDS_STILL, found
    assert await page.evaluate(PAIR) == ["relay", "udp"]
    assert await page.inner_text("#seat") == "Player 1"
    assert pods.stack.status()["rooms"] == 1
