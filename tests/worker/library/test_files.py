import hashlib
import logging
import os
import threading
from pathlib import Path

import pytest

from worker.library import files
from worker.library.files import Fingerprints, ScanStoppedError, files_in, is_text


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def names_in(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in files_in(root)]


def test_files_of_all_folders_but_hidden_ones(tmp_path: Path) -> None:
    make(tmp_path, "b.nes", "a.nes", "nes/c.nes", ".hidden.nes", ".git/d.nes", "nes/.e.nes")
    assert names_in(tmp_path) == ["a.nes", "b.nes", "nes/c.nes"]


def test_links_are_followed_but_never_in_circles(tmp_path: Path) -> None:
    make(tmp_path, "elsewhere/a.nes", "games/b.nes")
    games = tmp_path / "games"
    (games / "linked").symlink_to(tmp_path / "elsewhere")
    (games / "again").symlink_to(tmp_path / "elsewhere")
    (games / "up").symlink_to(games)
    assert sorted(name.rpartition("/")[2] for name in names_in(games)) == ["a.nes", "b.nes"]


def test_depth_and_number_are_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(files, "MAX_DEPTH", 2)
    monkeypatch.setattr(files, "MAX_FILES", 2)
    make(tmp_path, "1/2/a.nes", "1/2/3/deep.nes")
    assert names_in(tmp_path) == ["1/2/a.nes"]
    make(tmp_path, "b.nes", "c.nes")
    with caplog.at_level(logging.WARNING):
        assert names_in(tmp_path) == ["b.nes", "c.nes"]
    assert "more than 2 files" in caplog.text


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert names_in(tmp_path / "nowhere") == []


def test_a_fingerprint_is_of_the_content(tmp_path: Path) -> None:
    make(tmp_path, "a.nes")
    expected = hashlib.sha256(b"a.nes").hexdigest()[:16]
    assert Fingerprints().of(tmp_path / "a.nes") == expected


def test_a_file_is_hashed_again_only_if_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.nes"
    fingerprints = Fingerprints()
    path.write_text("old")
    os.utime(path, ns=(1, 1))
    old = fingerprints.of(path)
    path.write_text("new")
    os.utime(path, ns=(1, 1))
    assert fingerprints.of(path) == old  # same size and time: taken for the same
    os.utime(path, ns=(2, 2))
    new = fingerprints.of(path)
    assert new != old
    path.write_text("NEW")
    os.utime(path, ns=(2, 2))
    fingerprints.forget_others({path})
    assert fingerprints.of(path) == new
    fingerprints.forget_others(set())
    assert fingerprints.of(path) != new


def test_what_is_no_game_file_has_no_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_GAME_BYTES", 3)
    os.mkfifo(tmp_path / "pipe.nes")
    make(tmp_path, "large.nes")
    assert Fingerprints().of(tmp_path / "pipe.nes") is None
    assert Fingerprints().of(tmp_path / "large.nes") is None
    with pytest.raises(FileNotFoundError):
        Fingerprints().of(tmp_path / "nowhere.nes")


def test_hashing_stops_when_told_to(tmp_path: Path) -> None:
    make(tmp_path, "a.nes")
    stop = threading.Event()
    stop.set()
    with pytest.raises(ScanStoppedError):
        Fingerprints(stop).of(tmp_path / "a.nes")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"# Title\n", True),
        (b"", True),
        ("\N{SNOWMAN}".encode() * 4096, True),
        (b"SEGA\0\0", False),
        (b"\xff\xfe", False),
    ],
)
def test_text_is_told_from_games(tmp_path: Path, content: bytes, text: bool) -> None:
    (tmp_path / "file").write_bytes(content)
    assert is_text(tmp_path / "file") is text


def test_what_can_not_be_read_is_no_text(tmp_path: Path) -> None:
    assert not is_text(tmp_path / "nowhere")
