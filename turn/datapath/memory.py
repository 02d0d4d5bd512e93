"""The memory that the data path works in: one block, laid out once and used for every datagram.

Compiled functions get its address, and take the parts that they need as arrays.
"""

from typing import Any, Final

import numpy as np

from turn.datapath.jit import compiled, words
from turn.datapath.linux import (
    CONTROL_BYTES,
    CONTROL_WORDS,
    EVENT_WORDS,
    HEAD_CONTROL,
    HEAD_CONTROL_LENGTH,
    HEAD_COUNT,
    HEAD_NAME,
    HEAD_NAME_LENGTH,
    HEAD_PIECES,
    HEAD_WORDS,
    MAX_SEGMENTS,
    NAME_BYTES,
    PIECE_WORDS,
    WORD,
)
from turn.wire.channel import HEADER as CHANNEL_HEADER

RECEIVED_AT_ONCE: Final = 16
"""Messages of one socket before the others have their turn. Each has 64 KiB, of which little is touched."""
EVENTS_AT_ONCE: Final = 64
"""Sockets that are read before asyncio is asked whether it has anything else to do."""
KEPT_AT_ONCE: Final = RECEIVED_AT_ONCE * MAX_SEGMENTS

HEADROOM: Final = MAX_SEGMENTS * CHANNEL_HEADER
"""Bytes in front of each received message, for the headers of all its datagrams."""
SLOT: Final = 65_536 + 1024
"""Bytes of a received message. No power of two: slots would share the same few lines of the cache."""

KINDS, ROWS, MASK, LEGS, BUCKETS, TABLES = range(6)
"""Where what is known lies: whose each socket is, by file descriptor (words of 32 bits); the rows of Flows, and their
number less one; counters, by a flow's LEG (see runs.TO_CLIENT); the same leg's two token buckets (see rates.Bucket), of
what goes to the client, and to peers."""

KEPT_OFFSET, KEPT_LENGTH, KEPT_SEGMENT, KEPT_TOS, KEPT_SLOT, KEPT_WORDS = range(6)
KEPT_COUNT, KEPT_FD, LEFT_WORDS = range(3)
"""What is left to Python."""

BATCH_NEXT, BATCH_COUNT, BATCH_FOUND, BATCH_WORDS = range(4)
"""The sockets that epoll has named: which of them is read next, how many they are, and ASYNCIO if one was asyncio's."""

CLOCK_WORDS: Final = 2
RUN_WORDS: Final = 8
"""See runs.COUNT."""


class _Layout:
    """Gives parts out one after the other."""

    def __init__(self) -> None:
        self.end = 0

    def part(self, words: int) -> int:
        """So many words: where they begin, in bytes."""
        begin = self.end
        self.end += words * WORD
        return begin


_layout = _Layout()
# What is used for every packet lies side by side.
KNOWN: Final = _layout.part(TABLES)
CLOCK: Final = _layout.part(CLOCK_WORDS)
LEFT: Final = _layout.part(LEFT_WORDS)
BATCH: Final = _layout.part(BATCH_WORDS)
RUN: Final = _layout.part(RUN_WORDS)
MESSAGE: Final = _layout.part(HEAD_WORDS)
CONTROL: Final = _layout.part(2 * CONTROL_WORDS)
PIECE: Final = _layout.part(PIECE_WORDS)
EVENTS: Final = _layout.part(EVENTS_AT_ONCE * EVENT_WORDS // 2)
HEADS: Final = _layout.part(RECEIVED_AT_ONCE * HEAD_WORDS)
NAMES: Final = _layout.part(RECEIVED_AT_ONCE * NAME_BYTES // WORD)
CONTROLS: Final = _layout.part(RECEIVED_AT_ONCE * CONTROL_BYTES // WORD)
PIECES_IN: Final = _layout.part(RECEIVED_AT_ONCE * PIECE_WORDS)
PIECES: Final = _layout.part(MAX_SEGMENTS * PIECE_WORDS)
KEPT: Final = _layout.part(KEPT_AT_ONCE * KEPT_WORDS)
MEMORY: Final = _layout.part(RECEIVED_AT_ONCE * SLOT // WORD)


class Space:
    """The block, at ``address``."""

    def __init__(self) -> None:
        """Every head points at its slot."""
        self._block = np.zeros(_layout.end, np.uint8)
        self.address = int(self._block.ctypes.data)
        self.known = self._words(KNOWN, TABLES)
        self.memory: Any = self._block[MEMORY : _layout.end]
        """Received messages, a slot each."""
        self.names = self._words(NAMES, RECEIVED_AT_ONCE, NAME_BYTES // WORD)
        """Where they came from."""
        self.kept = self._words(KEPT, KEPT_AT_ONCE, KEPT_WORDS)
        """Messages for Python, see KEPT_OFFSET."""
        self.left = self._words(LEFT, LEFT_WORDS)
        """How many, and of which socket: see KEPT_COUNT."""
        heads = self._words(HEADS, RECEIVED_AT_ONCE, HEAD_WORDS)
        pieces = self._words(PIECES_IN, RECEIVED_AT_ONCE, PIECE_WORDS)
        for slot, head in enumerate(heads):
            pieces[slot] = self.address + MEMORY + slot * SLOT + HEADROOM, SLOT - HEADROOM
            head[HEAD_NAME] = self.address + NAMES + slot * NAME_BYTES
            head[HEAD_PIECES], head[HEAD_COUNT] = self.address + PIECES_IN + slot * PIECE_WORDS * WORD, 1
            head[HEAD_CONTROL] = self.address + CONTROLS + slot * CONTROL_BYTES
            head[HEAD_NAME_LENGTH], head[HEAD_CONTROL_LENGTH] = NAME_BYTES, CONTROL_BYTES

    def _words(self, at: int, *shape: int) -> Any:
        return np.ndarray(shape, np.int64, self._block, at)


# ----- parts of a Space, by its address, for compiled functions


@compiled
def known(space: int) -> Any:
    return words(space + KNOWN, TABLES)


@compiled
def left(space: int) -> Any:
    return words(space + LEFT, LEFT_WORDS)


@compiled
def batch(space: int) -> Any:
    return words(space + BATCH, BATCH_WORDS)


@compiled
def kept(space: int, at: int) -> Any:
    return words(space + KEPT + at * KEPT_WORDS * WORD, KEPT_WORDS)


@compiled
def head(space: int, slot: int) -> Any:
    """A received message's mmsghdr."""
    return words(space + HEADS + slot * HEAD_WORDS * WORD, HEAD_WORDS)


@compiled
def name(space: int, slot: int) -> Any:
    """Its source, as a sockaddr."""
    return words(space + NAMES + slot * NAME_BYTES, NAME_BYTES // WORD)


@compiled
def control(space: int, slot: int) -> Any:
    """Its ancillary data."""
    return words(space + CONTROLS + slot * CONTROL_BYTES, CONTROL_BYTES // WORD)
