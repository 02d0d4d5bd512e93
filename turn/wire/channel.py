"""ChannelData, and how messages follow each other on a stream (RFC 8656 section 12, RFC 8489 section 6.2.2).

Which number belongs to which peer is left to allocation.py. On datagrams the gateway reads the four bytes in place.
"""

from typing import Final

from turn.wire.errors import Malformed

FIRST_CHANNEL: Final = 0x4000
LAST_CHANNEL: Final = 0x7FFF
"""RFC 8656 ends at 0x4FFF, RFC 5766 ended here. coturn's clients choose numbers from the wider range."""

HEADER: Final = 4
"""Number and length, two bytes each."""

STUN_HEADER: Final = 20

MAX_FRAME: Final = 65_556
"""The longest that a length field allows: a STUN header and 65,535 bytes, rounded up to four."""

MAX_STRANGERS_FRAME: Final = 2048
"""Enough for any Allocate request; what a stream without an allocation may make us hold."""

PADDING: Final = (b"", b"\0\0\0", b"\0\0", b"\0")
"""By ``length % 4``: what follows ChannelData on a stream."""


def is_channel_data(first_byte: int) -> bool:
    """What a message's first byte says (RFC 7983): ChannelData. STUN begins with 0 to 3; nothing else is ours."""
    return 0x40 <= first_byte <= 0x7F


def encode(number: int, payload: bytes | memoryview, *, padded: bool = False) -> bytes:
    """ChannelData; ``padded`` to four bytes, as streams need it."""
    length = len(payload)
    return b"".join(
        (number.to_bytes(2, "big"), length.to_bytes(2, "big"), payload, PADDING[length % 4] if padded else b"")
    )


def decode(data: bytes | memoryview) -> tuple[int, memoryview]:
    """Number and payload of ChannelData. What follows the payload is padding, and is dropped."""
    if len(data) < HEADER:
        raise Malformed(f"ChannelData of {len(data)} bytes")
    number = data[0] << 8 | data[1]
    end = HEADER + (data[2] << 8 | data[3])
    if not FIRST_CHANNEL <= number <= LAST_CHANNEL:
        raise Malformed(f"channel number {number:#06x}")
    if end > len(data):
        raise Malformed("ChannelData that ends before its length says")
    return number, memoryview(data)[HEADER:end]


class Deframer:
    """Cuts a stream into STUN messages and ChannelData.

    Frames come without a copy as long as they are not torn over two calls. ``limit`` may be raised while running, once
    the client has an allocation.
    """

    __slots__ = ("_rest", "limit")

    def __init__(self, limit: int = MAX_STRANGERS_FRAME) -> None:
        self.limit = limit
        """The longest frame in bytes, padding included."""
        self._rest = b""

    @property
    def held(self) -> int:
        """How many bytes wait for the rest of their frame: always fewer than ``limit``."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[memoryview]:
        """The frames that are whole now, ChannelData without its padding.

        Raises ``Malformed`` when the stream holds something else: what follows can't be found, so it has to be closed.
        """
        view = memoryview(self._rest + data if self._rest else data)
        frames: list[memoryview] = []
        at = 0
        while len(view) - at >= HEADER:
            size, padded = self._measure(view, at)
            if len(view) - at < padded:
                break
            frames.append(view[at : at + size])
            at += padded
        self._rest = bytes(view[at:])
        return frames

    def _measure(self, view: memoryview, at: int) -> tuple[int, int]:
        """How long the frame is, without and with padding."""
        first = view[at]
        length = view[at + 2] << 8 | view[at + 3]
        if first < 4 and not length % 4:
            size = STUN_HEADER + length
        elif is_channel_data(first):
            size = HEADER + length
        else:
            raise Malformed("neither STUN nor ChannelData on the stream")
        padded = (size + 3) & ~3
        if padded > self.limit:
            raise Malformed(f"a frame of {padded} bytes; {self.limit} are allowed")
        return size, padded
