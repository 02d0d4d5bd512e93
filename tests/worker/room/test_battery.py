"""Battery memory: read back as written, never half written, no file for a game that has none."""

from pathlib import Path

import pytest

from worker.room.battery import Battery


def test_a_new_game_has_no_memory_and_empty_memory_makes_no_file(tmp_path: Path) -> None:
    battery = Battery(tmp_path / "game", Path("/roms/Duel.nes"))
    assert battery.load() is None
    assert not battery.changed(bytes(8192))
    assert not battery.changed(b"\xff" * 8192)
    assert battery.changed(bytes(8191) + b"\x01")


def test_stored_memory_comes_back(tmp_path: Path) -> None:
    battery = Battery(tmp_path / "game", Path("/roms/Duel.nes"))
    battery.store(b"score")
    assert not battery.changed(b"score")
    assert battery.changed(b"other")
    assert (tmp_path / "game" / "Duel.srm").read_bytes() == b"score"
    assert Battery(tmp_path / "game", Path("Duel.nes")).load() == b"score"


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    battery = Battery(tmp_path, Path("Duel.nes"))
    battery.store(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        battery.store(b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["Duel.srm"]
    assert battery.path.read_bytes() == b"old"
