"""A moment of a game with all that another process needs to go on from it: what a snapshot holds.

The core's state is plain, as ``retro_serialize`` gives it; compression, label and checksum are
``worker.formats.savestate``'s.
"""

import msgspec
from msgspec import Struct

from worker.formats.savestate import StateHeader, pack, unpack
from worker.room.game.playback import Setting


class MomentError(ValueError):
    """These bytes hold no moment; the text says why."""


class Moment(Struct, frozen=True, kw_only=True):
    """The game after ``frame`` frames."""

    frame: int
    state: bytes | memoryview
    """Empty if the core has no savestates: then only the battery memory goes on."""
    battery: bytes | None
    setting: Setting


class _Kept(Moment, frozen=True, kw_only=True):
    state: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Kept)


def seal(moment: Moment, core: str, core_version: str) -> bytes:
    """The moment, packed and labelled with the core."""
    return pack(_encoder.encode(moment), core, core_version)


def unseal(data: bytes) -> tuple[StateHeader, Moment]:
    """The label and the moment. Raises MomentError."""
    try:
        header, raw = unpack(data)
        return header, _decoder.decode(raw)
    except ValueError as error:  # of the envelope as of the message
        raise MomentError(str(error)) from error
