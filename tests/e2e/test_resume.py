"""Nothing stops a game: a reload, a dead path, a crash, a dead machine, a moved room, a restarted coordinator.

The times of the first frame after each are the best of three, since what else this machine does is not at issue;
benchmarks/recovery measures them all.
"""

import os
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from playwright.async_api import Browser, Page

from tests.e2e.arcade.stack import Stack, plays, rooms_of, until
from tests.e2e.conftest import GAME, SCREENSHOTS
from tests.e2e.players.player import (
    FRAME_TIMES,
    LATE_PICTURE,
    LONGEST_GAP,
    choose,
    choose_players,
    dark,
    failure,
    first_frame,
    go,
    lit,
    press_bar,
    shows,
    state,
    visit,
)

TRIES = 3


async def begin(page: Page, two_workers: Stack) -> None:
    """Play, with a state that is not the first one, until a snapshot of it is kept."""
    await page.add_init_script(FRAME_TIMES)
    await visit(page, two_workers)
    await begin_again(page, two_workers)


async def begin_again(page: Page, two_workers: Stack) -> None:
    """Start the game from the library, and choose two players."""
    await choose(page, GAME)
    await state(page, "playing")
    await choose_players(page, "two")
    changed = time.time()
    await until(lambda: newest_snapshot(two_workers) > changed, f"a snapshot of it is kept; {two_workers.log()}")


def newest_snapshot(two_workers: Stack) -> float:
    """When a room's state was stored last."""
    files = (path for path in (two_workers.folder / "saves" / "store" / "rooms").rglob("*") if path.is_file())
    return max((path.stat().st_mtime for path in files), default=0.0)


async def best(limit: float, trial: Callable[[], Awaitable[float]], between: Callable[[], Awaitable[None]]) -> None:
    """Check that the best of some tries keeps to the limit."""
    taken = [await trial()]
    while min(taken) > limit and len(taken) < TRIES:
        await between()
        taken.append(await trial())
    assert min(taken) <= limit, taken


async def nothing() -> None:
    """Between tries that leave all as it was."""


def room_process(two_workers: Stack) -> tuple[str, int]:
    """Which worker has the room, and the process that runs it."""
    found = [
        (name, pid)
        for name in ("worker", "second")
        for pid in rooms_of(two_workers.programs[name])
        if plays(pid, b"fceumm")
    ]
    assert len(found) == 1
    return found[0]


async def playing_again(page: Page) -> None:
    """Check that the game goes on from where it was, and takes input."""
    await state(page, "playing")
    await shows(page, "two")
    await page.keyboard.down("x")
    await until(lambda: lit(page), "the lamp is on")
    await page.keyboard.up("x")
    await until(lambda: dark(page), "the lamp is off")


async def test_a_reload_goes_back_to_the_seat(page: Page, two_workers: Stack) -> None:
    await begin(page, two_workers)

    async def reload() -> float:
        since = time.time()
        await page.reload(wait_until="commit")
        taken = await first_frame(page, since)
        await playing_again(page)
        return taken

    await best(1.5, reload, nothing)
    assert await page.inner_text("#seat") == "Player 1"


async def test_a_killed_room_is_back_from_its_snapshot(page: Page, two_workers: Stack) -> None:
    await begin(page, two_workers)

    async def kill() -> float:
        since = time.time()
        os.kill(room_process(two_workers)[1], signal.SIGKILL)
        taken = await first_frame(page, since)
        await page.screenshot(path=SCREENSHOTS / "resumed.png")
        await playing_again(page)
        return taken

    async def leave() -> None:
        await press_bar(page, "#leave")
        await state(page, "library")
        await begin_again(page, two_workers)

    await best(1.5, kill, leave)


async def test_a_room_outlives_its_worker(page: Page, two_workers: Stack) -> None:
    await begin(page, two_workers)

    async def kill() -> float:
        name, _ = room_process(two_workers)
        since = time.time()
        two_workers.kill(name)
        taken = await first_frame(page, since)
        await playing_again(page)
        two_workers.start_worker(name)
        return taken

    async def both() -> None:
        changed = time.time()
        await until(lambda: two_workers.status()["workers"] == 2, "the worker is back")
        await until(lambda: newest_snapshot(two_workers) > changed, "a snapshot is kept")

    await best(3.0, kill, both)


async def test_play_goes_on_while_the_coordinator_restarts(page: Page, two_workers: Stack) -> None:
    await begin(page, two_workers)
    since = time.time()
    two_workers.restart_coordinator()
    await until(lambda: page.get_by_text("The server is back").count(), "the page is connected again")
    await until(lambda: two_workers.status()["rooms"] == 1, "the coordinator knows the room again")
    assert await page.evaluate(LONGEST_GAP, 1000 * since) < 1000
    assert await page.evaluate("document.documentElement.dataset.state") == "playing"
    await playing_again(page)
    await press_bar(page, "#toggle-people")
    await until(lambda: page.locator("#seats li.me").count(), "and who sits where")


async def test_a_dead_path_is_replaced_and_what_belongs_to_the_player_stays(page: Page, two_workers: Stack) -> None:
    await begin(page, two_workers)
    await page.evaluate("window.screenBefore = document.getElementById('screen'); document.body.requestFullscreen()")
    await page.keyboard.down("x")
    await until(lambda: lit(page), "the lamp is on")
    await page.evaluate("window.testPeer.close()")
    await state(page, "resuming")
    await state(page, "playing")
    await until(lambda: lit(page), "what is held stays held")
    await page.keyboard.up("x")
    await until(lambda: dark(page), "and is let go of")
    assert await page.evaluate("document.fullscreenElement !== null")
    assert await page.evaluate("window.screenBefore.srcObject.getVideoTracks()[0].readyState") == "live"
    assert await page.evaluate("document.getElementById('speaker').srcObject.getAudioTracks()[0].readyState") == "live"


async def test_a_new_connection_takes_input_from_the_first_press_on(page: Page, two_workers: Stack) -> None:
    """However long ago its channels opened, and however many presses the connection before has had."""
    await page.add_init_script(LATE_PICTURE)
    await begin(page, two_workers)
    for _ in range(5):
        await page.keyboard.press("x", delay=50)
    await page.evaluate("window.testPeer.close()")
    await state(page, "resuming")
    await playing_again(page)


async def test_a_room_is_moved_without_losing_anything(page: Page, two_workers: Stack) -> None:
    await begin(page, two_workers)
    before, _ = room_process(two_workers)
    await choose_players(page, "one")
    await choose_players(page, "two")  # a moment ago: in no snapshot but the move's own
    answer = await admin(two_workers, "GET", "rooms")
    (room,) = answer["rooms"]
    await admin(two_workers, "POST", f"rooms/{room['id']}/move")
    await until(
        lambda: any(plays(pid, b"fceumm") for pid in rooms_of(two_workers.programs[other_than(before)])), "it moved"
    )
    await playing_again(page)


def other_than(name: str) -> str:
    return "second" if name == "worker" else "worker"


async def admin(two_workers: Stack, method: str, path: str) -> Any:
    headers = {"Authorization": f"Bearer {two_workers.admin_token}"}
    url = f"{two_workers.url}admin/{path}"
    async with aiohttp.ClientSession(headers=headers) as session, session.request(method, url) as answer:
        assert answer.status < 300, await answer.text()
        return await answer.json()


async def test_a_second_tab_takes_over_and_the_first_says_so(page: Page, browser: Browser, two_workers: Stack) -> None:
    await begin(page, two_workers)
    ticket = await page.evaluate("sessionStorage.getItem('coinop.ticket')")
    context = await browser.new_context()
    tab = await context.new_page()
    await tab.add_init_script(f"sessionStorage.setItem('coinop.ticket', {ticket!r})")
    await tab.goto(two_workers.url)
    await playing_again(tab)
    assert "another tab" in await failure(page)
    await go(context)


async def test_a_room_that_is_gone_is_said_after_a_reload(page: Page, two_workers: Stack) -> None:
    await begin(page, two_workers)
    ticket = await page.evaluate("sessionStorage.getItem('coinop.ticket')")
    await press_bar(page, "#leave")
    await state(page, "library")
    await page.evaluate("(ticket) => sessionStorage.setItem('coinop.ticket', ticket)", ticket)
    await page.reload()
    assert "room" in (await failure(page)).lower()
    await page.click("#retry")
    await state(page, "playing")
