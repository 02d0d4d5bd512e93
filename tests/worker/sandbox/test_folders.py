"""What a room may open: its interpreter, its game, its saves; never half of somebody's home."""

import sysconfig
from pathlib import Path

import pytest

from worker.sandbox import folders
from worker.sandbox.folders import of_the_game, of_the_interpreter
from worker.sandbox.landlock import KEEP, READ, Grant


def test_the_interpreter_can_import_and_link_and_writes_nothing_but_the_null_device() -> None:
    grants = of_the_interpreter()
    stdlib = Path(sysconfig.get_path("stdlib"))
    readable = {grant.path for grant in grants if grant.rights == READ}
    assert readable & {stdlib, *stdlib.parents}
    assert Path(folders.__file__).parents[1] in readable
    assert [grant.path for grant in grants if grant.rights != READ] == [Path("/dev/null")]


def test_the_folder_that_the_program_was_started_in_is_not_among_them(tmp_path: Path) -> None:
    granted = {grant.path for grant in of_the_interpreter()}
    assert granted.isdisjoint({Path(folders.__file__).parents[2], Path.cwd(), Path("/"), Path("/usr"), Path("/etc")})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home" / "player"
    home.mkdir(parents=True)
    monkeypatch.setattr(Path, "home", classmethod(lambda cls: home))
    return home


def test_a_game_its_neighbours_and_its_saves(home: Path, tmp_path: Path) -> None:
    core, game = tmp_path / "cores/a.so", home / "games/Game.cue"
    saves, system = home / "saves/1", home / "system"
    grants = of_the_game(core, game, system, saves)
    assert Grant(saves, KEEP) in grants
    assert {grant.path for grant in grants if grant.rights == READ} == {core, core.parent, game, game.parent, system}


def test_a_game_that_lies_in_the_home_folder_itself_opens_nothing_else_there(home: Path, tmp_path: Path) -> None:
    grants = of_the_game(tmp_path / "a.so", home / "Game.nes", tmp_path, home / "saves/1")
    assert {grant.path for grant in grants} == {tmp_path / "a.so", home / "Game.nes", home / "saves/1"}


def test_a_folder_with_everybodys_saves_in_it_is_not_granted_for_a_game(home: Path, tmp_path: Path) -> None:
    everything = tmp_path / "everything"
    saves = everything / "saves/1"
    saves.mkdir(parents=True)
    (tmp_path / "link").symlink_to(everything)
    for folder in (everything, tmp_path / "link"):
        grants = of_the_game(tmp_path / "cores/a.so", folder / "Game.nes", tmp_path / "system", saves)
        assert folder not in {grant.path for grant in grants}


def test_no_game_at_all(home: Path, tmp_path: Path) -> None:
    core = tmp_path / "cores/2048.so"
    grants = of_the_game(core, None, tmp_path / "system", tmp_path / "saves/1")
    assert {grant.path for grant in grants if grant.rights == READ} == {core, core.parent, tmp_path / "system"}
