"""The format of a snapshot: a game's state with all that another process needs to go on from it.

The core's state is plain, as ``retro_serialize`` gives it; compression, label and checksum are
``worker.formats.savestate``'s.
"""

import msgspec
from msgspec import Struct

from worker.formats.savestate import StateHeader, pack, unpack
from worker.room.game.playback import PlaybackSetting


class SnapshotError(ValueError):
    """Bytes that are no snapshot; the text says why."""


class SnapshotContent(Struct, frozen=True, kw_only=True):
    """The game after ``frame`` frames."""

    frame: int
    state: bytes | memoryview
    """As ``retro_serialize`` gives it; empty if the core has no savestates, and only the battery memory goes on."""
    battery: bytes | None
    """The battery memory; None if the game has none."""
    setting: PlaybackSetting


class _Packed(SnapshotContent, frozen=True, kw_only=True):
    state: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Packed)


def pack_snapshot(content: SnapshotContent, core: str, core_version: str) -> bytes:
    """Pack a snapshot and label it with the core that it is from."""
    return pack(_encoder.encode(content), core, core_version)


def unpack_snapshot(data: bytes) -> tuple[StateHeader, SnapshotContent]:
    """Return a snapshot's label and its content. Raises SnapshotError."""
    try:
        header, raw = unpack(data)
        return header, _decoder.decode(raw)
    except ValueError as error:  # of the envelope as of the message
        raise SnapshotError(str(error)) from error
