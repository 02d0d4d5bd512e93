"""The flows that need no decision: where a datagram from here goes, by what header, until when.

A flow is what ``Relay`` has decided about one peer and one direction, written down in an array so that compiled code
(forward.py) can act on it. It is a cache: what is not in the table, or has run out, is decided anew by the slow way,
and written down again. All times are nanoseconds of the monotonic clock. Native byte order, which is little (see
``kernel.USABLE``).
"""

import struct
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from turn.datapath.datagram import Way, sockaddr
from turn.datapath.jit import compiled, words
from turn.datapath.linux import WORD

KEYS: Final = 4
"""Words of a key: the receiving socket with a channel number, and the source."""
UNTIL, HEADER, FD, LEG, NAME_LENGTH, IS_IPV4, NAME = range(KEYS, KEYS + 7)
"""The words after the key: the end of its time; the channel's number in front of a payload's length, towards a client;
the sending socket; the row of the leg's counters; the length of the destination's sockaddr, its family, and itself."""
NAME_WORDS: Final = 4
WORDS: Final = 16
ROW_BYTES: Final = WORDS * WORD
"""A row has two cache lines."""

EMPTY, GONE = 0, -1
"""First words of rows that hold no flow. No key begins so: a socket's number is above 2."""

FIRST_ROWS: Final = 1024
"""A power of two, as every size of the table."""

_MIX: Final = 0x9E3779B97F4A7C15 - (1 << 64)  # 2**64 divided by the golden ratio, as a signed number
_NAME: Final = struct.Struct("=4q")


Key = tuple[int, int, int, int]
"""``socket_word``, and a source."""


@compiled
def slot_of(rows: int, mask: int, socket_word: int, first: int, second: int, third: int) -> int:
    """The row of a key, or, if there is none, that of an empty one, as a negative number less one.

    ``rows`` is the table's address, ``mask`` the number of its rows less one.
    """
    mixed = (socket_word ^ first * 31 ^ second * 37 ^ third * 41) * _MIX
    at = (mixed ^ (mixed >> 32)) & mask
    free = -1
    while True:
        key = words(rows + at * ROW_BYTES, KEYS)
        if key[0] == socket_word and key[1] == first and key[2] == second and key[3] == third:
            return int(at)
        if key[0] == EMPTY:
            return int(-1 - (at if free < 0 else free))
        if key[0] == GONE and free < 0:
            free = at
        at = (at + 1) & mask


@compiled
def flow(address: int) -> Any:
    """The row there."""
    return words(address, WORDS)


class Flows:
    """The table."""

    def __init__(self) -> None:
        self._use(np.zeros((FIRST_ROWS, WORDS), np.int64))
        self._used = 0
        """Rows that are not empty, those that are gone included."""
        self._held = 0
        self._slot_of((socket_word(0), 0, 0, 0))  # compiled now: in mid-traffic that holds it up for a second

    def __len__(self) -> int:
        return self._held

    def put(self, key: Key, until: int, header: int, way: Way, leg: int) -> None:
        """Write a flow down, in place of what was there under this key."""
        at = self._slot_of(key)
        if at < 0:
            at = self._take(key, -1 - at)
        name = sockaddr(way.address)
        row = self.rows[at]
        row[:KEYS] = key
        row[UNTIL:NAME] = until, header, way.sock.fileno(), leg, len(name), ":" not in way.address[0]
        row[NAME : NAME + NAME_WORDS] = _NAME.unpack(name.ljust(_NAME.size, b"\0"))

    def drop(self, key: Key) -> None:
        """Forget a flow, if there is one."""
        at = self._slot_of(key)
        if at >= 0:
            self.rows[at, 0] = GONE
            self._held -= 1

    def clear(self) -> None:
        """Forget all flows: something that they depend on has changed."""
        self.rows[:, 0] = EMPTY
        self._used = self._held = 0

    def _use(self, rows: Any) -> None:
        self.rows = rows
        self.address, self.mask = int(rows.ctypes.data), len(rows) - 1
        """Of the rows, for forward.py; others after ``put``."""

    def _slot_of(self, key: Sequence[int]) -> int:
        return slot_of(self.address, self.mask, *key)

    def _take(self, key: Key, at: int) -> int:
        """A row for a new flow; ``at`` unless the table has to grow, or to be cleared of what is gone."""
        if 2 * (self._used + 1) > len(self.rows):
            size = len(self.rows) * 2 if 4 * self._held > len(self.rows) else len(self.rows)
            held = self.rows[self.rows[:, 0] > EMPTY]
            self._use(np.zeros((size, WORDS), np.int64))
            for row in held:
                self.rows[-1 - self._slot_of(row[:KEYS].tolist())] = row
            self._used = self._held
            at = -1 - self._slot_of(key)
        self._used += int(self.rows[at, 0] == EMPTY)
        self._held += 1
        return at


def socket_word(fd: int, channel: int = 0) -> int:
    """The part of a key that says where a datagram came in, and by which channel."""
    return fd << 32 | channel
