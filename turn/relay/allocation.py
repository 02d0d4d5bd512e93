"""An allocation: one client's relay address, whom it may reach through it, and until when.

legs.py reads these fields for the first packet of a flow and writes down what they say; see ``Allocation`` for how. All
times are on the gateway's monotonic clock. Who gets an allocation is left to requests/, which peers are admitted at all
to policy.py.
"""

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, Final

from turn.wire.attributes import Address, text_of

if TYPE_CHECKING:
    from turn.relay.token_bucket import Bucket

PERMISSION_LIFETIME: Final = 300.0
CHANNEL_LIFETIME: Final = 600.0
"""Seconds, fixed by RFC 8656 sections 9 and 12."""

MAX_PERMISSIONS: Final = 128
"""Per allocation. A browser asks for one per candidate of the far side, so some tens at the very most."""

MAX_PEERS: Final = 256
"""Addresses with ports that are remembered per allocation, about 60 KB. Peers with channels among them always are."""

CLOSED: Final = -inf
"""A time that is always past: for peers that the policy does not admit (any more)."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The user that a request is by, as far as it has been proven."""

    username: str
    user: str
    """What quotas are counted by: the same for all time-limited names of a user."""
    algorithm: int
    """How the key was made: MD5 or SHA256."""
    key: bytes = field(repr=False)


class Client:
    """Who is at the far end of a 5-tuple. Compared by identity.

    Made by the gateway, which has to keep it only as long as ``allocation`` is set, or a stream is open: for any other
    datagram a new one does.
    """

    __slots__ = ("address", "allocation", "protocol", "server_address", "strange", "transport")

    def __init__(self, protocol: str, address: Address, server_address: Address, transport: Any = None) -> None:
        self.protocol = protocol
        """udp, tcp, tls or dtls."""
        self.address = address
        self.server_address = server_address
        self.transport = transport
        """The gateway's own: where to send to."""
        self.allocation: Allocation | None = None
        self.strange = 0
        """Messages since it last showed good credentials: where its path is proven, and without an allocation."""

    @property
    def path_is_proven(self) -> bool:
        """Whether the client has shown, by the handshake of TCP or DTLS, that its address is not forged."""
        return self.protocol != "udp"

    @property
    def may_be_anybody(self) -> bool:
        """Whether nothing is known of it but a source address, which may be forged."""
        return self.allocation is None and not self.path_is_proven

    @property
    def key(self) -> tuple[str, Address, Address]:
        """The 5-tuple."""
        return self.protocol, self.address, self.server_address

    def __repr__(self) -> str:
        return f"{self.protocol}:{text_of(self.address)}"


class Peer:
    """A host and port that an allocation exchanges data with, or could."""

    __slots__ = ("address", "allowed", "channel", "channel_until", "open_until", "permitted_until")

    def __init__(self, address: Address, permitted_until: float, allowed: bool = True) -> None:
        self.address = address
        self.allowed = allowed
        """What the policy says of host and port."""
        self.permitted_until = permitted_until
        """The end of the permission of the peer's host."""
        self.channel: int | None = None
        self.channel_until = CLOSED
        self.open_until = CLOSED
        """Data passes, in both directions, while ``now < open_until``. The one thing that the data path checks."""
        self.revise()

    def revise(self) -> None:
        """Work out ``open_until`` anew, after any other field has changed.

        A channel keeps its peer open for its whole life even when the permission has ended: aioice never asks for
        permissions, and refreshes channels only after 500 s.
        """
        self.open_until = max(self.permitted_until, self.channel_until) if self.allowed else CLOSED

    def bind(self, channel: int, until: float) -> None:
        """Bind to the channel, or refresh the binding."""
        self.channel = channel
        self.channel_until = until
        self.revise()

    def unbind(self) -> None:
        """The channel's time is over."""
        self.channel = None
        self.channel_until = CLOSED
        self.revise()


class Allocation:
    """One relay address and its client.

    To a peer, by ChannelData: ``channels.get(number)``, then ``now < peer.channel_until and now < peer.open_until``.
    From a peer: ``peers.get(source)``, or, if that is None, ``Relay.peer_of(allocation, source, now)``; then
    ``now < peer.open_until``; as ChannelData while ``now < peer.channel_until``, else as ``Relay.data_indication``.
    """

    __slots__ = (
        "address",
        "bytes_to_client",
        "bytes_to_peer",
        "channels",
        "client",
        "dropped",
        "expires",
        "family",
        "from_client",
        "from_peer",
        "grant",
        "id",
        "packets_to_client",
        "packets_to_peer",
        "peers",
        "pending",
        "permissions",
        "refusals",
        "socket",
        "started",
        "transaction_id",
    )

    def __init__(self, id: str, client: Client, grant: Grant, family: int, started: float) -> None:
        self.id = id
        """Short and random, for the log."""
        self.client = client
        self.grant = grant
        """Under whose name, and with which key, requests for this allocation come."""
        self.family = family
        self.address: Address | None = None
        """The relay address as told to the client; None until ``Relay.relay_opened``."""
        self.started = started
        self.expires = started
        self.transaction_id = b""
        """Of the Allocate request."""
        self.pending: Any = None
        """What relay.py has to remember until the relay address is there."""
        self.permissions: dict[str, float] = {}
        """Host to the end of its permission."""
        self.peers: dict[Address, Peer] = {}
        self.channels: dict[int, Peer] = {}
        self.from_client: Bucket | None = None
        """Bytes towards peers: ask ``take(size, now)`` once per burst. None if nothing is limited."""
        self.from_peer: Bucket | None = None
        """Bytes towards the client."""
        self.socket: Any = None
        """The gateway's own."""
        self.packets_to_peer = self.bytes_to_peer = 0
        self.packets_to_client = self.bytes_to_client = 0
        self.refusals = 0
        """Requests that were answered by an error; for the log."""
        self.dropped = 0
        """Packets that were not relayed: no permission, over the rate, or a client that reads too slowly."""

    def __repr__(self) -> str:
        return self.id

    @property
    def username(self) -> str:
        """The name as the client gave it."""
        return self.grant.username

    def permits(self, host: str, now: float) -> bool:
        """Whether the host has a permission, whatever its port."""
        return now < self.permissions.get(host, CLOSED)

    def permit(self, host: str, now: float) -> None:
        """Install or refresh a permission. The policy has been asked."""
        until = self.permissions[host] = now + PERMISSION_LIFETIME
        for peer in self.peers.values():
            if peer.address[0] == host:
                peer.permitted_until = until
                peer.revise()

    def room_for(self, hosts: set[str]) -> bool:
        """Whether permissions for these hosts fit besides the others."""
        return len(self.permissions.keys() | hosts) <= MAX_PERMISSIONS

    def bind(self, peer: Peer, channel: int, now: float) -> None:
        """Bind the peer to the channel, or refresh the binding, and permit its host (RFC 8656 section 12.2)."""
        self.peers[peer.address] = peer
        self.channels[channel] = peer
        peer.bind(channel, now + CHANNEL_LIFETIME)
        self.permit(peer.address[0], now)

    def sweep(self, now: float) -> None:
        """Forget what has expired."""
        for host in [host for host, until in self.permissions.items() if until <= now]:
            del self.permissions[host]
        for number in [number for number, peer in self.channels.items() if peer.channel_until <= now]:
            self.channels.pop(number).unbind()
        for address in [address for address, peer in self.peers.items() if _is_over(peer, now)]:
            del self.peers[address]

    def deadline(self) -> float:
        """When there is something to sweep, or the allocation itself is over."""
        channels = (peer.channel_until for peer in self.channels.values())
        return min((self.expires, *self.permissions.values(), *channels))


def _is_over(peer: Peer, now: float) -> bool:
    return peer.permitted_until <= now and peer.channel_until <= now
