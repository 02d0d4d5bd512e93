"""Files over the room channel, in pieces: one that comes in is collected up to its size. No channel, no clock.

The formats are the emulators' own: ``.state`` is what ``retro_serialize`` gives, ``.srm`` the battery memory as it is.
"""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Final, Literal

from worker.room.errors import TransferError
from worker.room.wire.requests import MAX_FILE_BYTES, Import

PIECE_BYTES: Final = 16 * 1024
"""Of a file in one message: every browser takes and sends as much."""
STALLED_SECONDS: Final = 30.0
"""Without a piece, after which a file that comes in is given up."""

SUFFIXES: Final[dict[str, str]] = {"state": ".state", "battery": ".srm"}


def pieces(data: bytes) -> Iterator[bytes]:
    """Cut a file into the pieces that are sent one by one."""
    return (data[start : start + PIECE_BYTES] for start in range(0, len(data), PIECE_BYTES))


def file_name(game: str | None, what: Literal["state", "battery"]) -> str:
    """Name an exported file after the game's file, as the emulators do."""
    return (PurePath(game).stem if game else "game") + SUFFIXES[what]


class IncomingFile:
    """A file that a viewer sends. It is complete when all of its announced bytes are there."""

    def __init__(self, request: Import, now: float) -> None:
        """Begin a file of the announced size. Raises TransferError if that is too large."""
        if request.size > MAX_FILE_BYTES:
            limit = f"{MAX_FILE_BYTES >> 20} MB at the most"
            raise TransferError(f"A file of {request.size >> 20} MB is too large for a saved game: {limit}.")
        self.request = request
        self._data = bytearray()
        self._last = now

    def feed(self, piece: bytes, now: float) -> bytes | None:
        """Take the next piece; return the whole file if that was the last. Raises TransferError if it is too long."""
        if len(self._data) + len(piece) > self.request.size:
            raise TransferError("The file is longer than the page said. Try it again.")
        self._data += piece
        self._last = now
        return bytes(self._data) if len(self._data) == self.request.size else None

    def is_stalled(self, now: float) -> bool:
        """Return whether nothing has come for so long that nothing will."""
        return now - self._last > STALLED_SECONDS
