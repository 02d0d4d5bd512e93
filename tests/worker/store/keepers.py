"""What tests of keepers share: a keeper on a store, its answers, and a clock that stands where it is put."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from tests.worker.stand_ins.rooms import SECONDS
from worker.formats import savestate
from worker.messages.storing import StoreAnswer
from worker.store.context import Owner
from worker.store.objects import Objects
from worker.store.store import Store
from worker.store.timeouts import Timeouts

ROOM = "a room that nobody guesses"
GAME = "0123456789abcdef"
ADA, BEN = "a" * 64, "b" * 64
QUICK = Timeouts(
    first_retry=0.01,
    longest_retry=0.05,
    report_delay=60.0,
    resume=60.0,
    resume_from_memory=60.0,
    open=60.0,
    freeze=60.0,
)
"""Tries again at once; what it is for is tested with the faults, not with the time."""

A = TypeVar("A")


def packed(text: str) -> bytes:
    """Pack a text as a savestate."""
    return savestate.pack(text.encode(), "core", "1.0")


def text_of(state: bytes | None) -> str:
    """Unpack the text that ``packed`` has put into a savestate."""
    assert state is not None
    return savestate.unpack(state)[1].decode()


class Clock:
    """Unix time, as the test has it."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return a later time with each call: no two saves are made at the same time."""
        self.now += 0.001
        return self.now


def make_store(objects: Objects, *, timeouts: Timeouts = QUICK, clock: Callable[[], float] | None = None) -> Store:
    """Make the store of a worker."""
    return Store(objects, keep=timedelta(days=7), timeouts=timeouts, now=clock or Clock())


class Room:
    """A room as its keeper sees it: it asks, and reads the answers in order."""

    def __init__(self, store: Store, profile: str = ADA, *, room: str = ROOM, owner: Owner | None = None) -> None:
        self.store = store
        self.answers: asyncio.Queue[StoreAnswer] = asyncio.Queue()
        owner = owner or Owner(room=room, game=GAME, profile=profile)
        self.keeper = store.keeper(owner, self.answers.put_nowait)

    async def answer(self, kind: type[A]) -> A:
        """Return the next answer of this kind, and drop others before it."""
        while True:
            async with asyncio.timeout(SECONDS):
                answer = await self.answers.get()
            if isinstance(answer, kind):
                return answer

    def drain(self) -> list[StoreAnswer]:
        """Take the answers that nobody has read."""
        return [self.answers.get_nowait() for _ in range(self.answers.qsize())]


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the condition holds, at most SECONDS."""
    async with asyncio.timeout(SECONDS):
        while not await condition():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.01)
