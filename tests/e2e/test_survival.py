"""Games that survive what they run on: real programs are killed, stopped and restarted under somebody who plays."""

import json
import os
import signal
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.e2e.arcade.stack import Stack, rooms_of, until
from tests.e2e.conftest import GAME
from tests.e2e.players.guest import Guest


@pytest_asyncio.fixture(loop_scope="session")
async def two_workers(tmp_path: Path) -> AsyncIterator[Stack]:
    """Run a coordinator with two workers that share a store."""
    stack = Stack(tmp_path, capacity=2, drain_seconds=20)
    try:
        await stack.start()
        stack.start_worker("second")
        await until(lambda: stack.status()["workers"] == 2, "both workers are there")
        yield stack
    finally:
        for name in ("worker", "second"):  # whose rooms need not be saved any more
            stack.programs[name].kill()
        stack.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def guest(two_workers: Stack) -> AsyncIterator[Guest]:
    async with Guest(two_workers.url) as guest:
        await guest.start(GAME)
        yield guest


def ask(two_workers: Stack, method: str, path: str) -> dict[str, list[dict[str, object]]]:
    request = urllib.request.Request(
        f"{two_workers.url}admin/{path}", method=method, headers={"Authorization": f"Bearer {two_workers.admin_token}"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        found: dict[str, list[dict[str, object]]] = json.load(response)
        return found


def host_of(two_workers: Stack) -> str:
    """Find the program that has the room."""
    [room] = ask(two_workers, "GET", "rooms")["rooms"]
    workers = ask(two_workers, "GET", "workers")["workers"]
    return next(str(worker["name"]) for worker in workers if worker["id"] == room["worker"])


def same_seat(guest: Guest) -> bool:
    assert guest.started is not None
    return (guest.started.member, guest.started.seat) == ("m1", 0)


async def test_a_room_process_that_is_killed_is_followed_by_another(two_workers: Stack, guest: Guest) -> None:
    for room in rooms_of(two_workers.programs[host_of(two_workers)]):
        os.kill(room, signal.SIGKILL)  # the spare too, which may have become the room by then
    await guest.arrived(2)
    assert set(guest.codes) == {"room_killed"}
    assert same_seat(guest)


async def test_a_worker_that_is_killed_is_followed_by_the_other(two_workers: Stack, guest: Guest) -> None:
    before = host_of(two_workers)
    two_workers.kill(before)
    await guest.arrived(2)
    assert guest.codes == ["worker_lost"]
    assert host_of(two_workers) != before
    assert same_seat(guest)


async def test_a_worker_that_is_told_to_end_moves_its_room_first(two_workers: Stack, guest: Guest) -> None:
    before = host_of(two_workers)
    two_workers.programs[before].send_signal(signal.SIGTERM)
    await guest.arrived(2)
    assert guest.codes == ["moved"]
    assert host_of(two_workers) != before
    assert same_seat(guest)
    assert await until(lambda: two_workers.programs[before].poll() is not None, "the empty worker ends")
    assert two_workers.programs[before].returncode == 0


async def test_an_operator_moves_a_room(two_workers: Stack, guest: Guest) -> None:
    before = host_of(two_workers)
    assert guest.started is not None
    ask(two_workers, "POST", f"rooms/{guest.started.room}/move")
    await guest.arrived(2)
    assert guest.codes == ["moved"]
    assert host_of(two_workers) != before


async def test_play_goes_on_while_the_coordinator_restarts_and_everybody_finds_back(
    two_workers: Stack, guest: Guest
) -> None:
    assert guest.started is not None
    guest.state = None
    two_workers.restart_coordinator()
    for _ in range(120):
        await guest.picture()
    await until(lambda: guest.state, "the new coordinator knows who is in the room")
    assert guest.codes == []
    assert guest.arrivals == 1
    await until(lambda: two_workers.status()["workers"] == 2, "both workers are back")
    ask(two_workers, "POST", f"rooms/{guest.started.room}/move")  # the new one can do all that the old one could
    await guest.arrived(2)
    assert same_seat(guest)
