"""A data path without flows, by Python's own sockets on any event loop, for systems without Numba or Linux.

It hands over every datagram, one by one, and loses their TOS. Fast forwarding is left to compiled.py.
"""

import asyncio
import socket
import time
from typing import Final

from turn.datapath.datagram import Counts, Destination, Received, Source, source_at
from turn.datapath.interface import DataPath, Direction, OnReceived, RelayedId
from turn.relay.token_bucket import STATE

MAX_DATAGRAM: Final = 65_536


class PortableDataPath(DataPath):
    """Sockets with their owners, which get every datagram."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.memory = memoryview(bytearray(MAX_DATAGRAM))

    def listen(self, sock: socket.socket, on_received: OnReceived) -> None:
        """Hand over every datagram that this socket receives."""
        sock.setblocking(False)
        self._loop.add_reader(sock, self._read, sock, on_received)

    def open(self, sock: socket.socket, on_received: OnReceived) -> RelayedId:
        """Hand over every datagram that this socket receives; its number is the descriptor."""
        self.listen(sock, on_received)
        return RelayedId(sock.fileno())

    def close(self, sock: socket.socket, relayed: RelayedId | None = None) -> None:
        """Read the socket no longer; nothing is kept of it."""
        self._loop.remove_reader(sock)

    def forward_to_client(
        self,
        sock: socket.socket,
        source: Source,
        destination: Destination,
        relayed: RelayedId,
        channel: int,
        until: float,
    ) -> None:
        """Ignore the flow: its packets go on being handed over."""

    def forward_to_peer(
        self,
        sock: socket.socket,
        source: Source,
        destination: Destination,
        relayed: RelayedId,
        channel: int,
        until: float,
    ) -> None:
        """Ignore the flow: its packets go on being handed over."""

    def forget_flows(self) -> None:
        """Do nothing, for want of flows."""

    def take_counts(self, relayed: RelayedId) -> Counts:
        """Return zeros: only flows count here, and there are none."""
        return Counts()

    def bucket(self, relayed: RelayedId, direction: Direction) -> "memoryview[float]":
        """Return room of its own for the bucket's numbers, since no compiled code shares them."""
        return memoryview(bytearray(8 * STATE)).cast("d")

    def destroy(self) -> None:
        """Do nothing: sockets have been given back one by one."""

    def _read(self, sock: socket.socket, on_received: OnReceived) -> None:
        try:
            length, address = sock.recvfrom_into(self.memory)
        except OSError:  # nothing there, or an ICMP error, which some systems report here
            return
        on_received((Received(0, length, 0, 0, source_at(address[:2])),), time.monotonic())
