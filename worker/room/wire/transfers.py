"""Files over the room channel, in pieces: what comes in is collected up to its announced size. No channel, no clock.

The formats are the emulators' own: ``.state`` is what ``retro_serialize`` gives, ``.srm`` the battery memory as it is.
"""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Final, Literal

from worker.room.wire.requests import MAX_FILE_BYTES, Import

PIECE_BYTES: Final = 16 * 1024
"""Of a file in one message: what every browser takes and gives."""
STALLED_SECONDS: Final = 30.0
"""Without a piece, after which a file that comes in is given up."""

SUFFIXES: Final[dict[str, str]] = {"state": ".state", "battery": ".srm"}


class TransferError(ValueError):
    """The file can't be taken; the text is a sentence for the player."""


def pieces(data: bytes) -> Iterator[bytes]:
    """The file in the order in which it is sent."""
    return (data[start : start + PIECE_BYTES] for start in range(0, len(data), PIECE_BYTES))


def file_name(game: str | None, what: Literal["state", "battery"]) -> str:
    """What an exported file is called: after the game's file, as the emulators do."""
    return (PurePath(game).stem if game else "game") + SUFFIXES[what]


class Incoming:
    """A file that a viewer sends. It is complete when all of its announced bytes are there."""

    def __init__(self, request: Import, now: float) -> None:
        """Raises TransferError."""
        if request.size > MAX_FILE_BYTES:
            limit = f"{MAX_FILE_BYTES >> 20} MB at the most"
            raise TransferError(f"A file of {request.size >> 20} MB is too large for a saved game: {limit}.")
        self.request = request
        self._data = bytearray()
        self._last = now

    def feed(self, piece: bytes, now: float) -> bytes | None:
        """Take the next piece; the whole file if that was the last. Raises TransferError."""
        if len(self._data) + len(piece) > self.request.size:
            raise TransferError("The file is longer than the page said. Try it again.")
        self._data += piece
        self._last = now
        return bytes(self._data) if len(self._data) == self.request.size else None

    def stalled(self, now: float) -> bool:
        """Whether nothing has come for so long that nothing will."""
        return now - self._last > STALLED_SECONDS
