"""UDP without flows, by Python's own sockets on any event loop: for systems that ``datapath.py`` can't serve.

The class is that of ``datapath.py``, method by method; what is different is that every datagram is handed over, one by
one, and that its TOS is lost.
"""

import asyncio
import socket
import time
from typing import Final

from turn.datapath.datagram import Counts, Received, Source, Take, Way, source_at
from turn.relay.token_bucket import STATE

MAX_DATAGRAM: Final = 65_536


class PlainPath:
    """Sockets with their owners."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.memory = memoryview(bytearray(MAX_DATAGRAM))
        """Where a received message lies."""

    def listen(self, sock: socket.socket, take: Take) -> None:
        """Serve a socket that clients send to."""
        sock.setblocking(False)
        self._loop.add_reader(sock, self._read, sock, take)

    def open(self, sock: socket.socket, take: Take) -> int:
        """Serve the socket of a relay address; the number of its leg."""
        self.listen(sock, take)
        return sock.fileno()

    def close(self, sock: socket.socket, leg: int | None = None) -> None:
        """Before the socket is closed."""
        self._loop.remove_reader(sock)

    def to_client(self, relayed: socket.socket, source: Source, way: Way, leg: int, channel: int, until: float) -> None:
        """Nothing is forwarded without being handed over."""

    def to_peer(self, listener: socket.socket, source: Source, way: Way, leg: int, channel: int, until: float) -> None:
        """The same."""

    def forget_flows(self) -> None:
        """There are none."""

    def take_counts(self, leg: int) -> Counts:
        """Nor have they counted anything."""
        return Counts()

    def bucket(self, leg: int, way: int) -> "memoryview[float]":
        """Room for a token bucket's numbers."""
        return memoryview(bytearray(8 * STATE)).cast("d")

    def destroy(self) -> None:
        """All sockets have been closed."""

    def _read(self, sock: socket.socket, take: Take) -> None:
        try:
            length, address = sock.recvfrom_into(self.memory)
        except OSError:  # nothing there, or an ICMP error, which some systems report here
            return
        take((Received(0, length, 0, 0, source_at(address[:2])),), time.monotonic())
