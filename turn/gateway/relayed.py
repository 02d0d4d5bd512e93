"""Packets between one client and its peers, by the fields of its allocation (RFC 8656 sections 11, 12).

A relayed transport is the socket of an allocation's relayed transport address. It gets what the data path knows no flow
for, decides on it, and installs a flow if the next packet needs no decision. What is not plain relaying (STUN, a source
that is not known yet) is left to turn/relay/server.py and the client's transport.
"""

import logging
import socket
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from turn.datapath.datagram import Destination, Received, Source, address_of, send
from turn.datapath.interface import DataPath, Direction, RelayedId
from turn.gateway.traffic import Traffic
from turn.relay import counters
from turn.relay.allocation import Allocation, Client, Peer
from turn.relay.server import Relay
from turn.wire.attributes import Address, text_of

logger = logging.getLogger(__name__)

MAX_SOURCES: Final = 512
"""Sources that a relayed transport remembers: twice the peers of an allocation. Beyond, it forgets all."""

NO_ROOM: Final = "no_room"
"""Packets that the kernel would not take, and those for a client on a stream that reads too slowly."""


class ClientTransport(ABC):
    """The way to one client: each of udp.py, tcp.py and dtls.py has one. The relay hands it back with its actions."""

    __slots__ = ()

    traffic: Traffic
    """The counters of the listener that the client came by."""
    destination: Destination | None
    """Socket and address that ChannelData goes to as datagrams; None if the client is on a stream, or is encrypted."""

    @abstractmethod
    def send(self, data: bytes) -> bool:
        """Send a STUN message. Return whether there was room for it."""

    @abstractmethod
    def send_channel_data(self, number: int, payloads: Sequence[memoryview], tos: int) -> int:
        """Send the payloads as ChannelData of this channel. Return how many there was room for."""

    @abstractmethod
    def attach(self, relayed: "RelayedTransport") -> None:
        """Hand the client's ChannelData to this relayed transport: the client has an allocation now."""

    @abstractmethod
    def detach(self) -> None:
        """Drop the client's ChannelData: the allocation is over."""

    @abstractmethod
    def close(self, reason: str) -> None:
        """Close the client's connection and count why. There is none on UDP."""


def transport_of(client: Client) -> ClientTransport:
    """Return the transport that the gateway has made this client with. Raises ``TypeError`` if it is not ours."""
    if not isinstance(client.transport, ClientTransport):
        raise TypeError(f"{client!r} was not made by a listener")
    return client.transport


class RelayedTransport:
    """The socket of an allocation's relayed transport address, and what passes through it."""

    __slots__ = ("_id", "_memory", "_path", "_relay", "_sources", "_transport", "allocation", "sock")

    def __init__(self, relay: Relay, allocation: Allocation, sock: socket.socket, path: DataPath) -> None:
        """Serve the bound socket by the data path. Raises OSError."""
        self.allocation = allocation
        self.sock = sock
        self._relay = relay
        self._path = path
        self._memory = path.memory
        self._transport = transport_of(allocation.client)
        self._sources: dict[Source, Peer] = {}
        self._id: RelayedId = path.open(sock, self.receive)
        for direction, bucket in (
            (Direction.TO_CLIENT, allocation.bucket_to_client),
            (Direction.TO_PEER, allocation.bucket_to_peers),
        ):
            if bucket is not None:
                bucket.move_to(path.bucket(self._id, direction))

    def close(self) -> None:
        """Collect the last counts and close the socket, at the end of the allocation."""
        self.collect()
        self._path.close(self.sock, self._id)
        self.sock.close()

    def collect(self) -> None:
        """Add what flows have counted to the allocation's own counts."""
        counts = self._path.take_counts(self._id)
        if any(counts):
            allocation = self.allocation
            allocation.packets_to_client += counts.packets_to_client
            allocation.bytes_to_client += counts.bytes_to_client
            allocation.packets_to_peer += counts.packets_to_peer
            allocation.bytes_to_peer += counts.bytes_to_peer
            for count, reason in ((counts.no_room, NO_ROOM), (counts.over_rate, counters.BANDWIDTH)):
                if count:
                    self._count_drops(count, reason)

    def receive(self, received: Sequence[Received], now: float) -> bool:
        """Relay to the client what peers have sent. Return True: asyncio may have something to write now."""
        for message in received:
            peer = self._peer_at(message.source, now)
            if peer is not None:
                self._relay_to_client(peer, message, now)
        return True

    def _relay_to_client(self, peer: Peer, message: Received, now: float) -> None:
        allocation = self.allocation
        payloads = [self._memory[at : at + length] for at, length in message.datagrams]
        if allocation.bucket_to_client is not None and not allocation.bucket_to_client.consume(message.length, now):
            self._count_drops(len(payloads), counters.BANDWIDTH)
            return
        if now < peer.channel_until and peer.channel is not None:
            sent = self._transport.send_channel_data(peer.channel, payloads, message.tos)
            if self._transport.destination:
                until = min(peer.channel_until, peer.open_until)
                destination = self._transport.destination
                self._path.forward_to_client(self.sock, message.source, destination, self._id, peer.channel, until)
        else:
            sent = sum(self._indicate(peer, payload) for payload in payloads)
        allocation.packets_to_client += sent
        allocation.bytes_to_client += message.length
        if sent != len(payloads):
            self._count_drops(len(payloads) - sent, NO_ROOM)

    def _indicate(self, peer: Peer, payload: memoryview) -> bool:
        """Send a payload as a Data indication. Return whether there was room for it.

        An indication has room for 65,504 bytes; a datagram of IPv6 may be longer.
        """
        try:
            return self._transport.send(self._relay.data_indication(peer.address, payload))
        except ValueError:
            return False

    def _peer_at(self, source: Source, now: float) -> Peer | None:
        """Return the peer that sends from there; None if it may not, which is counted."""
        peer = self._sources.get(source)
        if peer is not None and now < peer.open_until:
            return peer
        address = address_of(source)
        peer = self._relay.peer_of(self.allocation, address, now)
        if peer is not None and self.allocation.peers.get(address) is peer:
            if len(self._sources) >= MAX_SOURCES:
                self._sources.clear()
            self._sources[source] = peer
        return peer

    def forward(self, number: int, payload: bytes | memoryview, now: float, tos: int = 0) -> Peer | None:
        """Send the payload of ChannelData to its peer. Return the peer; None if it gets nothing, which is counted."""
        peer = self.channel_peer(number, len(payload), now)
        if peer is not None and not send(Destination(self.sock, peer.address), (payload,), tos):
            self._count_drops(1, NO_ROOM)
        return peer

    def install_flow(self, listener: socket.socket, source: Source, number: int, peer: Peer) -> None:
        """Let the data path forward the client's next ChannelData to this peer without a decision."""
        until = min(peer.channel_until, peer.open_until)
        destination = Destination(self.sock, peer.address)
        self._path.forward_to_peer(listener, source, destination, self._id, number, until)

    def channel_peer(self, number: int, size: int, now: float) -> Peer | None:
        """Return the peer that may get ``size`` bytes of this channel, which are counted.

        Return None if the channel is not bound, its peer is not admitted, or the rate is exceeded; that is counted too.
        """
        peer = self.allocation.channels.get(number)
        if peer is None or now >= peer.channel_until or now >= peer.open_until:
            refused = peer is not None and not peer.allowed
            self._count_drops(1, counters.REFUSED_PEER if refused else counters.NO_PERMISSION)
            return None
        allocation = self.allocation
        if allocation.bucket_to_peers is not None and not allocation.bucket_to_peers.consume(size, now):
            self._count_drops(1, counters.BANDWIDTH)
            return None
        allocation.packets_to_peer += 1
        allocation.bytes_to_peer += size
        return peer

    def send_to_peer(self, address: Address, payload: bytes | memoryview, dont_fragment: bool = False) -> None:
        """Send a datagram to a peer that has been checked; drop it if the kernel has no room, or refuses."""
        try:
            if dont_fragment:
                set_dont_fragment(self.sock, True)
            self.sock.sendto(payload, address)
        except OSError as error:
            logger.debug("! %s: nothing can be sent to %s: %s", self.allocation, text_of(address), error)
            self._count_drops(1, NO_ROOM)
        finally:
            if dont_fragment:
                set_dont_fragment(self.sock, False)

    def _count_drops(self, count: int, reason: str) -> None:
        self.allocation.dropped += count
        self._relay.counters.drops[reason] += count


_IP_MTU_DISCOVER: Final = 10
_PMTUDISC_WANT, _PMTUDISC_DO = 1, 2


def set_dont_fragment(sock: socket.socket, wanted: bool) -> None:
    """Set or clear the DF bit of what the socket sends, whatever its size, where the system lets it: IPv4 on Linux."""
    if sys.platform == "linux" and sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PMTUDISC_DO if wanted else _PMTUDISC_WANT)
