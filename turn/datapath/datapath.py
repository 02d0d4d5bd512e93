"""The UDP sockets of one process: read all at once, forwarded where a flow is known, else handed to their owners.

The compiled loop is forward.py, what it knows is flows.py; this class owns their memory and brings them together with
asyncio. ``turn/datapath/portable.py`` has the same class for systems that it can't serve.
"""

import errno
import logging
import select
import socket
import time
from typing import Final

import numpy as np

from turn.datapath.datagram import Counts, Received, Source, Take, Way, source_of
from turn.datapath.flow_table import Flows, Key, socket_word
from turn.datapath.forward import ASYNCIO, KEPT, LISTENER, PYTHON, RELAY, serve
from turn.datapath.gso import LEG_WORDS
from turn.datapath.linux import adopt
from turn.datapath.memory import BUCKETS, KEPT_COUNT, KEPT_FD, KINDS, LEGS, MASK, ROWS, Space
from turn.relay.token_bucket import STATE

logger = logging.getLogger(__name__)

MAX_LEGS: Final = 1 << 17
"""Allocations with all ports of an address of either family. Memory is taken only for those that there are."""
MAX_FILES: Final = 1 << 20
"""File descriptors; the kernel gives the lowest that is free."""

MAX_FLOWS: Final = 512
"""Flows of a leg: one in each direction for twice the peers of an allocation. Then it forgets all, and decides anew."""

FOR_EVER: Final = -1

NANOSECONDS: Final = 1_000_000_000
MAX_UNTIL: Final = float(1 << 33)
"""Seconds: as nanoseconds it fits into a word."""


class DataPath:
    """Sockets with their owners, flows, and what the flows have counted."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._space = Space()
        self.memory = memoryview(self._space.memory)
        """Where received messages lie."""
        self._kinds = np.zeros(MAX_FILES, np.int32)
        self._flows = Flows()
        self._keys: dict[int, set[Key]] = {}
        """Of each leg."""
        self._counts = np.zeros((MAX_LEGS, LEG_WORDS), np.int64)
        self._buckets = np.zeros((MAX_LEGS, 2 * STATE), np.float64)
        for table, array in ((KINDS, self._kinds), (LEGS, self._counts), (BUCKETS, self._buckets)):
            self._space.known[table] = array.ctypes.data
        self._free: list[int] = []
        self._takers: dict[int, Take] = {}
        began = time.monotonic()
        self.wait(0.0)
        logger.debug("= the data path is ready after %.1f s", time.monotonic() - began)

    def fileno(self) -> int:
        """Readable when ``wait`` has something to do."""
        return self._epoll.fileno()

    def watch(self, fd: int) -> None:
        """Let ``wait`` come back when this descriptor, which is asyncio's, can be read."""
        self._epoll.register(fd, select.EPOLLIN)

    def listen(self, sock: socket.socket, take: Take) -> None:
        """Serve a socket that clients send to."""
        self._add(sock, LISTENER, take)

    def open(self, sock: socket.socket, take: Take) -> int:
        """Serve the socket of a relay address; the number of its leg. Raises OSError."""
        if len(self._keys) >= MAX_LEGS:
            raise OSError(errno.EMFILE, "too many legs")
        self._add(sock, RELAY, take)
        leg = self._free.pop() if self._free else len(self._keys)
        self._keys[leg] = set()
        return leg

    def close(self, sock: socket.socket, leg: int | None = None) -> None:
        """Before the socket is closed. The leg's flows and counts are forgotten."""
        fd = sock.fileno()
        if self._takers.pop(fd, None):
            self._epoll.unregister(fd)
            self._kinds[fd] = PYTHON
        if leg is not None:
            for key in self._keys.pop(leg):
                self._flows.drop(key)
            self._counts[leg] = 0
            self._buckets[leg] = 0
            self._free.append(leg)

    def to_client(self, relayed: socket.socket, source: Source, way: Way, leg: int, channel: int, until: float) -> None:
        """From now on, forward what this peer sends to the relay address, as ChannelData."""
        self._put((socket_word(relayed.fileno()), *source), way, leg, channel << 16, until)

    def to_peer(self, listener: socket.socket, source: Source, way: Way, leg: int, channel: int, until: float) -> None:
        """From now on, forward what this client sends by the channel."""
        self._put((socket_word(listener.fileno(), channel), *source), way, leg, 0, until)

    def forget_flows(self) -> None:
        """Who may be reached has changed: decide anew."""
        self._flows.clear()
        for keys in self._keys.values():
            keys.clear()

    def take_counts(self, leg: int) -> Counts:
        """What has been counted since the last time."""
        counts = Counts(*self._counts[leg].tolist()[: len(Counts._fields)])
        self._counts[leg] = 0
        return counts

    def bucket(self, leg: int, way: int) -> "memoryview[float]":
        """The numbers of the token bucket of packets to the client (0) or to peers (1)."""
        numbers = self._buckets[leg, way * STATE : (way + 1) * STATE]
        return memoryview(numbers.data)

    def wait(self, timeout: float) -> bool:
        """Serve sockets until the time is over (never, if negative), or asyncio has something to do: whether it has."""
        end = time.monotonic() + timeout
        while True:
            left = FOR_EVER if timeout < 0 else max(0, int((end - time.monotonic()) * NANOSECONDS))
            self._space.known[ROWS], self._space.known[MASK] = self._flows.address, self._flows.mask
            found = serve(self._epoll.fileno(), left, self._space.address)
            if found != KEPT:
                return bool(found == ASYNCIO)
            now = time.monotonic()
            if self._hand_over(now):
                return True
            if timeout >= 0 and now >= end:
                return False

    def destroy(self) -> None:
        """No more events."""
        self._epoll.close()

    def _add(self, sock: socket.socket, kind: int, take: Take) -> None:
        fd = sock.fileno()
        if fd >= MAX_FILES:
            raise OSError(errno.EMFILE, "too many files")
        adopt(sock)
        self._epoll.register(fd, select.EPOLLIN)
        self._takers[fd] = take
        self._kinds[fd] = kind

    def _put(self, key: Key, way: Way, leg: int, header: int, until: float) -> None:
        keys = self._keys[leg]
        if len(keys) >= MAX_FLOWS:
            for old in keys:
                self._flows.drop(old)
            keys.clear()
        keys.add(key)
        self._flows.put(key, int(min(until, MAX_UNTIL) * NANOSECONDS), header, way, leg)

    def _hand_over(self, now: float) -> bool:
        count, fd = int(self._space.left[KEPT_COUNT]), int(self._space.left[KEPT_FD])
        received = [self._received(*kept) for kept in self._space.kept[:count].tolist()]
        try:
            return self._takers[fd](received, now)
        except Exception:  # asyncio can't catch it here, and everything would end
            logger.exception("! what came by a socket could not be dealt with")
            return True

    def _received(self, offset: int, length: int, segment: int, tos: int, slot: int) -> Received:
        return Received(offset, length, segment, tos, source_of(self._space.names[slot].tolist()))
