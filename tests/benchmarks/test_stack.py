import os

import pytest

from benchmarks import stack
from benchmarks.report import BenchmarkError


async def test_a_stack_can_be_played_on_and_leaves_nothing_behind() -> None:
    async with stack.running() as running:
        assert (await running.game()).title == stack.GAME
        await running.spare_is_ready()
        metrics = await running.metrics()
        assert metrics[stack.SPARE] == 1
        assert metrics[stack.ROOMS] == 0
        await running.end_spare()
        assert (await running.metrics())[stack.SPARE] == 0
    with pytest.raises(ProcessLookupError):
        os.kill(running.worker, 0)


async def test_a_missing_game_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "GAME", "No Such Game")
    async with stack.running() as running:
        with pytest.raises(BenchmarkError, match="does not offer No Such Game: `coinop doctor`"):
            await running.game()
