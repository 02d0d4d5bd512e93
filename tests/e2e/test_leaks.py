"""Whoever comes, goes, gives up or crashes: nothing of it is left afterwards, no seat, process, handle or memory."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from coordinator.messages import Leave, Start
from tests.cores.build import build
from tests.e2e.arcade.stack import Stack, rooms_of, until
from tests.e2e.players.guest import Guest
from tests.worker.room.viewer import Viewer

pytestmark = pytest.mark.slow

JOINS, CRASHES = 50, 20
OTHERS = ("at once", "left", "refused", "left", "refused")
ABORTED = 25 * ("without media", *OTHERS) + 25 * ("at once", "left")
"""How two hundred starts are given up: before it is there, right after, because it can't be, or by a page that never
connects. The worker waits 20 s for such a page, and has others to end meanwhile."""
AT_ONCE = 8
"""Comers and starts at the same time."""
PLACES = 4 * AT_ONCE
"""Of the worker, which has pages to wait for, too."""
WARM_UP = 3 * OTHERS
"""Starts before the first count: caches and pools fill once."""
CRASHING = 2
"""Rooms that crash side by side."""
POOLS = 16
"""Threads that the event loop's and the store's pools may have more, for a while or for good."""
GROWTH = 8 << 20
"""Bytes by which memory may be more: allocators keep what was freed. 200 starts that left an offer each are 2 MB."""


@dataclass(frozen=True)
class Holdings:
    """What a process holds."""

    files: int
    sockets: int
    threads: int
    memory: int

    @classmethod
    def of(cls, pid: int) -> "Holdings":
        process = Path(f"/proc/{pid}")
        handles = []
        for handle in (process / "fd").iterdir():
            try:
                handles.append(os.readlink(handle))
            except OSError:  # closed in the meantime
                continue
        return cls(
            files=len(handles),
            sockets=sum(handle.startswith("socket:") for handle in handles),
            threads=len(list((process / "task").iterdir())),
            memory=int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"),
        )

    def back_to(self, before: "Holdings") -> bool:
        return (
            self.files <= before.files  # fewer if the answer to the last question before was still being sent
            and self.sockets <= before.sockets
            and self.threads <= before.threads + POOLS
            and self.memory <= before.memory + GROWTH
        )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Run a stack whose empty rooms end soon."""
    folder = tmp_path_factory.mktemp("leaks")
    (folder / "games").mkdir()
    for name in ("echo", "crash"):
        build(name, folder)
        (folder / "games" / f"{name.title()}.{name}").write_bytes(name.encode() * 64)
    stack = Stack(
        folder,
        games=[str(folder / "games")],
        cores=[str(folder)],
        core_overrides={"echo": "echo", "crash": "crash"},
        wheel_games=False,
        capacity=PLACES,
    )
    stack._coordinator |= {"COINOP_COORDINATOR_ROOM_GRACE_SECONDS": "0.1", "COINOP_COORDINATOR_ROOMS_PER_ADDRESS": "0"}
    try:
        yield await stack.start()
    finally:
        stack.stop()


def quiet(stack: Stack) -> bool:
    """Whether nobody is there, nothing is played, and the spare is the only room process."""
    status = stack.status()
    return (
        (status["rooms"], status["members"], status["pages"]) == (0, 0, 0)
        and stack.metric("coinop_worker_rooms") == 0
        and stack.metric("coinop_worker_spare_ready") == 1
        and len(rooms_of(stack.programs["worker"])) == 1
    )


def programs(stack: Stack) -> dict[str, Holdings]:
    return {name: Holdings.of(stack.programs[name].pid) for name in ("coordinator", "worker")}


async def settled(stack: Stack) -> dict[str, Holdings]:
    await until(lambda: quiet(stack), f"the stack is at rest; {stack.status()} {stack.log()}", 120)
    return programs(stack)


async def all_is_back(stack: Stack, before: dict[str, Holdings]) -> None:
    """Wait until nothing is left of what happened."""
    await until(lambda: quiet(stack), f"the stack is at rest; {stack.status()} {stack.log()}", 120)

    def back() -> bool:
        now = programs(stack)
        return all(now[name].back_to(before[name]) for name in before)

    await until(back, f"{programs(stack)} is back to {before}", 60)


async def gives_up(stack: Stack, offer: str, how: str) -> None:
    """Start a game and go."""
    async with Guest(stack.url) as guest:
        await guest.say(Start(game=guest.games["Echo"], offer="v=0" if how == "refused" else offer))
        if how != "at once":
            await guest.verdict()
        if how == "left":
            await guest.say(Leave())


async def in_batches(count: int, one: Callable[[int], "asyncio._CoroutineLike[None]"]) -> None:
    for first in range(0, count, AT_ONCE):
        await asyncio.gather(*(one(number) for number in range(first, min(first + AT_ONCE, count))))


@pytest.mark.timeout(600)
async def test_two_hundred_aborted_starts_leave_nothing(stack: Stack) -> None:
    viewer = Viewer()
    offer = await viewer.offer()

    async def one(number: int) -> None:
        await until(lambda: stack.status()["rooms"] < PLACES - AT_ONCE, "there are places", 120)
        await gives_up(stack, offer, ways[number])

    ways = WARM_UP
    await in_batches(len(ways), one)
    before = await settled(stack)
    ways = ABORTED
    await in_batches(len(ways), one)
    await all_is_back(stack, before)
    await viewer.close()


@pytest.mark.timeout(300)
async def test_fifty_joins_and_leaves_leave_nothing(stack: Stack) -> None:
    await settled(stack)
    async with Guest(stack.url) as host:
        room = (await host.start("Echo")).room
        (process,) = (pid for pid in rooms_of(stack.programs["worker"]) if b"echo_libretro" in maps(pid))

        async def one(number: int) -> None:
            async with Guest(stack.url) as guest:
                await guest.join(room)
                if number % 2:
                    await guest.say(Leave())

        alone = Holdings.of(process).sockets
        await in_batches(JOINS, one)  # its memory grows with the first few dozen, and not with hundreds after them
        await until(lambda: Holdings.of(process).sockets == alone, "only the host watches", 90)
        before = {**programs(stack), "room": Holdings.of(process)}
        await in_batches(JOINS, one)

        def back() -> bool:
            now = {**programs(stack), "room": Holdings.of(process)}
            return all(now[name].back_to(before[name]) for name in before)

        await until(back, f"{programs(stack)}, {Holdings.of(process)} is back to {before}", 90)
        await host.say(Leave())
    await until(lambda: quiet(stack), f"the room is closed; {stack.status()}", 60)


@pytest.mark.timeout(600)
async def test_twenty_crashes_in_a_row_leave_nothing(stack: Stack) -> None:
    async def one(_: int) -> None:
        async with Guest(stack.url) as guest:
            await guest.say(Start(game=guest.games["Crash"], offer=await guest.offer()))
            assert "crash" in (await guest.ended()).message

    await one(0)
    before = await settled(stack)
    crashed = crashes(stack)
    while crashes(stack) < crashed + CRASHES:
        await asyncio.gather(*map(one, range(CRASHING)))
    await all_is_back(stack, before)


def crashes(stack: Stack) -> float:
    return stack.metric("coinop_worker_rooms_closed_total")


def maps(pid: int) -> bytes:
    return Path(f"/proc/{pid}/maps").read_bytes()
