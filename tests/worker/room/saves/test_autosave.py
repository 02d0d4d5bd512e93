"""Snapshots, battery memory and autosaves."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.worker.room.fakes import FakeStore, order, playing, storage_on
from tests.worker.stand_ins.rooms import until
from worker.messages.storing import AUTO_SLOT, MAX_BATTERY_BYTES, MAX_STATE_BYTES, Snapshot, StoreBattery, StoreSave
from worker.room.game.emulator import Emulator
from worker.room.saves.autosave import AUTOSAVE_SECONDS, Autosaver
from worker.room.saves.slots import Slots
from worker.runtime.tasks import BackgroundTasks


class LiveGame:
    """A running game with its autosaver and store."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.store = FakeStore()
        self.shown: list[str] = []
        self.tasks = BackgroundTasks(logging.getLogger(__name__))
        storage = storage_on(self.store)
        self.autosaver = Autosaver(
            "p",
            emulator,
            Slots(emulator, storage),
            storage,
            send=self.store.send,
            show=self.shown.append,
            tasks=self.tasks,
        )

    async def settle(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self.tasks)

    def asked(self, kind: type[Any]) -> list[Any]:
        """Return the requests of a kind that the store got."""
        return [request for request in self.store.asked if isinstance(request, kind)]


@pytest.fixture
async def game(tmp_path: Path) -> AsyncIterator[LiveGame]:
    async with playing(order(tmp_path)) as emulator:
        game = LiveGame(emulator)
        yield game
        await game.settle()


def now() -> float:
    """Return the loop's time, which is the steady clock's."""
    return asyncio.get_running_loop().time()


async def test_the_room_saves_when_it_is_due_and_at_its_end(game: LiveGame) -> None:
    game.autosaver.save_if_due(now() + AUTOSAVE_SECONDS - 5)
    await game.settle()
    assert game.asked(StoreSave) == []
    game.autosaver.save_if_due(now() + AUTOSAVE_SECONDS + 5)
    await game.settle()
    (save,) = game.asked(StoreSave)
    assert (save.profile, save.slot) == ("p", AUTO_SLOT)
    frames = game.emulator.counters.frames
    await until(lambda: game.emulator.counters.frames > frames)
    await game.autosaver.save_before_close()
    assert len(game.asked(StoreSave)) == 2


async def test_a_player_who_leaves_takes_a_save_along(game: LiveGame) -> None:
    game.autosaver.save_for("")
    game.autosaver.save_for("q")
    await game.settle()
    assert [save.profile for save in game.asked(StoreSave)] == ["q"]


async def test_snapshots_and_battery_memory_go_to_the_agent_at_once(game: LiveGame) -> None:
    game.autosaver.send_snapshot(b"state", 7)
    game.autosaver.store_battery(b"score")
    assert game.store.asked[-2:] == [Snapshot(data=b"state", frame=7), StoreBattery(request=1, data=b"score")]


async def test_what_is_too_large_to_be_kept_is_not_handed_on_and_that_is_said_once(game: LiveGame) -> None:
    for _ in range(2):
        game.autosaver.send_snapshot(bytes(MAX_STATE_BYTES + 1), 7)
        game.autosaver.store_battery(bytes(MAX_BATTERY_BYTES + 1))
    assert game.store.asked == []
    assert game.shown == [
        "This game's state is larger than the 32 MB that are kept. If its server fails, the game begins anew.",
        "This game's own save is larger than the 8 MB that are kept. Export it before you leave.",
    ]
