"""Files that are not all there."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from worker.config import own_games
from worker.room.game.rom_size import announced_size, missing_bytes


def test_the_home_made_game_is_whole_and_a_piece_of_it_is_not(tmp_path: Path) -> None:
    (game,) = (own_games() / "nes").glob("*.nes")
    assert missing_bytes(game) == 0
    piece = tmp_path / "piece.nes"
    piece.write_bytes(game.read_bytes()[:5000])
    assert missing_bytes(piece) == game.stat().st_size - 5000


def test_a_trainer_and_a_large_nes_2_0_file_count() -> None:
    assert announced_size(b"NES\x1a\x02\x01\x04" + bytes(9), ".nes") == 16 + 512 + 2 * 0x4000 + 0x2000
    assert announced_size(b"NES\x1a\x00\x00\x00\x08\x00\x01" + bytes(6), ".nes") == 16 + 256 * 0x4000
    assert announced_size(b"NES\x1a\xff\xff\x00\x08\x00\xff" + bytes(6), ".nes") == 0


def test_a_game_boy_file_has_the_size_of_its_code() -> None:
    head = bytearray(0x150)
    head[0x148] = 1
    assert announced_size(bytes(head), ".gb") == 0x10000
    head[0x148] = 0x54
    assert announced_size(bytes(head), ".gbc") == 0


@given(st.binary(max_size=0x150), st.sampled_from([".nes", ".gb", ".gbc", ".md", ""]))
def test_any_head_has_a_size_or_none(head: bytes, suffix: str) -> None:
    assert 0 <= announced_size(head, suffix) < 1 << 28
    assert 0 <= announced_size(b"NES\x1a" + head, suffix) < 1 << 28
