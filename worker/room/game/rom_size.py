"""Whether a game file is all there, where its format says how long it must be.

Emulators fill what is missing with zeros and show a black picture, which tells a player nothing.
"""

from pathlib import Path
from typing import Final

INES_MAGIC: Final = b"NES\x1a"
INES_HEADER: Final = 16
GAME_BOY_SUFFIXES: Final = frozenset({".gb", ".gbc"})
GAME_BOY_SIZE_CODE: Final = 0x148
GAME_BOY_LARGEST_CODE: Final = 8
"""8 MiB; the few higher codes that were ever seen are of files with broken headers."""


def missing_bytes(path: Path) -> int:
    """How many bytes the file lacks of what its header announces; 0 if none, or if the format doesn't say.

    Raises OSError.
    """
    with path.open("rb") as file:
        head = file.read(0x150)
    return max(0, announced_size(head, path.suffix.lower()) - path.stat().st_size)


def announced_size(head: bytes, suffix: str) -> int:
    """The length of the whole file in bytes, by its first 0x150 bytes; 0 if they don't say."""
    if head.startswith(INES_MAGIC) and len(head) >= INES_HEADER:
        return _ines_size(head)
    if suffix in GAME_BOY_SUFFIXES and len(head) > GAME_BOY_SIZE_CODE:
        code = head[GAME_BOY_SIZE_CODE]
        return 0x8000 << code if code <= GAME_BOY_LARGEST_CODE else 0
    return 0


def _ines_size(head: bytes) -> int:
    """iNES: banks of 16 KiB program and 8 KiB pictures. NES 2.0 counts in other ways too, so only its plain one."""
    program, pictures, trainer = head[4], head[5], 512 if head[6] & 4 else 0
    if head[7] & 0x0C == 0x08:
        if 0x0F in (head[9] & 0x0F, head[9] >> 4):
            return 0
        program |= (head[9] & 0x0F) << 8
        pictures |= (head[9] >> 4) << 8
    return INES_HEADER + trainer + program * 0x4000 + pictures * 0x2000
