"""Packets between one client and its peers, by the fields of its allocation (RFC 8656 sections 11, 12).

A leg is an allocation's relay socket. It gets what the data path knows no flow for, decides on it, and writes down the
flow if the next packet needs no decision. What is not plain relaying (STUN, a source that is not known yet) is left to
relay.py and the client's transport.
"""

import logging
import socket
import sys
from collections.abc import Sequence
from typing import Any, Final, Protocol

from turn.datapath.datagram import Received, Source, Way, address_of, send
from turn.gateway.traffic import Traffic
from turn.relay import counters
from turn.relay.allocation import Allocation, Peer
from turn.relay.server import Relay
from turn.wire.attributes import Address, text_of

logger = logging.getLogger(__name__)

MAX_KNOWN: Final = 512
"""Sources that a leg remembers: twice the peers of an allocation. Then it forgets all, and looks again."""

NO_ROOM: Final = "no_room"
"""Packets that the kernel would not take, and those for a client on a stream that reads too slowly."""

TO_CLIENT, TO_PEER = 0, 1


class Transport(Protocol):
    """The way to a client."""

    datagrams: Way | None
    """Where ChannelData goes as datagrams; None if the client is on a stream, or is encrypted."""
    traffic: Traffic
    """Of its listener."""

    def send(self, data: bytes) -> bool:
        """Send a STUN message. Whether there was room for it."""

    def send_channel_data(self, number: int, payloads: Sequence[memoryview], tos: int) -> int:
        """Send as ChannelData. How many there was room for."""

    def attach(self, leg: "Leg") -> None:
        """The client has an allocation from now on."""

    def detach(self) -> None:
        """It has none any more."""


class Leg:
    """An allocation's relay socket."""

    __slots__ = ("_memory", "_number", "_path", "_relay", "_sources", "_transport", "allocation", "sock")

    def __init__(self, relay: Relay, allocation: Allocation, sock: socket.socket, path: Any) -> None:
        """Raises OSError."""
        self.allocation = allocation
        self.sock = sock
        self._relay = relay
        self._path = path
        self._memory: memoryview = path.memory
        self._transport: Transport = allocation.client.transport
        self._sources: dict[Source, Peer] = {}
        self._number: int = path.open(sock, self.take)
        for way, bucket in ((TO_CLIENT, allocation.from_peer), (TO_PEER, allocation.from_client)):
            if bucket is not None:
                bucket.move(path.bucket(self._number, way))

    def close(self) -> None:
        """The allocation is over."""
        self.collect()
        self._path.close(self.sock, self._number)
        self.sock.close()

    def collect(self) -> None:
        """Add what flows have counted to what the allocation has."""
        counts = self._path.take_counts(self._number)
        if any(counts):
            allocation = self.allocation
            allocation.packets_to_client += counts.packets_to_client
            allocation.bytes_to_client += counts.bytes_to_client
            allocation.packets_to_peer += counts.packets_to_peer
            allocation.bytes_to_peer += counts.bytes_to_peer
            for count, reason in ((counts.no_room, NO_ROOM), (counts.over_rate, counters.BANDWIDTH)):
                if count:
                    self._drop(count, reason)

    def take(self, received: Sequence[Received], now: float) -> bool:
        """Take what peers have sent to the client. Whether asyncio may have something to do now."""
        for message in received:
            peer = self._peer(message.source, now)
            if peer is not None:
                self._pass_on(peer, message, now)
        return True

    def _pass_on(self, peer: Peer, message: Received, now: float) -> None:
        allocation = self.allocation
        payloads = [self._memory[at : at + length] for at, length in message.places]
        if allocation.from_peer is not None and not allocation.from_peer.take(message.length, now):
            self._drop(len(payloads), counters.BANDWIDTH)
            return
        if now < peer.channel_until and peer.channel is not None:
            sent = self._transport.send_channel_data(peer.channel, payloads, message.tos)
            if self._transport.datagrams:
                until = min(peer.channel_until, peer.open_until)
                way = self._transport.datagrams
                self._path.to_client(self.sock, message.source, way, self._number, peer.channel, until)
        else:
            sent = sum(self._indicate(peer, payload) for payload in payloads)
        allocation.packets_to_client += sent
        allocation.bytes_to_client += message.length
        if sent != len(payloads):
            self._drop(len(payloads) - sent, NO_ROOM)

    def _indicate(self, peer: Peer, payload: memoryview) -> bool:
        """Send a payload as an indication. Whether there was room for it, and in it: IPv6 allows longer datagrams."""
        try:
            return self._transport.send(self._relay.data_indication(peer.address, payload))
        except ValueError:
            return False

    def _peer(self, source: Source, now: float) -> Peer | None:
        """Who sends from there; None if it may not, which has been counted."""
        peer = self._sources.get(source)
        if peer is not None and now < peer.open_until:
            return peer
        address = address_of(source)
        peer = self._relay.peer_of(self.allocation, address, now)
        if peer is not None and self.allocation.peers.get(address) is peer:
            if len(self._sources) >= MAX_KNOWN:
                self._sources.clear()
            self._sources[source] = peer
        return peer

    def forward(self, number: int, payload: bytes | memoryview, now: float, tos: int = 0) -> Peer | None:
        """Send the payload of ChannelData to its peer: who that is; None if nobody gets it, which has been counted."""
        peer = self.channel_peer(number, len(payload), now)
        if peer is not None and not send(Way(self.sock, peer.address), (payload,), tos):
            self._drop(1, NO_ROOM)
        return peer

    def follow(self, listener: socket.socket, source: Source, number: int, peer: Peer) -> None:
        """The client's next ChannelData to this peer needs no decision."""
        until = min(peer.channel_until, peer.open_until)
        self._path.to_peer(listener, source, Way(self.sock, peer.address), self._number, number, until)

    def channel_peer(self, number: int, size: int, now: float) -> Peer | None:
        """Who gets so many bytes of this channel; None if nobody does, which has been counted."""
        peer = self.allocation.channels.get(number)
        if peer is None or now >= peer.channel_until or now >= peer.open_until:
            refused = peer is not None and not peer.allowed
            self._drop(1, counters.REFUSED_PEER if refused else counters.NO_PERMISSION)
            return None
        allocation = self.allocation
        if allocation.from_client is not None and not allocation.from_client.take(size, now):
            self._drop(1, counters.BANDWIDTH)
            return None
        allocation.packets_to_peer += 1
        allocation.bytes_to_peer += size
        return peer

    def send_to_peer(self, address: Address, payload: bytes | memoryview, dont_fragment: bool = False) -> None:
        """Send a datagram whose peer has been checked; it is dropped if the kernel has no room, or won't."""
        try:
            if dont_fragment:
                set_dont_fragment(self.sock, True)
            self.sock.sendto(payload, address)
        except OSError as error:
            logger.debug("! %s: nothing can be sent to %s: %s", self.allocation, text_of(address), error)
            self._drop(1, NO_ROOM)
        finally:
            if dont_fragment:
                set_dont_fragment(self.sock, False)

    def _drop(self, count: int, reason: str) -> None:
        self.allocation.dropped += count
        self._relay.counters.drops[reason] += count


_IP_MTU_DISCOVER: Final = 10
_PMTUDISC_WANT, _PMTUDISC_DO = 1, 2


def set_dont_fragment(sock: socket.socket, wanted: bool) -> None:
    """Have the IP header say so whatever the size, where the system lets it."""
    if sys.platform == "linux" and sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PMTUDISC_DO if wanted else _PMTUDISC_WANT)
