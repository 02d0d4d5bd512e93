"""The ROM is what its source builds, and its header says what the game needs."""

import shutil
import subprocess
from pathlib import Path

import pytest

GAMES = Path(__file__).parents[2] / "games"
ROM = GAMES / "nes" / "Comet Hares.nes"

PROGRAM_BYTES, PICTURE_BYTES, HEADER_BYTES = 16 * 1024, 8 * 1024, 16


@pytest.mark.skipif(
    not (shutil.which("ca65") and shutil.which("ld65")), reason="cc65 is not installed, so the ROM can't be built anew"
)
def test_source_builds_to_the_same_bytes(tmp_path: Path) -> None:
    rom = tmp_path / "built.nes"
    built = subprocess.run(
        [GAMES / "comet-hares" / "build", rom], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert (built.returncode, built.stdout) == (0, "")
    assert rom.read_bytes() == ROM.read_bytes()


def test_header_says_nrom_with_a_battery() -> None:
    rom = ROM.read_bytes()
    assert rom[:4] == b"NES\x1a"
    assert rom[4:6] == bytes([PROGRAM_BYTES // 16384, PICTURE_BYTES // 8192])
    mapper = rom[6] >> 4 | rom[7] & 0xF0
    assert mapper == 0
    battery = rom[6] & 0b10
    assert battery
    assert len(rom) == HEADER_BYTES + PROGRAM_BYTES + PICTURE_BYTES


def test_vectors_point_into_the_program() -> None:
    rom = ROM.read_bytes()
    vectors = rom[HEADER_BYTES + PROGRAM_BYTES - 6 : HEADER_BYTES + PROGRAM_BYTES]
    for low, high in zip(vectors[::2], vectors[1::2], strict=True):
        assert 0xC000 <= (high << 8 | low) < 0xFFFA


def test_licence_lies_beside_the_game() -> None:
    assert (GAMES / "LICENSE").read_text().startswith("MIT License")
