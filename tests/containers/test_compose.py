"""The stack as an operator starts it, and a browser outside that plays through the published ports. In this order."""

import errno
import json
import os
import socket
import time

import pytest
from playwright.async_api import Browser, Page

from coinop.secrets import READ_BY
from tests.containers.arcade import PROGRAMS, Arcade
from tests.containers.conftest import SCREENSHOTS
from tests.e2e.arcade.stack import get, until
from tests.e2e.conftest import GAME
from tests.e2e.players.player import FRAME_TIMES, LEAVE, choose_players, first_frame, lit, play, shows, state
from tests.e2e.test_saves import press, quick_save

pytestmark = pytest.mark.asyncio

PAIR = """async () => {
  const report = await testPeer.getStats();
  const transport = [...report.values()].find(({ type }) => type === "transport");
  const local = report.get(report.get(transport.selectedCandidatePairId).localCandidateId);
  return [local.candidateType, testPeer.getConfiguration().iceServers.flatMap((server) => server.urls)];
}"""

BACK_SECONDS = 10.0
"""From a worker's end until the picture is back: a second without the worker is noticed, the rest is a new room."""


async def test_nothing_is_published_but_the_page_and_the_gateway(arcade: Arcade) -> None:
    published = set()
    for shown in arcade.engine.inspect(*arcade.containers()):
        for inside, places in shown["NetworkSettings"]["Ports"].items():
            published |= {(inside, place["HostPort"]) for place in places or []}
    turn = str(arcade.turn_port)
    assert published == {("8000/tcp", str(arcade.port)), ("3478/udp", turn), ("3478/tcp", turn)}


async def test_every_program_is_well_by_its_own_probe(arcade: Arcade) -> None:
    for container in arcade.running():
        command = arcade.engine.inspect(container)[0]["Config"]["Healthcheck"]["Test"]
        ended = arcade.engine.exec(container, *command[1:])
        assert ended.returncode == 0, f"{container}: {ended.stderr}"


async def test_every_program_is_nobody_with_no_rights_on_a_read_only_system(arcade: Arcade) -> None:
    running = arcade.running()
    assert len(running) == 4
    for container in running:
        shown = arcade.engine.inspect(container)[0]["HostConfig"]
        assert shown["ReadonlyRootfs"]
        assert not shown["Privileged"]
        assert shown["Memory"] > 0
        status = arcade.engine.exec(container, "cat", "/proc/1/status").stdout
        values = dict(line.split(":\t", 1) for line in status.splitlines())
        assert values["Uid"].split() == ["10001"] * 4
        assert int(values["CapBnd"], 16) == int(values["CapEff"], 16) == 0
        assert values["NoNewPrivs"] == "1"
        assert os.strerror(errno.EROFS) in arcade.engine.exec(container, "touch", "/opt/x").stderr


async def test_workers_reach_nothing_outside(arcade: Arcade) -> None:
    worker = arcade.containers("worker")[0]
    (network,) = arcade.engine.inspect(worker)[0]["NetworkSettings"]["Networks"]
    (shown,) = json.loads(arcade.engine.run("network", "inspect", network))
    assert {name.lower(): value for name, value in shown.items()}["internal"] is True
    script = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
    assert arcade.engine.exec(worker, "/opt/coinop/bin/python", "-c", script).returncode


async def test_a_browser_outside_plays_through_the_gateway(arcade: Arcade, page: Page) -> None:
    await play(page, arcade, GAME, relay="1")
    kind, urls = await page.evaluate(PAIR)
    assert kind == "relay"
    assert f"turn:localhost:{arcade.turn_port}?transport=udp" in urls
    await page.keyboard.down("x")
    await until(lambda: lit(page), "the lamp is lit through the gateway")
    SCREENSHOTS.mkdir(exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / "compose.png")
    await page.keyboard.up("x")
    await page.evaluate(LEAVE)


async def test_the_gateway_is_where_the_page_is(arcade: Arcade, page: Page) -> None:
    """By the machine's address in its network, as from another machine."""
    host = _own_address()
    arcade_there = _At(f"http://{host}:{arcade.port}/")
    await play(page, arcade_there, GAME, relay="1")
    kind, urls = await page.evaluate(PAIR)
    assert kind == "relay"
    assert all(url.startswith(f"turn:{host}:{arcade.turn_port}?") for url in urls)
    await page.evaluate(LEAVE)


async def test_a_game_outlives_its_worker(arcade: Arcade, page: Page) -> None:
    await page.add_init_script(FRAME_TIMES)
    await play(page, arcade, GAME, relay="1")
    await choose_players(page, "two")
    room = page.url
    await until(lambda: _snapshots(arcade) > 0, "the room has been snapped")
    killed = arcade.worker_of_the_room()
    at = time.time()
    arcade.engine.run("kill", killed)
    assert await first_frame(page, at) < BACK_SECONDS
    assert page.url == room
    assert arcade.worker_of_the_room() != killed
    await state(page, "playing")
    await page.screenshot(path=SCREENSHOTS / "after-a-kill.png")
    await page.evaluate(LEAVE)
    arcade.engine.run("start", killed)
    await until(lambda: json.loads(get(arcade.url + "api/status")[1])["workers"] == 2, "the worker is back")


async def test_saves_outlive_the_stack(arcade: Arcade, browser: Browser) -> None:
    context = await browser.new_context(viewport={"width": 1366, "height": 768})
    page = await context.new_page()
    await play(page, arcade, GAME, relay="1")
    await choose_players(page, "two")
    await quick_save(page)
    await page.evaluate(LEAVE)
    arcade.down()
    assert get(arcade.url + "ready")[0] == 0
    await arcade.up()
    await play(page, arcade, GAME, relay="1")
    await shows(page, "one")
    await press(page, "F4")
    await shows(page, "two")
    await page.evaluate(LEAVE)
    await context.close()


async def test_a_program_sees_its_own_secrets_and_no_other_s(arcade: Arcade) -> None:
    for service, program in PROGRAMS.items():
        for container in arcade.containers(service):
            assert arcade.secrets_of(container).keys() == {name.lower() for name in READ_BY[program]}


async def test_no_secret_is_in_a_log_or_in_what_the_engine_shows(arcade: Arcade) -> None:
    secrets = arcade.secrets()
    assert {"coinop_worker_token", "coinop_turn_secret", "coinop_admin_token"} <= secrets.keys()
    shown = json.dumps(arcade.engine.inspect(*arcade.containers()))
    said = "".join(map(arcade.engine.logs, arcade.containers()))
    assert said
    assert [name for name, value in secrets.items() if value in shown or value in said] == []


class _At:
    """The stack by another of the machine's addresses."""

    def __init__(self, url: str) -> None:
        self.url = url


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def _snapshots(arcade: Arcade) -> int:
    """How many snapshots of rooms are in the store."""
    listed = arcade.engine.exec(arcade.containers("worker")[0], "find", "/data/saves/store/rooms", "-type", "f").stdout
    return len(listed.split())
