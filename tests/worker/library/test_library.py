import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from coordinator.messages import MAX_GAMES, MAX_MESSAGE_BYTES, Game, Register, decode_worker_message, encode
from tests.worker.stand_ins.rooms import SECONDS, make_config
from worker.config import own_games
from worker.library import library
from worker.library.cores import SUFFIX
from worker.library.files import ScanStoppedError
from worker.library.library import Entry, Library, Scanner, in_parts


@pytest.fixture
def games(tmp_path: Path) -> Path:
    folder = tmp_path / "games"
    folder.mkdir()
    for core in ("fceumm", "genesis_plus_gx", "echo"):
        path = tmp_path / "cores" / (core + SUFFIX)
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return folder


def put(path: Path, content: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(path.name if content is None else content)
    return path


def make_scanner(tmp_path: Path, **settings: Any) -> Scanner:
    return Scanner(make_config(tmp_path, cores=(tmp_path / "cores",), **settings))


def scan(tmp_path: Path, **settings: Any) -> Library:
    return make_scanner(tmp_path, **settings).scan()


def titles(found: Library) -> list[str]:
    return [entry.game.title for entry in found.entries]


def test_games_of_all_systems_by_extension_and_folder(games: Path, tmp_path: Path) -> None:
    hares = put(games / "nes" / "Comet Hares (Europe).nes")
    put(games / "megadrive" / "alpha.bin")
    put(games / "loose.bin")
    put(games / "readme.txt")
    found = scan(tmp_path)
    assert [(entry.game.title, entry.game.system) for entry in found.entries] == [
        ("alpha", "Mega Drive"),
        ("Comet Hares", "NES"),
    ]
    entry = found.entries[1]
    assert entry.path == hares
    assert entry.core == tmp_path / "cores" / f"fceumm{SUFFIX}"
    assert found.find(entry.game.id) is entry
    assert found.find("nothing") is None


def test_the_games_folder_itself_may_be_called_like_a_system(games: Path, tmp_path: Path) -> None:
    put(games / "genesis" / "a.bin")
    assert titles(scan(tmp_path, games=(games / "genesis",))) == ["a"]


def test_a_readme_is_no_mega_drive_game(games: Path, tmp_path: Path) -> None:
    put(games / "README.md", "# About these games")
    put(games / "game.md", "SEGA\0MEGA DRIVE")
    assert titles(scan(tmp_path)) == ["game"]


def test_a_game_without_core_is_kept_back_with_the_remedy(games: Path, tmp_path: Path) -> None:
    put(games / "a.nes")
    put(games / "b.gba")
    found = scan(tmp_path)
    assert [game.title for game in found.announced] == ["a"]
    (missing,) = found.missing
    assert missing.game.title == "b"
    assert missing.remedy.startswith("No core for Game Boy Advance games is installed. To play it, run `pip install")


def test_the_same_content_counts_once(games: Path, tmp_path: Path) -> None:
    put(games / "a.nes", "same")
    put(games / "b.nes", "same")
    assert titles(scan(tmp_path)) == ["a"]


def test_aliases_and_bad_lines_in_their_file(games: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(games / "nes" / "hares.nes")
    put(games / "nes" / "other.nes")
    put(games / "aliases.txt", "hares.nes = Comet Hares\nnonsense\n")
    assert titles(scan(tmp_path)) == ["Comet Hares", "other"]
    assert "line 2 is not of the form" in caplog.text


def test_a_core_by_configuration(games: Path, tmp_path: Path) -> None:
    put(games / "a.echo")
    put(games / "b.nes")
    found = scan(tmp_path, core_overrides={"echo": "echo", "b.nes": "absent"})
    assert [(entry.game.system, entry.core and entry.core.name) for entry in found.entries] == [
        ("echo", f"echo{SUFFIX}"),
        ("NES", None),
    ]
    assert f"absent{SUFFIX}" in found.missing[0].remedy


def test_a_core_has_options_that_suit_more_games_and_the_configuration_has_the_last_word(
    games: Path, tmp_path: Path
) -> None:
    put(games / "a.gen")
    key = "genesis_plus_gx_addr_error"
    (plain,) = scan(tmp_path).entries
    (chosen,) = scan(tmp_path, core_options={"genesis_plus_gx": {key: "enabled"}}).entries
    assert plain.options == {key: "disabled"}
    assert chosen.options == {key: "enabled"}


def test_core_options_by_core_and_by_file(games: Path, tmp_path: Path) -> None:
    put(games / "a.nes")
    put(games / "b.nes")
    options = {"fceumm": {"region": "PAL", "palette": "raw"}, "a.*": {"region": "NTSC"}, "echo": {"x": "y"}}
    first, second = scan(tmp_path, core_options=options).entries
    assert first.options == {"region": "NTSC", "palette": "raw"}
    assert second.options == {"region": "PAL", "palette": "raw"}


def test_a_core_that_is_a_game_itself(games: Path, tmp_path: Path) -> None:
    echo, absent = sorted(scan(tmp_path, standalone=("echo", "absent")).entries, key=lambda entry: entry.core is None)
    assert (echo.game.title, echo.path) == ("echo", None)
    assert absent.remedy.startswith("The core absent is not installed.")


def test_files_that_can_not_be_used_are_left_out_in_words(
    games: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    put(games / "a.nes")
    (games / "nowhere.nes").symlink_to(games / "gone")
    (games / "circle.nes").symlink_to(games / "circle.nes")
    undecodable = os.fsencode(games) + b"/\xff.nes"
    with open(undecodable, "wb") as file:
        file.write(b"unnameable")
    assert titles(scan(tmp_path)) == ["a"]
    assert len(caplog.records) == 2
    assert "is no UTF-8" in caplog.text
    assert "can't be read" in caplog.text


def test_a_missing_folder_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert scan(tmp_path).entries == ()
    assert f"The games folder {tmp_path / 'games'} is not there" in caplog.text


def test_unreadable_aliases_cost_no_game(games: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(games / "a.nes")
    (games / "aliases.txt").mkdir()
    assert titles(scan(tmp_path)) == ["a"]
    assert "titles come from file names" in caplog.text


def many(count: int, title: str = "Game") -> Library:
    core = Path("core")
    return Library(
        tuple(
            Entry(game=Game(id=f"{number:016}", title=title, system="NES"), path=None, core=core)
            for number in range(count)
        )
    )


def test_a_long_library_is_told_in_parts_that_each_fit_into_a_message() -> None:
    games = many(2000, "\N{SNOWMAN}" * 128).announced
    parts = in_parts(games)
    assert 3 <= len(parts) <= 5
    assert [game for part in parts for game in part.games] == list(games)
    assert [part.more for part in parts] == [
        2000 - sum(len(part.games) for part in parts[: n + 1]) for n in range(len(parts))
    ]
    frame = encode(
        Register(
            name="\N{SNOWMAN}" * 128,
            region="\N{SNOWMAN}" * 64,
            capacity=10_000,
            games=parts[0].games,
            more=parts[0].more,
            gateways=(f"turn:{'a' * 200}:3478?transport=udp",) * 16,
        )
    )
    assert len(frame.encode()) <= MAX_MESSAGE_BYTES
    assert isinstance(decode_worker_message(frame), Register)


@pytest.mark.parametrize("count", [0, 1])
def test_a_short_library_is_one_part(count: int) -> None:
    (part,) = in_parts(many(count).announced)
    assert (len(part.games), part.more) == (count, 0)


def test_no_more_games_are_announced_than_a_coordinator_takes() -> None:
    assert len(many(MAX_GAMES + 1).announced) == MAX_GAMES


def test_what_coinop_and_stable_retro_bring_along(tmp_path: Path) -> None:
    pytest.importorskip("stable_retro")
    found = Scanner(make_config(tmp_path, games=(own_games(),), wheel_games=True, standard_cores=True)).scan()
    systems = {entry.game.title: entry.game.system for entry in found.entries}
    assert systems["Airstriker"] == "Mega Drive"
    assert found.missing == ()


@asynccontextmanager
async def following(scanner: Scanner) -> AsyncIterator[asyncio.Queue[Library]]:
    changes: asyncio.Queue[Library] = asyncio.Queue()
    task = asyncio.create_task(scanner.follow(changes.put_nowait))
    try:
        yield changes
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_changes_are_noticed(games: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "DEBOUNCE_MS", 50)
    monkeypatch.setattr(library, "RESCAN_MS", 200)
    put(games / "a.nes")
    async with following(make_scanner(tmp_path)) as changes:
        put(games / "nes" / "b.nes")
        async with asyncio.timeout(SECONDS):
            while titles(await changes.get()) != ["a", "b"]:
                continue
            (games / "a.nes").unlink()
            while titles(await changes.get()) != ["b"]:
                continue


async def test_nothing_to_watch_ends_at_once(tmp_path: Path) -> None:
    async with following(make_scanner(tmp_path)) as changes:
        assert changes.empty()


async def test_a_system_that_can_not_watch_is_said(
    games: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_watches(*_: object, **__: object) -> None:
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr(library, "awatch", no_watches)
    await make_scanner(tmp_path).follow(lambda _: None)
    assert "raise fs.inotify.max_user_watches" in caplog.text


async def test_a_cancelled_scan_stops_soon(games: Path, tmp_path: Path) -> None:
    put(games / "a.nes")
    scanner = make_scanner(tmp_path)
    task = asyncio.create_task(scanner.scan_in_thread())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    put(games / "b.nes")
    with pytest.raises(ScanStoppedError):
        scanner.scan()
