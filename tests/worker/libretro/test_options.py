"""Core options in all versions of the API."""

from pathlib import Path

import pytest

from tests.cores.build import Builder
from tests.cores.own_process import in_own_process
from tests.worker.libretro.recording import open_core
from worker.libretro.core import Core
from worker.libretro.options import Option

ALL_VERSIONS = pytest.mark.parametrize("version", [0, 1, 2, 11, 12])


def seen_by_core(core: Core) -> str:
    core.run()
    return (core.save_ram() or b"").split(b"\0")[0].decode()


@ALL_VERSIONS
@in_own_process
def test_the_core_gets_its_defaults(build: Builder, tmp_path: Path, game: Path, version: int) -> None:
    core = open_core(build("options", define=f"VERSION={version}"), tmp_path)
    core.load_game(game)
    assert list(core.options) == ["test_speed", "test_size", "test_secret"]
    speed = "slow" if version == 0 else "fast"
    assert seen_by_core(core) == f"changed=0 set=-1 speed={speed} size=1 secret=off other=none"


@ALL_VERSIONS
@in_own_process
def test_a_choice_is_seen_once_in_the_next_frame(build: Builder, tmp_path: Path, game: Path, version: int) -> None:
    core = open_core(build("options", define=f"VERSION={version}"), tmp_path)
    core.load_game(game)
    core.set_option("test_size", "2")
    assert seen_by_core(core).startswith("changed=1 ")
    assert "size=2" in seen_by_core(core)
    assert core.options["test_size"].value == "2"


@ALL_VERSIONS
@in_own_process
def test_choices_made_before_the_core_is_there(build: Builder, tmp_path: Path, game: Path, version: int) -> None:
    core = open_core(build("options", define=f"VERSION={version}"), tmp_path, test_secret="on", test_size="7", gone="x")
    core.load_game(game)
    seen = seen_by_core(core)
    assert "secret=on" in seen
    assert "size=1" in seen  # 7 is no choice


@in_own_process
def test_what_a_choice_can_be_is_said(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("options", define="VERSION=2"), tmp_path)
    core.load_game(game)
    with pytest.raises(ValueError, match=r"^the core's option test_size can't be '4'; it can be 1, 2, 3$"):
        core.set_option("test_size", "4")
    with pytest.raises(ValueError, match=r"^the core has no option 'size'$"):
        core.set_option("size", "1")
    assert seen_by_core(core).startswith("changed=0 ")


@in_own_process
def test_the_core_sets_an_option_itself(build: Builder, tmp_path: Path, game: Path) -> None:
    core = open_core(build("options", define="VERSION=2"), tmp_path)
    core.load_game(game)
    core.run()
    core.run()
    seen = seen_by_core(core)
    assert seen.startswith("changed=1 set=2 ")  # "3" is taken, "4" is not
    assert core.options["test_size"].value == "3"


@in_own_process
def test_labels_and_categories(build: Builder, tmp_path: Path) -> None:
    options = open_core(build("options", define="VERSION=2"), tmp_path).options
    assert options["test_speed"] == Option(
        key="test_speed",
        label="Speed of things",
        info="How fast.",
        category="timing",
        values=(("slow", "Slow"), ("fast", "Fast")),
        default="fast",
        value="fast",
    )
    assert options["test_size"].values == (("1", "1"), ("2", "2"), ("3", "3"))
    assert options.categories == {"timing": "Timing"}


@in_own_process
def test_labels_of_version_0(build: Builder, tmp_path: Path) -> None:
    option = open_core(build("options", define="VERSION=0"), tmp_path).options["test_speed"]
    assert (option.label, option.default) == ("Speed of things", "slow")


@in_own_process
def test_an_option_that_another_one_hides(build: Builder, tmp_path: Path) -> None:
    core = open_core(build("options", define="VERSION=2"), tmp_path)
    core.set_option("test_speed", "slow")
    assert not core.options["test_secret"].visible
    core.set_option("test_speed", "fast")
    assert core.options["test_secret"].visible
