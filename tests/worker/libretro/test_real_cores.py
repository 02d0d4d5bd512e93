"""Cores that nobody tuned for us, as they are found: those of the stable-retro wheel and Debian's."""

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cores.own_process import ProcessDiedError, in_own_process, run_in_own_process
from tests.worker.libretro import roms
from tests.worker.libretro.recording import Held, Recording, open_core, run
from worker import sandbox
from worker.libretro.errors import CoreError
from worker.sandbox import folders

FRAMES = 90

PROGRAMS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "fceumm": ("game.nes", roms.nes),
    "nestopia": ("game.nes", roms.nes),
    "gambatte": ("game.gb", roms.game_boy),
    "mgba": ("game.gba", roms.game_boy_advance),
    "snes9x": ("game.sfc", roms.super_nes),
    "stella": ("game.a26", roms.atari_2600),
    "mednafen_pce_fast": ("game.pce", roms.pc_engine),
}


def stable_retro() -> Path:
    spec = importlib.util.find_spec("stable_retro")
    assert spec is not None, "the tests need stable-retro's cores: pip install stable-retro"
    assert spec.origin is not None
    return Path(spec.origin).parent


WHEEL = sorted((stable_retro() / "cores").glob("*_libretro.so"))
DEBIAN = sorted(Path("/usr/lib").glob("*/libretro/*_libretro.so"))
AIRSTRIKER = stable_retro() / "data/stable/Airstriker-Genesis-v0/rom.md"


OUR_NES_GAMES = sorted(Path(__file__).parents[3].glob("games/**/*.nes"))

END = re.compile(r"it runs|.* can't run game\..*|.* draws with a GPU, .*|the process died: SIG\w+")
"""Of a broken game: the room's agent tells the last apart from a crash of its own, and the rest are sentences."""


def core_name(path: Path) -> str:
    return path.stem.removesuffix("_libretro")


def label(path: Path) -> str:
    return f"{'wheel' if path in WHEEL else 'debian'}-{core_name(path)}"


def lock_in(core_path: Path, folder: Path, game: Path) -> None:
    """Enter the sandbox that a core has in its room, as far as this machine has it."""
    grants = folders.of_the_game(core_path, game, folder / "system", folder / "saves")
    sandbox.enter(sandbox.Mode.AUTO, [*folders.of_the_interpreter(), *grants])


def runs_with_picture_sound_and_states(core_path: Path, folder: Path, game: Path) -> None:
    lock_in(core_path, folder, game)
    core = open_core(core_path, folder)
    recording = Recording(core)
    core.inputs = held = Held()
    av_info = core.load_game(game)
    run(core, FRAMES)
    pictures = [frame for frame in recording.frames if frame is not None]
    assert pictures, "no picture came"
    assert len({frame.tobytes() for frame in pictures}) > 2, "the picture stood still"
    height, width = recording.picture.shape
    assert width <= av_info.max_width
    assert height <= av_info.max_height
    assert held.polls >= FRAMES
    samples = sum(len(chunk) for chunk in recording.sound)
    assert samples == pytest.approx(core.av_info.sample_rate / core.av_info.fps * FRAMES, rel=0.05)

    state = core.serialize()
    run(core, 20)
    expected = recording.picture
    core.unserialize(state)
    run(core, 20)
    np.testing.assert_array_equal(recording.picture, expected)
    core.close()


@pytest.mark.parametrize("core_path", [path for path in WHEEL + DEBIAN if core_name(path) in PROGRAMS], ids=label)
@in_own_process
def test_a_tiny_program_runs(core_path: Path, tmp_path: Path) -> None:
    name, program = PROGRAMS[core_name(core_path)]
    runs_with_picture_sound_and_states(core_path, tmp_path, roms.write(tmp_path, name, program()))


GAMES = {
    "genesis_plus_gx": [AIRSTRIKER],
    "picodrive": [AIRSTRIKER],
    "fceumm": OUR_NES_GAMES,
    "nestopia": OUR_NES_GAMES,
}


@pytest.mark.parametrize(
    ("core_path", "game"),
    [(path, game) for path in WHEEL + DEBIAN for game in GAMES.get(core_name(path), [])],
    ids=lambda path: path.parent.name if path in (AIRSTRIKER, *OUR_NES_GAMES) else label(path),
)
@in_own_process
def test_a_game_runs(core_path: Path, game: Path, tmp_path: Path) -> None:
    runs_with_picture_sound_and_states(core_path, tmp_path, game)


def usual_name(extensions: frozenset[str]) -> str:
    return f"game.{next((extension for extension in ('md', 'cue') if extension in extensions), min(extensions))}"


def play_something(core_path: Path, folder: Path, size: int) -> str:
    """Load noise under a name that the core takes; "it runs", or the sentence."""
    (folder / "system").mkdir()
    (folder / "saves").mkdir()
    core = open_core(core_path, folder)
    name = PROGRAMS[core_name(core_path)][0] if core_name(core_path) in PROGRAMS else usual_name(core.info.extensions)
    try:
        game = roms.write(folder, name, roms.noise(size))
        lock_in(core_path, folder, game)
        core.load_game(game)
        run(core, 10)
    except CoreError as error:
        return str(error)
    return "it runs"


@pytest.mark.parametrize("core_path", WHEEL + DEBIAN, ids=label)
def test_an_empty_game_is_refused_by_every_core(core_path: Path, tmp_path: Path) -> None:
    outcome = run_in_own_process(play_something, core_path, tmp_path, 0)
    assert outcome.startswith("the game game.")
    assert outcome.endswith(" is empty; copy it again")


@pytest.mark.parametrize("size", [100, 1 << 18], ids=["truncated", "noise"])
@pytest.mark.parametrize("core_path", WHEEL + DEBIAN, ids=label)
def test_a_broken_game_runs_or_is_refused_or_ends_its_own_process(core_path: Path, tmp_path: Path, size: int) -> None:
    assert END.fullmatch(outcome(core_path, tmp_path, size))


def outcome(core_path: Path, folder: Path, size: int) -> str:
    try:
        said = run_in_own_process(play_something, core_path, folder, size)
    except ProcessDiedError as death:
        return str(death)
    assert isinstance(said, str)
    return said
