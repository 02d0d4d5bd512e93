"""A real cluster of one node: coinop is installed as docs/deploy.md says, and played while its pods come and go.

`make test-cluster` runs this where KUBECONFIG leads to one that has the images and may be given the namespace `coinop`.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.e2e.arcade.stack import get, until
from tests.e2e.conftest import GAME, SCREENSHOTS
from tests.e2e.players.player import choose_players, dark, lit, play, shows, state
from tests.k8s.rendering import K8S, kubectl

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

OVERLAY = str(K8S / "overlays/local")
MINUTES = 300.0
"""Seconds that a rollout may take."""

RELAYED = "(async () => [...(await testPeer.getStats()).values()]"
RELAYED += ".filter((report) => report.type === 'local-candidate').map((report) => report.candidateType))()"


async def k(*words: str) -> str:
    """Run kubectl, and give its output. Raises AssertionError."""
    command = [kubectl(), "--namespace", "coinop", *words]
    process = await asyncio.create_subprocess_exec(*command, stdout=-1, stderr=-1)
    out, error = await process.communicate()
    assert process.returncode == 0, f"{' '.join(words)}: {error.decode()}"
    return out.decode()


async def rolled_out(*programs: str) -> None:
    for program in programs:
        await k("rollout", "status", f"deployment/coinop-{program}", f"--timeout={MINUTES:.0f}s")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def arcade() -> AsyncIterator[Any]:
    """Install an arcade for these tests alone, and give its page's address."""
    assert "KUBECONFIG" in os.environ, "say which cluster: KUBECONFIG=... make test-cluster"
    assert not await k("get", "namespace", "coinop", "--ignore-not-found"), "the namespace `coinop` is somebody's"
    await k("apply", "--kustomize", OVERLAY)
    try:
        await rolled_out("turn", "coordinator", "worker")
        (node, *_) = json.loads(await k("get", "nodes", "--output=json"))["items"]
        address = next(a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP")
        yield SimpleNamespace(url=f"http://{address}:30800/")
    finally:
        await k("scale", "deployment/coinop-worker", "deployment/coinop-turn", "--replicas=0")
        await k("wait", "--for=delete", "pod", "--selector=app.kubernetes.io/name=coinop-turn", "--timeout=15m")
        await k("delete", "--kustomize", OVERLAY, "--ignore-not-found")


@pytest_asyncio.fixture(loop_scope="session")
async def game(arcade: Any, page: Page) -> Page:
    """Start a game, and choose two players, by which its title screen is known again."""
    await play(page, arcade, GAME)
    await choose_players(page, "two")
    return page


async def goes_on(page: Page) -> None:
    """Check that it is the same game, and that it can be played."""
    await state(page, "playing", MINUTES)
    await shows(page, "two")
    await page.keyboard.down("x")
    await until(lambda: lit(page), "the lamp is lit")
    await page.keyboard.up("x")
    await until(lambda: dark(page), "the lamp is dark")


async def busiest() -> str:
    """Find the worker with the most players, which it has noted at its pod."""
    pods = json.loads(await k("get", "pods", "--selector=app.kubernetes.io/name=coinop-worker", "--output=json"))

    def cost(pod: Any) -> int:
        return int(pod["metadata"].get("annotations", {}).get("controller.kubernetes.io/pod-deletion-cost", "0"))

    pod = max(pods["items"], key=cost)
    return str(pod["metadata"]["name"]) if cost(pod) else ""


async def test_a_game_is_played_by_the_gateway_alone(game: Page) -> None:
    await goes_on(game)
    assert set(await game.evaluate(RELAYED)) == {"relay"}
    SCREENSHOTS.mkdir(exist_ok=True)
    await game.screenshot(path=SCREENSHOTS / "cluster.png")


@pytest.mark.parametrize("how", [(), ("--force", "--grace-period=0")], ids=["told", "forced"])
async def test_a_game_outlives_its_worker(game: Page, how: tuple[str, ...]) -> None:
    worker = await until(busiest, "a worker notes that it has a player", 60)
    await k("delete", "pod", worker, "--wait=false", *how)
    await k("wait", "--for=delete", f"pod/{worker}", "--timeout=2m")
    await goes_on(game)
    await rolled_out("worker")


@pytest.mark.parametrize("program", ["worker", "turn", "coordinator"])
async def test_a_game_outlives_a_new_version(game: Page, arcade: Any, program: str) -> None:
    await k("rollout", "restart", f"deployment/coinop-{program}")
    await rolled_out(program)
    await goes_on(game)
    await until(lambda: get(f"{arcade.url}ready")[0] == 200, "the next player can come")
