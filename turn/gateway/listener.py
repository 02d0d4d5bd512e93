"""The base of all listeners: socket, address, name and counters, and the limit of connections.

Reading from clients and writing to them is left to udp.py, tcp.py and dtls.py; answering, to gateway.py.
"""

import socket
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from typing import Final, TypeAlias

from turn.gateway.traffic import Traffic
from turn.relay.allocation import Client
from turn.wire.attributes import Address, text_of

OnMessage: TypeAlias = Callable[[bytes, Client, float], None]
"""Takes a STUN message, its sender, and the time in seconds on the gateway's monotonic clock."""

OnGone: TypeAlias = Callable[[Client], None]
"""Takes a client whose connection is over."""

HANDSHAKE_SECONDS: Final = 10.0
"""For TLS and DTLS. Browsers take a few round trips; what takes longer holds a place that others want."""

IDLE: Final = "idle"
"""Why a connection is closed: no allocation for too long."""
NO_TURN: Final = "no_turn"
"""Why a connection is closed: it brings what can't be read, so what follows can't be found."""


class Listener(ABC):
    """A socket that clients reach, and what came and went by it."""

    def __init__(self, protocol: str, sock: socket.socket) -> None:
        """Wrap a bound socket by which ``protocol`` is spoken: udp, tcp, tls or dtls."""
        self.protocol = protocol
        self.sock = sock
        self.address: Address = sock.getsockname()[:2]
        self.traffic = Traffic()

    @property
    def name(self) -> str:
        """Return protocol and address, as metrics show them."""
        return f"{self.protocol}:{text_of(self.address)}"

    @property
    @abstractmethod
    def connections(self) -> int:
        """Count the clients that are connected; on UDP, those that have an allocation."""

    @abstractmethod
    def start(self) -> None:
        """Serve clients from now on."""

    @abstractmethod
    async def close(self) -> None:
        """Stop serving and end all connections. The socket stays open, and is its owner's to close."""


class ConnectionListener(Listener):
    """A listener whose clients have connections, of which there is a limit."""

    def __init__(
        self, protocol: str, sock: socket.socket, on_message: OnMessage, on_gone: OnGone, limit: "ConnectionLimit"
    ) -> None:
        """Make the socket nonblocking. The limit is one for all listeners."""
        super().__init__(protocol, sock)
        self.on_message = on_message
        self.on_gone = on_gone
        self.limit = limit
        self.accepted = 0
        """Connections so far."""
        sock.setblocking(False)


class ConnectionLimit:
    """The limit of connections at a time, of all listeners on TCP, TLS and DTLS together."""

    def __init__(self, maximum: int, idle_seconds: float) -> None:
        self.maximum = maximum
        self.idle_seconds = idle_seconds
        """Seconds after which a connection without an allocation is closed."""
        self.taken = 0
        self.refused = 0
        self.closed: Counter[str] = Counter()
        """Connections that the gateway has closed, by reason."""

    def acquire(self) -> bool:
        """Take the place of one connection. Return False, and count that, if there is none."""
        if self.taken >= self.maximum:
            self.refused += 1
            return False
        self.taken += 1
        return True

    def release(self) -> None:
        """Give the place of a connection back that is over."""
        self.taken -= 1
