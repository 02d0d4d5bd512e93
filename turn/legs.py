"""The fast way: packets between one client and its peers, by the fields of its allocation (RFC 8656 sections 11, 12).

A leg is an allocation's relay socket and all that is worked out once instead of for every packet. What is not plain
relaying (STUN, a source that is not known yet, a client on a stream) is left to relay.py and the client's transport.
"""

import logging
import socket
import struct
import sys
from collections.abc import Sequence
from typing import Any, Final, Protocol

from turn import counters
from turn.allocation import Allocation, Peer
from turn.relay import Relay
from turn.traffic import Traffic
from turn.udp import HEADER, Place, Received, Source, address_of

logger = logging.getLogger(__name__)

MAX_KNOWN: Final = 512
"""Sources and targets that a leg remembers: twice the peers of an allocation. Then it forgets all, and looks again."""

NO_ROOM: Final = "no_room"
"""Packets that the kernel would not take, and those for a client on a stream that reads too slowly."""

_NUMBER: Final = struct.Struct("!I")


class Transport(Protocol):
    """The way to a client."""

    target: Any
    """Where ChannelData goes as datagrams; None if the client is on a stream."""
    traffic: Traffic
    """Of its listener."""

    def send(self, data: bytes) -> bool:
        """Send a STUN message. Whether there was room for it."""

    def send_channel_data(self, number: int, payloads: Sequence[memoryview]) -> int:
        """Send to a client on a stream. How many there was room for."""

    def attach(self, leg: "Leg") -> None:
        """The client has an allocation from now on."""

    def detach(self) -> None:
        """It has none any more."""


class Leg:
    """An allocation's relay socket."""

    __slots__ = (
        "_client_target",
        "_memory",
        "_post",
        "_relay",
        "_sources",
        "_targets",
        "_transport",
        "allocation",
        "channels",
        "fd",
        "paths",
        "sock",
    )

    def __init__(self, relay: Relay, allocation: Allocation, sock: socket.socket, post: Any) -> None:
        transport: Transport = allocation.client.transport
        self.allocation = allocation
        self.channels = allocation.channels
        self.sock = sock
        self.fd = sock.fileno()
        self._relay = relay
        self._post = post
        self._memory: memoryview = post.memory
        self._transport = transport
        self._client_target = transport.target
        self._sources: dict[Source, Peer] = {}
        self._targets: dict[Peer, Any] = {}
        self.paths: dict[int, tuple[Peer, Any]] = {}
        """Where ChannelData goes, by number. What it says is old once the peer's times are over."""

    def target(self, peer: Peer) -> Any:
        """Where to send to reach the peer."""
        target = self._targets.get(peer)
        if target is None:
            if len(self._targets) >= MAX_KNOWN:
                self._targets.clear()
            target = self._targets[peer] = self._post.target(self.sock, peer.address, headed=False)
        return target

    def path(self, number: int, peer: Peer) -> Any:
        """Where to send the peer's ChannelData; the next one finds it by itself."""
        target = self.target(peer)
        if len(self.paths) >= MAX_KNOWN:
            self.paths.clear()
        self.paths[number] = peer, target
        return target

    def read(self, now: float) -> bool:
        """Take what peers have sent to the client. Whether asyncio may have something to do now."""
        received = self._post.receive(self.fd)
        target = self._client_target
        if len(received) != 1 or target is None:
            return self._read_more(received, now)
        offset, source, length, segment, tos = received[0]
        peer = self._sources.get(source)
        if peer is None or now >= peer.open_until or now >= peer.channel_until:
            return self._read_more(received, now)
        allocation = self.allocation
        if allocation.from_peer is not None and not self._may_pass(allocation.from_peer, length, now):
            return False
        number = peer.channel << 16  # type: ignore[operator]  # it has one: its time is not over
        if segment and length > segment:
            count = -(-length // segment)
            headers = (number | segment, number | (length - (count - 1) * segment))
            sent = self._post.send_headed(target, offset, length, segment, headers, tos)
        else:
            count = 1
            _NUMBER.pack_into(self._memory, offset - HEADER, number | length)
            if tos:
                sent = self._post.send(target, offset - HEADER, length + HEADER, tos)
            else:
                sent = self._post.send_first(target, length + HEADER)
        allocation.packets_to_client += sent
        allocation.bytes_to_client += length
        if sent != count:
            self._drop(count - sent, NO_ROOM)
        return False

    def _read_more(self, received: Sequence[Received], now: float) -> bool:
        """Take several messages, or one that is not plain: sorted into runs from one peer."""
        run: list[Received] = []
        leave = False
        for message in received:
            if run and not _goes_on(run, message):
                leave = self._take_run(run, now) or leave
                run = []
            run.append(message)
        return (self._take_run(run, now) if run else False) or leave

    def _take_run(self, run: list[Received], now: float) -> bool:
        peer = self._peer(run[0][1], now)
        if peer is None:
            return False
        places = [place for message in run for place in places_of(message)]
        size = sum(length for _, length in places)
        if self.allocation.from_peer is not None and not self._may_pass(self.allocation.from_peer, size, now):
            return False
        if now >= peer.channel_until or self._client_target is None:
            sent = self._hand_over(peer, places, now)
        else:
            sent = self._send_run(peer, places, run[0])
        self.allocation.packets_to_client += sent
        self.allocation.bytes_to_client += size
        if sent != len(places):
            self._drop(len(places) - sent, NO_ROOM)
        return True

    def _send_run(self, peer: Peer, places: list[Place], first: Received) -> int:
        """Send as ChannelData to a client that takes datagrams."""
        number, tos = (peer.channel or 0) << 16, first[4]
        if len(places) > 1 and first[3]:  # the kernel has put them together: there is no room between them
            offset, length = places[0][0], sum(length for _, length in places)
            headers = number | first[3], number | places[-1][1]
            sent: int = self._post.send_headed(self._client_target, offset, length, first[3], headers, tos)
            return sent
        for offset, length in places:
            _NUMBER.pack_into(self._memory, offset - HEADER, number | length)
        headed = [(offset - HEADER, length + HEADER) for offset, length in places]
        sent = self._post.send_run(self._client_target, headed, tos)
        return sent

    def _hand_over(self, peer: Peer, places: list[Place], now: float) -> int:
        """To a client on a stream, or from a peer without a channel."""
        payloads = [self._memory[offset : offset + length] for offset, length in places]
        if now < peer.channel_until:
            return self._transport.send_channel_data(peer.channel or 0, payloads)
        relay, transport = self._relay, self._transport
        return sum(transport.send(relay.data_indication(peer.address, payload)) for payload in payloads)

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

    def forward(self, number: int, payload: bytes | memoryview, now: float) -> None:
        """Send the payload of ChannelData that came by a stream to its peer."""
        peer = self.channel_peer(number, len(payload), now)
        if peer is not None:
            self.send_to_peer(peer.address, payload)

    def channel_peer(self, number: int, size: int, now: float) -> Peer | None:
        """Who gets so many bytes of this channel; None if nobody does, which has been counted."""
        peer = self.channels.get(number)
        if peer is None or now >= peer.channel_until or now >= peer.open_until:
            refused = peer is not None and not peer.allowed
            self._drop(1, counters.REFUSED_PEER if refused else counters.NO_PERMISSION)
            return None
        allocation = self.allocation
        if allocation.from_client is not None and not self._may_pass(allocation.from_client, size, now):
            return None
        allocation.packets_to_peer += 1
        allocation.bytes_to_peer += size
        return peer

    def sent_to_peer(self, sent: int, count: int) -> None:
        """So many of the datagrams to a peer went."""
        if sent != count:
            self._drop(count - sent, NO_ROOM)

    def send_to_peer(self, address: tuple[str, int], payload: bytes | memoryview, dont_fragment: bool = False) -> None:
        """Send a datagram whose peer has been checked; it is dropped if the kernel has no room, or won't."""
        try:
            if dont_fragment:
                set_dont_fragment(self.sock, True)
            self.sock.sendto(payload, address)
        except OSError as error:
            logger.debug("! %s: nothing can be sent to %s:%d: %s", self.allocation, *address, error)
            self._drop(1, NO_ROOM)
        finally:
            if dont_fragment:
                set_dont_fragment(self.sock, False)

    def _may_pass(self, bucket: Any, size: int, now: float) -> bool:
        if bucket.take(size, now):
            return True
        self._drop(1, counters.BANDWIDTH)
        return False

    def _drop(self, count: int, reason: str) -> None:
        self.allocation.dropped += count
        self._relay.counters.drops[reason] += count


def places_of(message: Received) -> list[Place]:
    """Where each datagram of a message lies."""
    offset, _, length, segment, _ = message
    if not segment or length <= segment:
        return [(offset, length)]
    return [(at, min(segment, offset + length - at)) for at in range(offset, offset + length, segment)]


def _goes_on(run: list[Received], message: Received) -> bool:
    """Whether the message may leave in one piece with those before it."""
    _, source, length, segment, tos = message
    _, first_source, first_length, first_segment, first_tos = run[0]
    if segment or first_segment or source != first_source or tos != first_tos:
        return False
    return length <= first_length and run[-1][2] == first_length


_IP_MTU_DISCOVER: Final = 10
_PMTUDISC_WANT, _PMTUDISC_DO = 1, 2


def set_dont_fragment(sock: socket.socket, wanted: bool) -> None:
    """Have the IP header say so whatever the size, where the system lets it."""
    if sys.platform == "linux" and sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PMTUDISC_DO if wanted else _PMTUDISC_WANT)
