import pytest

from benchmarks.arcade import stack
from benchmarks.arcade.stack import FRAMES, ROOMS
from benchmarks.arcade.viewer import Viewer
from benchmarks.measure.report import BenchmarkError
from benchmarks.measure.wait import until
from coordinator.messages import Game


async def test_a_viewer_plays_receives_and_leaves() -> None:
    async with stack.running() as running:
        await running.worker.spare_is_ready()
        viewer = await Viewer.enter(running.session, running.url, await running.game())
        await until(lambda: len(viewer.frames) >= 30, "no 30 frames came", 20)
        assert viewer.frames == sorted(viewer.frames)
        assert viewer.bytes > 30 * 20
        assert viewer.failure is None

        async def reported() -> bool:
            return (await running.worker.metrics()).get(FRAMES, 0) > 0

        await until(reported, "the worker does not know of the frames", 10)
        await viewer.leave()

        async def gone() -> bool:
            return (await running.worker.metrics())[ROOMS] == 0

        await until(gone, "the room was still there", 10)


async def test_a_refusal_is_passed_on() -> None:
    nowhere = Game(id="nowhere", title="Nowhere", system="NES")
    async with stack.running() as running:
        with pytest.raises(BenchmarkError, match=r"^The coordinator says: "):
            await Viewer.enter(running.session, running.url, nowhere)
