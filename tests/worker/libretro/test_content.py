"""Game files: how a core gets them, and those that it doesn't get."""

import errno
import os
from pathlib import Path

import pytest

from tests.cores.build import Builder
from tests.cores.own_process import in_own_process
from tests.worker.libretro.recording import notes, open_core
from worker.libretro import content
from worker.libretro.errors import CoreUnsupportedError, GameUnreadableError


@in_own_process
def test_by_path(build: Builder, tmp_path: Path) -> None:
    game = tmp_path / "A gäme.disc"
    game.write_bytes(b"much data")
    core = open_core(build("content"), tmp_path)
    assert core.info.need_fullpath
    core.load_game(game)
    got = notes(core)
    assert got["path"] == got["full"] == str(game)
    assert got["data"] == ""
    assert (got["dir"], got["name"], got["ext"]) == (str(tmp_path), "A gäme", "disc")
    assert got["persistent"] == "0"


@in_own_process
def test_in_memory_by_an_override_for_the_extension(build: Builder, tmp_path: Path) -> None:
    game = tmp_path / "game.MEM"
    game.write_bytes(b"some data")
    core = open_core(build("content"), tmp_path)
    core.load_game(game)
    got = notes(core)
    assert (got["data"], got["same"], got["persistent"], got["ext"]) == ("some data", "1", "1", "mem")


@in_own_process
def test_an_unusual_extension_is_the_users_choice(build: Builder, tmp_path: Path) -> None:
    game = tmp_path / "game.odd"
    game.write_bytes(b"data")
    core = open_core(build("content"), tmp_path)
    core.load_game(game)
    assert notes(core)["ext"] == "odd"


@pytest.mark.parametrize("core_name", ["echo", "content"])
@in_own_process
def test_files_that_are_no_game(build: Builder, tmp_path: Path, core_name: str) -> None:
    core = open_core(build(core_name), tmp_path)
    empty = tmp_path / "empty.echo"
    empty.touch()
    with pytest.raises(GameUnreadableError, match=r"^the game empty.echo is empty; copy it again$") as caught:
        core.load_game(empty)
    assert caught.value.code == "game_unreadable"
    with pytest.raises(GameUnreadableError, match=rf"^the game gone.echo can't be read: {os.strerror(errno.ENOENT)}$"):
        core.load_game(tmp_path / "gone.echo")
    folder = tmp_path / "folder.echo"
    folder.mkdir()
    with pytest.raises(GameUnreadableError, match=r"^the game folder.echo is not a file$"):
        core.load_game(folder)
    pipe = tmp_path / "pipe.echo"
    os.mkfifo(pipe)  # which nobody writes into: opening it would wait for ever
    with pytest.raises(GameUnreadableError, match=r"^the game pipe.echo is not a file$"):
        core.load_game(pipe)


@in_own_process
def test_a_game_that_is_too_large(build: Builder, tmp_path: Path) -> None:
    game = tmp_path / "large.echo"
    with game.open("wb") as file:
        file.truncate(content.MAX_GAME_BYTES + 1)
    with pytest.raises(GameUnreadableError, match=r"^the game large.echo is larger than 512 MiB$"):
        open_core(build("echo"), tmp_path).load_game(game)


@in_own_process
def test_an_archive_that_the_core_does_not_read(build: Builder, tmp_path: Path) -> None:
    game = tmp_path / "game.zip"
    game.write_bytes(b"PK")
    with pytest.raises(GameUnreadableError, match=r"^game.zip is an archive, which Echo doesn't read; unpack it$"):
        open_core(build("echo"), tmp_path).load_game(game)


@in_own_process
def test_a_subsystems_file(build: Builder, tmp_path: Path) -> None:
    game = tmp_path / "game.gbc"
    game.write_bytes(b"data")
    core = open_core(build("subsystem"), tmp_path)
    sentence = r"^game.gbc is for Test's subsystem link, which loads several files together; that can't be done here$"
    with pytest.raises(CoreUnsupportedError, match=sentence):
        core.load_game(game)
