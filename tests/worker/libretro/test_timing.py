"""The calls before each frame."""

from pathlib import Path

from tests.cores.build import Builder
from tests.cores.own_process import in_own_process
from tests.worker.libretro.recording import notes, open_core
from worker.libretro.timing import AudioBuffer


@in_own_process
def test_frame_time_is_the_cores_own_unless_told(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("asks"), tmp_path)
    core.load_game(game)
    core.run()
    assert notes(core)["frame_time"] == "16667"
    core.run(elapsed_us=33_000)
    assert notes(core)["frame_time"] == "33000"


@in_own_process
def test_audio_buffer_status(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("asks"), tmp_path)
    core.load_game(game)
    core.run()
    assert notes(core)["audio_status"] == "1,50,0"
    core.audio_buffer = AudioBuffer(active=True, occupancy=5, underrun_likely=True)
    core.run()
    assert notes(core)["audio_status"] == "1,5,1"
