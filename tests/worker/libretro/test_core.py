"""Loading cores and games, running, and how it goes wrong."""

import signal
from pathlib import Path

import pytest

from tests.cores.build import Builder
from tests.cores.own_process import ProcessDiedError, in_own_process, run_in_own_process
from tests.worker.libretro.recording import Recording, open_core, run
from worker.libretro.errors import CoreError, CoreMissingError, CoreUnsupportedError, GameUnreadableError


@in_own_process
def test_a_core_says_what_it_is_and_runs_its_game(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("echo"), tmp_path)
    assert (core.info.name, core.info.version, core.info.extensions) == ("Echo", "1.0", {"echo"})
    recording = Recording(core)
    av_info = core.load_game(game)
    assert av_info == core.av_info
    assert (av_info.width, av_info.height, av_info.fps, av_info.sample_rate) == (128, 112, 60, 48000)
    run(core, 3)
    assert [frame[80, 100] for frame in recording.frames] == [1, 2, 3]


@in_own_process
def test_reset_starts_the_game_again(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("echo"), tmp_path)
    recording = Recording(core)
    core.load_game(game)
    run(core, 5)
    core.reset()
    core.run()
    assert recording.picture[80, 100] == 1


@in_own_process
def test_close_may_be_called_again(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("echo"), tmp_path)
    core.load_game(game)
    core.close()
    core.close()
    with pytest.raises(RuntimeError, match="load a game first"):
        core.run()


@in_own_process
def test_nothing_runs_before_a_game_is_loaded(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("echo"), tmp_path)
    with pytest.raises(RuntimeError, match="load a game first"):
        core.run()
    with pytest.raises(RuntimeError, match="load a game first"):
        _ = core.av_info
    core.load_game(game)
    with pytest.raises(RuntimeError, match="has its game already"):
        core.load_game(game)


@in_own_process
def test_a_core_without_a_game(build: Builder, tmp_path: Path) -> None:
    core = open_core(build("no_game"), tmp_path)
    recording = Recording(core)
    core.load_game(None)
    core.run()
    assert recording.picture.shape == (48, 64)


@in_own_process
def test_a_core_that_needs_a_game_says_so(build: Builder, tmp_path: Path) -> None:
    with pytest.raises(CoreError, match=r"^Echo needs a game; choose one$"):
        open_core(build("echo"), tmp_path).load_game(None)


def test_a_missing_core(tmp_path: Path) -> None:
    with pytest.raises(CoreMissingError, match=r"^the core no_libretro.so is not there; install it, or name another"):
        open_core(tmp_path / "no_libretro.so", tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"no library at all" * 100])
@in_own_process
def test_a_file_that_is_no_library(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd_libretro.so"
    path.write_bytes(content)
    with pytest.raises(CoreError, match=r"^the core odd_libretro.so can't be loaded: [^/]+$") as caught:
        open_core(path, tmp_path)
    assert caught.value.code == "core_failed"


@in_own_process
def test_a_library_that_is_no_core(build: Builder, tmp_path: Path) -> None:
    sentence = r"^not_a_core_libretro.so is not a libretro core: it has no retro_set_environment, retro_set_video"
    with pytest.raises(CoreError, match=sentence):
        open_core(build("not_a_core"), tmp_path)


@in_own_process
def test_a_core_of_a_future_api(build: Builder, tmp_path: Path) -> None:
    with pytest.raises(CoreUnsupportedError, match="speaks version 2 of the libretro API; only 1 is known"):
        open_core(build("future"), tmp_path)


@in_own_process
def test_a_core_that_needs_a_gpu_is_refused(build: Builder, tmp_path: Path, game: Path) -> None:
    with pytest.raises(CoreUnsupportedError, match=r"^Test draws with a GPU, which can't be done here") as caught:
        open_core(build("hardware"), tmp_path).load_game(game)
    assert caught.value.code == "core_unsupported"


@in_own_process
def test_a_core_that_draws_with_a_gpu_anyway_is_refused(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("hardware", define="INSIST"), tmp_path)
    core.load_game(game)
    with pytest.raises(CoreUnsupportedError, match="draws with a GPU"):
        core.run()


@in_own_process
def test_a_refused_game_comes_with_the_cores_own_words(build: Builder, tmp_path: Path, game: Path) -> None:
    with pytest.raises(GameUnreadableError) as caught:
        open_core(build("subsystem"), tmp_path).load_game(game)
    assert str(caught.value) == (
        "Test can't run game.test: it is damaged, or a game for another core. It said: game.test has a bad checksum"
    )


@in_own_process
def test_an_exception_in_a_hook_comes_out_of_run_and_the_core_goes_on(
    build: Builder, tmp_path: Path, game: Path
) -> None:
    core = open_core(build("echo"), tmp_path)
    core.load_game(game)

    def fail(*_arguments: object) -> None:
        raise LookupError("in a hook")

    core.on_video = fail
    core.on_audio = fail  # both fail in each frame; the first one counts
    with pytest.raises(LookupError, match="in a hook"):
        core.run()
    recording = Recording(core)
    core.run()
    assert recording.picture[80, 100] == 2


def crash(path: Path, folder: Path, game: Path) -> None:
    core = open_core(path, folder)
    core.load_game(game)
    run(core, 99)
    (folder / "lived").touch()
    core.run()


def test_a_crash_in_frame_100_is_the_process_end(build: Builder, tmp_path: Path, game: Path) -> None:
    with pytest.raises(ProcessDiedError) as caught:
        run_in_own_process(crash, build("crash"), tmp_path, game)
    assert caught.value.signal == signal.SIGSEGV
    assert (tmp_path / "lived").exists()
