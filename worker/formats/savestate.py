"""A core's savestate as it travels and is kept: compressed, and labelled with the core that made it.

Taking a state and setting it is ``worker.libretro``'s. Nothing here says whether a core will take a state of another
core or version; the label lets the room say it in words when the core does not.
"""

from typing import Annotated

import zstandard
from msgspec import Meta

from worker.formats.envelope import DamagedError, Envelope, Header

MAX_RAW_BYTES = 256 << 20
"""The largest state before compression: more is a damaged header. The largest known cores have a few ten MB."""

LEVEL = 1
"""On the 1 MB state of a Mega Drive, levels above 3 take ten times as long for a tenth less."""

_Name = Annotated[str, Meta(max_length=128)]


class StateHeader(Header, frozen=True, kw_only=True):
    """What is known of a state without unpacking it."""

    core: _Name
    core_version: _Name
    raw_size: Annotated[int, Meta(ge=0, le=MAX_RAW_BYTES)] = 0


_ENVELOPE = Envelope(b"cST1", StateHeader)


def pack(raw: bytes, core: str, core_version: str) -> bytes:
    """Compress a core's state and label it. It takes about 1 ms for a megabyte, without the interpreter's lock."""
    header = StateHeader(core=core[:128], core_version=core_version[:128], raw_size=len(raw))
    return _ENVELOPE.seal(header, zstandard.ZstdCompressor(level=LEVEL).compress(raw))


def label(packed: bytes) -> StateHeader:
    """Read which core made the state, without unpacking it. Raises DamagedError."""
    return _ENVELOPE.header(packed)


def unpack(packed: bytes) -> tuple[StateHeader, bytes]:
    """Return the label, and the state as the core gave it. Raises DamagedError."""
    header, compressed = _ENVELOPE.open(packed)
    try:
        if zstandard.frame_content_size(compressed) != header.raw_size:
            raise DamagedError("its size is wrong")
        return header, zstandard.ZstdDecompressor().decompress(compressed)
    except zstandard.ZstdError as error:
        raise DamagedError(f"it can't be unpacked: {error}") from error
