"""The fast data path: sockets read all at once, forwarded where a flow is known, else handed to their owners.

The compiled loop is forward.py, what it knows is flow_table.py; this class owns their memory and brings them together
with asyncio. portable.py has the same methods for systems that it can't serve.
"""

import errno
import logging
import select
import socket
import time
from typing import Final

import numpy as np

from turn.datapath.datagram import Counts, Destination, Received, Source
from turn.datapath.flow_table import FlowTable, Key, ingress
from turn.datapath.forward import ASYNCIO, HANDED_OVER, LISTENER, OTHER, RELAYED, serve
from turn.datapath.interface import DataPath, Direction, OnReceived, RelayedId
from turn.datapath.linux import adopt
from turn.datapath.memory import BUCKETS, COUNTERS, MEMORY, SOCKET, point_headers
from turn.datapath.records import allocate
from turn.relay.token_bucket import STATE

logger = logging.getLogger(__name__)

MAX_RELAYED: Final = 1 << 17
"""Relayed addresses: all ports of an address of either family. Memory is taken only for those that there are."""
MAX_FILES: Final = 1 << 20
"""File descriptors; the kernel gives the lowest that is free."""

MAX_FLOWS: Final = 512
"""Flows of a relayed address: one in each direction for twice the peers of an allocation. Beyond, all are forgotten,
and decided anew."""

FOR_EVER: Final = -1

NANOSECONDS: Final = 1_000_000_000
MAX_UNTIL: Final = float(1 << 33)
"""Seconds: as nanoseconds it fits into a word."""


class CompiledDataPath(DataPath):
    """Sockets with their owners, flows, and what the flows have counted.

    It owns all memory that compiled code works in, which therefore lives as long as ``wait`` can be called.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._sockets = allocate(SOCKET, MAX_FILES)
        self._counters = allocate(COUNTERS, MAX_RELAYED)
        self._buckets = allocate(BUCKETS, MAX_RELAYED)
        self._memory = allocate(MEMORY, 1)
        self._address = int(self._memory.ctypes.data)
        point_headers(self._address)
        self._record = self._memory[0]
        tables = self._record["tables"]
        for name, table in (("sockets", self._sockets), ("counters", self._counters), ("buckets", self._buckets)):
            tables[name] = table.ctypes.data
        self._flows = FlowTable(tables)
        self.memory = memoryview(self._record["slots"].view(np.uint8))
        self._handed_over = self._record["handed_over"]
        self._keys: dict[int, set[Key]] = {}
        """By number of the relayed address."""
        self._free: list[int] = []
        """Numbers that no relayed address has any more."""
        self._owners: dict[int, OnReceived] = {}
        """By file descriptor."""
        began = time.monotonic()
        self.wait(0.0)
        logger.debug("= the data path is ready after %.1f s", time.monotonic() - began)

    def fileno(self) -> int:
        """Return a descriptor that is readable when ``wait`` has something to do."""
        return self._epoll.fileno()

    def watch(self, fd: int) -> None:
        """Let ``wait`` come back when this descriptor, which is asyncio's, can be read. Raises OSError."""
        _check(fd)
        self._epoll.register(fd, select.EPOLLIN)

    def listen(self, sock: socket.socket, on_received: OnReceived) -> None:
        """Serve a socket that clients send to."""
        self._add(sock, LISTENER, on_received)

    def open(self, sock: socket.socket, on_received: OnReceived) -> RelayedId:
        """Serve the socket of a relayed address, and return its number. Raises OSError."""
        if len(self._keys) >= MAX_RELAYED:
            raise OSError(errno.EMFILE, "too many relayed addresses")
        self._add(sock, RELAYED, on_received)
        number = self._free.pop() if self._free else len(self._keys)
        self._keys[number] = set()
        return RelayedId(number)

    def close(self, sock: socket.socket, relayed: RelayedId | None = None) -> None:
        """Serve a socket no longer, and forget a relayed address's flows, counts and buckets."""
        fd = sock.fileno()
        if self._owners.pop(fd, None):
            self._epoll.unregister(fd)
            self._sockets["role"][fd] = OTHER
        if relayed is not None:
            for key in self._keys.pop(relayed):
                self._flows.drop(key)
            self._counters[relayed] = 0
            self._buckets[relayed] = 0
            self._free.append(relayed)

    def forward_to_client(
        self,
        sock: socket.socket,
        source: Source,
        destination: Destination,
        relayed: RelayedId,
        channel: int,
        until: float,
    ) -> None:
        """Forward what a peer sends to a relayed address's socket, with a ChannelData header, until this time."""
        self._put((ingress(sock.fileno()), *source), destination, relayed, channel, until)

    def forward_to_peer(
        self,
        sock: socket.socket,
        source: Source,
        destination: Destination,
        relayed: RelayedId,
        channel: int,
        until: float,
    ) -> None:
        """Forward what a client sends to a listener's socket by this channel, without its header, until this time."""
        self._put((ingress(sock.fileno(), channel), *source), destination, relayed, channel, until)

    def forget_flows(self) -> None:
        """Forget all flows, because who may be reached has changed."""
        self._flows.clear()
        for keys in self._keys.values():
            keys.clear()

    def take_counts(self, relayed: RelayedId) -> Counts:
        """Return what has been counted since the last call, and count from zero again."""
        to_client, to_peer, no_room, over_rate, _ = self._counters[relayed].item()
        self._counters[relayed] = 0
        return Counts._make((*to_client, *to_peer, no_room, over_rate))

    def bucket(self, relayed: RelayedId, direction: Direction) -> "memoryview[float]":
        """Return the numbers of a direction's token bucket, which compiled code takes from too."""
        numbers = self._buckets[relayed : relayed + 1].view(np.float64)
        return memoryview(numbers[direction * STATE : (direction + 1) * STATE].data)

    def wait(self, timeout: float) -> bool:
        """Serve sockets until asyncio has something to do (True) or seconds are over (False; if negative, never)."""
        end = time.monotonic() + timeout
        while True:
            left = FOR_EVER if timeout < 0 else max(0, int((end - time.monotonic()) * NANOSECONDS))
            found = serve(self._epoll.fileno(), left, self._address)
            if found != HANDED_OVER:
                return bool(found == ASYNCIO)
            now = time.monotonic()
            if self._call_owner(now):
                return True
            if timeout >= 0 and now >= end:
                return False

    def destroy(self) -> None:
        """Close epoll: sockets are served no longer."""
        self._epoll.close()

    def _add(self, sock: socket.socket, role: int, on_received: OnReceived) -> None:
        _check(fd := sock.fileno())
        adopt(sock)
        self._epoll.register(fd, select.EPOLLIN)
        self._owners[fd] = on_received
        self._sockets["role"][fd] = role

    def _put(self, key: Key, destination: Destination, relayed: RelayedId, channel: int, until: float) -> None:
        keys = self._keys[relayed]
        if len(keys) >= MAX_FLOWS:
            for old in keys:
                self._flows.drop(old)
            keys.clear()
        keys.add(key)
        self._flows.put(key, int(min(until, MAX_UNTIL) * NANOSECONDS), channel, destination, relayed)

    def _call_owner(self, now: float) -> bool:
        """Give a socket's owner the messages that compiled code has handed over; return whether asyncio has to do."""
        count, fd = int(self._record["handed_over_count"]), int(self._record["handed_over_socket"])
        received = [Received(*each) for each in self._handed_over[:count].tolist()]
        try:
            return self._owners[fd](received, now)
        except Exception:  # asyncio can't catch it here, and everything would end
            logger.exception("! what came by a socket could not be dealt with")
            return True


def _check(fd: int) -> None:
    """Raise OSError for a descriptor that the table of sockets has no place for."""
    if fd >= MAX_FILES:
        raise OSError(errno.EMFILE, "too many files")
