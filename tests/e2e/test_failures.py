"""What goes wrong is said in words where a person sees it, the seat comes free, and everybody else plays on."""

import asyncio
import json
import os
import re
import signal
import struct
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Page

from tests.e2e.arcade.stack import Stack, plays, rooms_of, until
from tests.e2e.conftest import GAME, SCREENSHOTS
from tests.e2e.players.player import choose, failure, go, play, state, video_stats, visit


async def frames(page: Page) -> int:
    return int((await video_stats(page))["framesDecoded"])


async def goes_on(page: Page) -> None:
    """Check that the picture still moves."""
    before = await frames(page)

    async def later() -> bool:
        return await frames(page) > before + 30

    await until(later, "the picture goes on")


async def says(page: Page, pattern: str) -> bool:
    """Whether the page's words match."""
    return re.search(pattern, await page.inner_text("body"), re.IGNORECASE) is not None


async def refusals(socket: aiohttp.ClientWebSocketResponse) -> list[str]:
    """Collect the codes of all that the socket says until it closes."""
    return [json.loads(message.data)["code"] async for message in socket]


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Empty", "empty"),
        ("Noise", "Noise.nes"),
        ("Truncated", "Truncated.nes"),
        ("Hardware", "GPU"),
    ],
)
async def test_a_game_that_cannot_run_says_why(page: Page, arcade: Stack, title: str, words: str) -> None:
    await visit(page, arcade)
    await choose(page, title)
    said = await failure(page)
    assert words in said
    assert str(arcade.folder) not in said, "no path of the server"
    await until(arcade.idle, "the seat is free")
    await page.click("#dismiss")
    await state(page, "library")


@pytest.mark.parametrize(("title", "words"), [("Crash", "core crashed"), ("Hang", "core hangs")])
async def test_a_core_that_fails_again_and_again_is_given_up_and_takes_nobody_along(
    page: Page, browser: Browser, arcade: Stack, title: str, words: str
) -> None:
    context = await browser.new_context()
    neighbour = await context.new_page()
    await play(neighbour, arcade, GAME)
    await play(page, arcade, title)
    assert words in await failure(page, seconds=60)  # after three lives, each with a hang to be noticed
    await page.screenshot(path=SCREENSHOTS / f"failure-{title.lower()}.png")
    await goes_on(neighbour)
    await until(lambda: arcade.status()["rooms"] == 1, "the seat is free")
    await page.click("#retry")
    await state(page, "playing")
    await go(context)


async def test_all_seats_taken_says_so_and_a_freed_seat_can_be_had(page: Page, browser: Browser, arcade: Stack) -> None:
    contexts = []
    for _ in range(4):
        contexts.append(await browser.new_context())
        await play(await contexts[-1].new_page(), arcade, "Echo")
    await visit(page, arcade)
    await choose(page, "Echo")
    assert "seat" in (await failure(page)).lower()
    await go(contexts.pop())
    await until(lambda: arcade.status()["rooms"] == 3, "a seat is free")
    await page.click("#retry")
    await state(page, "playing")
    for context in contexts:
        await go(context)


async def test_a_killed_room_goes_on_by_itself_and_the_others_play_on(
    page: Page, browser: Browser, arcade: Stack
) -> None:
    context = await browser.new_context()
    neighbour = await context.new_page()
    await play(neighbour, arcade, "Echo")
    await play(page, arcade, GAME)
    (room,) = (pid for pid in rooms_of(arcade.programs["worker"]) if plays(pid, b"fceumm"))
    os.kill(room, signal.SIGKILL)
    await state(page, "resuming")
    await state(page, "playing")
    await goes_on(page)
    await goes_on(neighbour)
    await go(context)


async def test_nonsense_on_either_socket_closes_that_socket_alone(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    async with aiohttp.ClientSession() as session:
        for junk in ("nonsense", "{}", '{"type":"start"}', "x" * 300_000, b"\xff\xfe", '{"type":"welcome"}'):
            async with session.ws_connect(arcade.url + "ws/player") as socket:
                assert (await socket.receive_json())["type"] == "welcome"
                await (socket.send_bytes(junk) if isinstance(junk, bytes) else socket.send_str(junk))
                assert await refusals(socket) == ["bad_message"]
        headers = {"Authorization": f"Bearer {arcade.token}"}
        for junk in ("nonsense", "{}", "x" * 300_000):
            async with session.ws_connect(arcade.url + "ws/worker", headers=headers) as socket:
                await socket.send_str(junk)
                assert await refusals(socket) == ["bad_message"]
        async with session.get(arcade.url + "ws/worker", headers={"Authorization": "Bearer wrong"}) as refusal:
            assert refusal.status == 401
            assert arcade.token not in await refusal.text()
    assert arcade.status()["workers"] == 1
    await goes_on(page)


async def test_a_worker_with_a_wrong_token_says_what_to_do_and_ends(arcade: Stack, tmp_path: Path) -> None:
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "coinop", "worker", "--coordinator", arcade.url, "--metrics-port", "0"),
        env={"PATH": "/usr/bin:/bin", "COINOP_WORKER_TOKEN": "a-wrong-token-of-some-length", "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(worker.communicate(), 30)
    assert worker.returncode not in (0, None)
    assert b"COINOP_WORKER_TOKEN" in output
    assert b"a-wrong-token" not in output
    assert b"Traceback" not in output


async def test_a_worker_that_dies_says_so_and_the_game_goes_on_when_it_is_back(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    arcade.kill("worker")
    try:
        await state(page, "resuming")
        await until(lambda: says(page, r"worker|machine|server"), "words about it")
    finally:
        arcade.start_worker()
    await state(page, "playing")
    await goes_on(page)


async def test_nonsense_on_the_data_channel_is_said_and_the_game_goes_on(page: Page, arcade: Stack) -> None:
    await play(page, arcade, "Echo")
    junk = list(struct.pack("<BBHI", 77, 1, 2, 3))
    await page.evaluate(
        "(junk) => { for (const channel of window.testChannels) channel.send(new Uint8Array(junk)); }", junk
    )
    await until(lambda: page.locator("#toast").inner_text(), "words about it")
    await goes_on(page)
