"""What a room stores by itself."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.worker.room.fakes import Shelf, order, playing, stored_on
from tests.worker.stand_ins.rooms import until
from worker.messages.storing import AUTO_SLOT, MAX_BATTERY_BYTES, MAX_STATE_BYTES, Snapshot, StoreBattery, StoreSave
from worker.room.game.emulator import Emulator
from worker.room.saves.autosave import AUTOSAVE_SECONDS, Keeper
from worker.room.saves.slots import Slots


class Stage:
    def __init__(self) -> None:
        self.shelf = Shelf()
        self.said: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.keeper: Keeper
        self.emulator: Emulator

    def spawn(self, coroutine: Coroutine[Any, Any, None], name: str) -> None:
        self.tasks.append(asyncio.create_task(coroutine, name=name))

    async def settle(self) -> None:
        await asyncio.gather(*self.tasks)

    def asked(self, kind: type[Any]) -> list[Any]:
        return [request for request in self.shelf.asked if isinstance(request, kind)]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage()
    async with playing(order(tmp_path)) as emulator:
        storage = stored_on(stage.shelf)
        stage.emulator = emulator
        stage.keeper = Keeper(
            "p",
            emulator,
            Slots(emulator, storage),
            storage,
            send=stage.shelf.send,
            say=stage.said.append,
            spawn=stage.spawn,
        )
        yield stage
        await stage.settle()


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_the_room_saves_now_and_then_and_at_its_end(stage: Stage) -> None:
    stage.keeper.autosave(now() + AUTOSAVE_SECONDS - 5)
    await stage.settle()
    assert stage.asked(StoreSave) == []
    stage.keeper.autosave(now() + AUTOSAVE_SECONDS + 5)
    await stage.settle()
    (save,) = stage.asked(StoreSave)
    assert (save.profile, save.slot) == ("p", AUTO_SLOT)
    frames = stage.emulator.counters.frames
    await until(lambda: stage.emulator.counters.frames > frames)
    await stage.keeper.last_save()
    assert len(stage.asked(StoreSave)) == 2


async def test_a_player_who_leaves_takes_a_save_along(stage: Stage) -> None:
    stage.keeper.save_for("")
    stage.keeper.save_for("q")
    await stage.settle()
    assert [save.profile for save in stage.asked(StoreSave)] == ["q"]


async def test_snapshots_and_battery_memory_go_to_the_agent_at_once(stage: Stage) -> None:
    stage.keeper.snapshot(b"state", 7)
    stage.keeper.battery(b"score")
    assert stage.shelf.asked[-2:] == [Snapshot(data=b"state", frame=7), StoreBattery(request=1, data=b"score")]


async def test_what_is_too_large_to_be_kept_is_not_handed_on_and_that_is_said_once(stage: Stage) -> None:
    for _ in range(2):
        stage.keeper.snapshot(bytes(MAX_STATE_BYTES + 1), 7)
        stage.keeper.battery(bytes(MAX_BATTERY_BYTES + 1))
    assert stage.shelf.asked == []
    assert stage.said == [
        "This game's state is larger than the 32 MB that are kept. If its server fails, the game begins anew.",
        "This game's own save is larger than the 8 MB that are kept. Export it before you leave.",
    ]
