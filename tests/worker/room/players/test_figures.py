"""The figures of a second."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from tests.worker.room.fakes import order
from worker.room.game.emulator import Emulator, EmulatorEvents
from worker.room.input.ports import InputPorts
from worker.room.players.figures import FiguresCollector
from worker.room.players.viewers import Viewers


def viewer(**sender: Any) -> Any:
    """Make a watching viewer whose sender has these figures."""
    return SimpleNamespace(watching=True, peer=SimpleNamespace(viewer="v1", video=SimpleNamespace(rtt=0.02, **sender)))


def test_rates_are_those_of_the_last_second(tmp_path: Path) -> None:
    emulator = Emulator(order(tmp_path), "H264", InputPorts(), EmulatorEvents())
    collector = FiguresCollector(6000, 10.0)
    emulator.counters.frames, emulator.counters.video_bytes, emulator.counters.audio_bytes = 60, 10_000, 2_500
    assert collector.collect(emulator, Viewers(), 11.0).fps == 60
    emulator.counters.frames, emulator.counters.video_bytes = 90, 20_000
    figures = collector.collect(emulator, Viewers(), 12.0)
    assert (figures.frames, figures.fps, figures.bitrate) == (90, 30, 80_000)


def test_a_path_that_loses_packets_narrows_the_stream(tmp_path: Path) -> None:
    emulator = Emulator(order(tmp_path), "H264", InputPorts(), EmulatorEvents())
    limits: list[int] = []
    emulator.video = cast(Any, SimpleNamespace(set_bitrate=limits.append, keyframes=0))
    collector = FiguresCollector(6000, 0.0)
    viewers = Viewers()
    viewers.add("v1", viewer(estimate=None, loss=0.5))
    emulator.counters.video_bytes = 500_000
    assert collector.collect(emulator, viewers, 1.0).viewers[0].loss == 0.5
    assert len(limits) == 1
    assert limits[0] < 6000
