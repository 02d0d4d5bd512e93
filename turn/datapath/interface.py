"""What the gateway sees of a data path, whichever way datagrams are moved on this system.

``CompiledDataPath`` (compiled.py) and ``PortableDataPath`` (portable.py) implement it; event_loop.py chooses one.
"""

import socket
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import NewType, Protocol

from turn.datapath.datagram import Counts, Destination, Received, Source

RelayedId = NewType("RelayedId", int)
"""Number of a relayed transport address (RFC 8656 section 3) inside its data path; used again after it is closed."""

OnReceived = Callable[[Sequence[Received], float], bool]
"""Handle messages of one socket, at this monotonic time in seconds; return whether asyncio may have something to do now
(a timer, a stream). The messages' bytes lie in ``DataPath.memory`` until it returns."""


class Direction(IntEnum):
    """The direction of relayed packets."""

    TO_CLIENT = 0
    TO_PEER = 1


class DataPath(Protocol):
    """The UDP sockets of one process: read, forwarded where a flow is known, else handed to their owners.

    A flow is a decision that has been made about packets of one source: forward them to this destination until this
    time. It may be forgotten at any moment, and the next packet is handed over again. Not thread-safe.
    """

    memory: memoryview
    """Holds the received messages while they are handed over."""

    def listen(self, sock: socket.socket, on_received: OnReceived) -> None:
        """Serve a bound socket that clients send to. Raises OSError."""

    def open(self, sock: socket.socket, on_received: OnReceived) -> RelayedId:
        """Serve the bound socket of a relayed transport address. Raises OSError."""

    def close(self, sock: socket.socket, relayed: RelayedId | None = None) -> None:
        """Serve a socket no longer; to be called before it is closed.

        With the number of a relayed transport address, forget its flows, counts and token buckets.
        """

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

    def forget_flows(self) -> None:
        """Forget all flows, because what they were decided by has changed."""

    def take_counts(self, relayed: RelayedId) -> Counts:
        """Return what flows have counted since the last call, and count from zero again."""

    def bucket(self, relayed: RelayedId, direction: Direction) -> "memoryview[float]":
        """Return the numbers of a direction's token bucket, in the order of ``turn.relay.token_bucket``."""

    def destroy(self) -> None:
        """Release what belongs to the system. All sockets have been closed before."""
