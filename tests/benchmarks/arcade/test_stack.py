import os

import pytest

from benchmarks.arcade import stack
from benchmarks.measure.report import BenchmarkError


async def test_a_stack_can_be_played_on_and_leaves_nothing_behind() -> None:
    async with stack.running() as running:
        assert (await running.game()).title == stack.GAME
        await running.worker.spare_is_ready()
        metrics = await running.worker.metrics()
        assert metrics[stack.SPARE] == 1
        assert metrics[stack.ROOMS] == 0
        await running.worker.end_spare()
        assert (await running.worker.metrics())[stack.SPARE] == 0
    with pytest.raises(ProcessLookupError):
        os.kill(running.worker.pid, 0)


async def test_a_missing_game_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "GAME", "No Such Game")
    async with stack.running() as running:
        with pytest.raises(BenchmarkError, match="does not offer No Such Game: `coinop doctor`"):
            await running.game()
