"""What the protocol core asks of whoever owns the sockets. Relay makes these; gateway.py carries them out, in order."""

from dataclasses import dataclass
from typing import TypeAlias

from turn.relay.allocation import Allocation, Client
from turn.wire.attributes import Address


@dataclass(frozen=True, slots=True, eq=False)
class SendToClient:
    """Send ``data``, one whole STUN message, to the client."""

    client: Client
    data: bytes


@dataclass(frozen=True, slots=True, eq=False)
class SendToPeer:
    """Send ``data`` from the allocation's relay address. The peer has been checked."""

    allocation: Allocation
    address: Address
    data: bytes
    dont_fragment: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class OpenRelay:
    """Bind a UDP port for the allocation, then call ``Relay.relay_opened``, at once or later.

    even_port: the port's number must be even.
    reserve: if not None, hold the next higher port too, under this token.
    reserved: if not None, use the port that is held under this token, and bind nothing new.
    """

    allocation: Allocation
    family: int
    even_port: bool = False
    reserve: bytes | None = None
    reserved: bytes | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CloseRelay:
    """The allocation is gone: close its relay socket, and forget what the gateway knows of it. Its client stays.

    Then call ``Relay.relay_closed``, with the allocation's counts brought up to date.
    """

    allocation: Allocation
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class CloseClient:
    """Close the stream that the client came by, then call ``Relay.client_gone``, at once or later."""

    client: Client
    reason: str
    """One of those that counters.py lists."""


@dataclass(frozen=True, slots=True, eq=False)
class DropReservation:
    """Nobody came for the port that is held under this token: close it."""

    token: bytes


Action: TypeAlias = SendToClient | SendToPeer | OpenRelay | CloseRelay | CloseClient | DropReservation
