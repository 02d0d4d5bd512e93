"""The flows that need no decision: where a datagram from here goes, by what header, until when.

A flow is what ``Relay`` has decided about one peer and one direction, written into a row so that compiled code
(forward.py) can act on it. The table is a cache: what is not in it, or has run out, is decided anew by Python, and
written again. All times are nanoseconds of the monotonic clock.
"""

import struct
from collections.abc import Sequence
from typing import Annotated, Final

import numpy as np
import numpy.typing as npt

from turn.datapath.datagram import Destination, SourceFields, sockaddr
from turn.datapath.jit import compiled
from turn.datapath.linux import SockaddrIn6
from turn.datapath.pointers import element_at
from turn.datapath.records import Int64, allocate, layout_of

EMPTY, GONE = 0, -1
"""What ``ingress`` is in rows that hold no flow. In others it is more than 2^32: a socket's number is above 2."""

NO_FLOW: Final = 0
"""The address of a flow that is not known."""

FIRST_ROWS: Final = 1024
"""A power of two, as every size of the table."""

_MIX: Final = 0x9E3779B97F4A7C15 - (1 << 64)  # 2**64 divided by the golden ratio, as a signed number

_SOCKADDR: Final = struct.Struct("=hhi2qi")
"""The fields of a SockaddrIn6."""

Key = tuple[int, int, int, int]
"""``ingress``, and the three numbers of a datagram.Source."""


class Flow:
    """A row, of two cache lines."""

    ingress: Int64
    """The receiving socket and the channel, see ``ingress``."""
    source: SourceFields
    until: Int64
    channel: Int64
    """Number for the header of what goes to a client."""
    socket: Int64
    """File descriptor of the sending socket."""
    relayed: Int64
    """Number of the relayed address that counts it, and whose bandwidth it takes."""
    destination: SockaddrIn6
    destination_length: Int64
    unused: Annotated[Sequence[Int64], 3]


FLOW: Final = layout_of(Flow)


@compiled
def row_of(rows: int, mask: int, ingress: int, first: int, second: int, third: int) -> int:
    """Return the row of a key, or, if there is none, that of an empty one, as a negative number less one.

    ``rows`` is the table's address, ``mask`` the number of its rows less one.
    """
    mixed = (ingress ^ first * 31 ^ second * 37 ^ third * 41) * _MIX
    at = (mixed ^ (mixed >> 32)) & mask
    free = -1
    while True:
        flow = element_at(rows, at, FLOW)
        source = flow.source
        if flow.ingress == ingress and source.first == first and source.second == second and source.third == third:
            return int(at)
        if flow.ingress == EMPTY:
            return int(-1 - (at if free < 0 else free))
        if flow.ingress == GONE and free < 0:
            free = at
        at = (at + 1) & mask


class FlowTable:
    """The rows, and which of them are used.

    ``tables`` is the memory.Tables record in which compiled code looks for them; it always has their address.
    """

    def __init__(self, tables: np.void) -> None:
        self._tables = tables
        self._use(allocate(FLOW, FIRST_ROWS))
        self._used = 0
        """Rows that are not empty, those that are gone included."""
        self._held = 0
        self._row_of((ingress(0), 0, 0, 0))  # compiled now: in mid-traffic that holds it up for a second

    def __len__(self) -> int:
        return self._held

    def put(self, key: Key, until: int, channel: int, destination: Destination, relayed: int) -> None:
        """Write a flow, in place of what was there under this key."""
        at = self._row_of(key)
        if at < 0:
            at = self._claim(key, -1 - at)
        name = sockaddr(destination.address)
        family, port, flowinfo, high, low, scope = _SOCKADDR.unpack(name.ljust(_SOCKADDR.size, b"\0"))
        self.rows[at] = (  # in the order of Flow: by name it takes three times as long
            *(key[0], key[1:], until, channel, destination.sock.fileno(), relayed),
            *((family, port, flowinfo, (high, low), scope), len(name), (0, 0, 0)),
        )

    def drop(self, key: Key) -> None:
        """Forget a flow, if there is one."""
        at = self._row_of(key)
        if at >= 0:
            self.rows["ingress"][at] = GONE
            self._held -= 1

    def clear(self) -> None:
        """Forget all flows, because something that they depend on has changed."""
        self.rows["ingress"] = EMPTY
        self._used = self._held = 0

    def _use(self, rows: npt.NDArray[np.void]) -> None:
        """Keep flows in these rows from now on."""
        self.rows, self.address, self.mask = rows, int(rows.ctypes.data), len(rows) - 1
        self._tables["flows"], self._tables["flow_mask"] = self.address, self.mask

    def _row_of(self, key: Sequence[int]) -> int:
        return row_of(self.address, self.mask, *key)

    def _claim(self, key: Key, at: int) -> int:
        """Return a row for a new flow: ``at``, unless the table has to grow, or to be cleared of what is gone."""
        if 2 * (self._used + 1) > len(self.rows):
            size = len(self.rows) * 2 if 4 * self._held > len(self.rows) else len(self.rows)
            held = self.rows[self.rows["ingress"] > EMPTY]
            self._use(allocate(FLOW, size))
            for row in held:
                self.rows[-1 - self._row_of((int(row["ingress"]), *row["source"].item()))] = row
            self._used = self._held
            at = -1 - self._row_of(key)
        self._used += int(self.rows["ingress"][at] == EMPTY)
        self._held += 1
        return at


def ingress(fd: int, channel: int = 0) -> int:
    """Return the part of a key that says by which socket a datagram came in, and by which channel."""
    return fd << 32 | channel
