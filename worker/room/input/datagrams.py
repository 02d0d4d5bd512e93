"""CONTRACT: the datagrams of the ``input`` data channel, as far as all devices have them in common.

The channel is negotiated with id 0, unordered and without retransmission. Every datagram begins with eight bytes,
little-endian like all that follows:

    kind u8 | count u8 | modifiers u16 | sequence u32

* Each kind of device has a kind of datagram, which its module in ``devices/`` defines: 1 pad, 2 keyboard, 3 mouse.
* kind 9, ping: any sequence, and nothing after the header. The room sends it back as it is.
* kind 129, applied, is the room's: ``kind u8 | 0 u8 | 0 u16 | sequence u32 | rtp u32``. The pad state of this number
  went into the frame with this RTP timestamp.

A sequence number counts each device of each connection alone, from 1, modulo 2**32. ``web/core/wire/input.js``
mirrors this. Which datagram is newer than which, and what becomes of one, is ``viewer_input.py``'s.
"""

import struct
from dataclasses import dataclass
from typing import Final

from worker.room.errors import InputError

KIND_PING: Final = 9
KIND_APPLIED: Final = 129

_HEADER: Final = struct.Struct("<BBHI")
_APPLIED: Final = struct.Struct("<BBHII")

HEADER_BYTES: Final = _HEADER.size


@dataclass(slots=True)  # not frozen, which takes three times as long to make
class Datagram:
    """A datagram from a page: its header's fields, and the bytes after the header."""

    kind: int
    count: int
    modifiers: int
    sequence: int
    body: bytes


def parse(data: bytes) -> Datagram:
    """Split a datagram into its header and its body. Raises InputError if it is too short for a header."""
    if len(data) < HEADER_BYTES:
        raise InputError(f"an input datagram has at least {HEADER_BYTES} bytes")
    kind, count, modifiers, sequence = _HEADER.unpack_from(data)
    return Datagram(kind, count, modifiers, sequence, data[HEADER_BYTES:])


def is_ping(data: bytes) -> bool:
    """Return whether the datagram is a ping, which the room sends back."""
    return len(data) == HEADER_BYTES and data[0] == KIND_PING


def applied(sequence: int, rtp: int) -> bytes:
    """Build the datagram that tells a page which frame, by its RTP timestamp, its pad state went into."""
    return _APPLIED.pack(KIND_APPLIED, 0, 0, sequence, rtp)


def distance(older: int, newer: int) -> int:
    """Return by how many ``newer`` is ahead in the order of RFC 1982, section 3.2; 0 if it is not ahead."""
    ahead = (newer - older) & 0xFFFFFFFF
    return ahead if ahead < 0x80000000 else 0
