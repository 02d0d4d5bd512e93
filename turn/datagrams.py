"""Clients on UDP: one socket for all of them. ChannelData takes the fast way, through the client's leg.

STUN goes to the gateway, with a client made for this one message unless it has an allocation: strangers leave nothing
behind.
"""

import logging
import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias

from turn.allocation import Client
from turn.attributes import Address
from turn.channel import HEADER, is_channel_data
from turn.legs import Leg, places_of
from turn.traffic import Traffic
from turn.udp import Place, Received, Source, address_of

logger = logging.getLogger(__name__)

_CHANNEL: Final = struct.Struct("!HH")

OnMessage: TypeAlias = Callable[[bytes, Client, float], None]
"""Takes a STUN message, who it is from, and the time."""


class DatagramClient:
    """The way to a client on UDP."""

    __slots__ = ("_listener", "_source", "target", "traffic")

    def __init__(self, listener: "DatagramListener", source: Source, target: Any) -> None:
        self._listener = listener
        self._source = source
        self.target = target
        self.traffic = listener.traffic

    def send(self, data: bytes) -> bool:
        """Send a STUN message."""
        return self._listener.send(data, self.target.address)

    def send_channel_data(self, number: int, payloads: Sequence[memoryview]) -> int:
        """Never needed: it has a target."""
        raise NotImplementedError

    def attach(self, leg: Leg) -> None:
        """The client has an allocation from now on."""
        self._listener.legs[self._source] = leg

    def detach(self) -> None:
        """It has none any more."""
        self._listener.legs.pop(self._source, None)


class DatagramListener:
    """A UDP socket that clients send to."""

    protocol = "udp"

    def __init__(self, sock: socket.socket, post: Any, on_message: OnMessage) -> None:
        self.sock = sock
        self.address: Address = sock.getsockname()[:2]
        self.legs: dict[Source, Leg] = {}
        """By their clients' addresses."""
        self.traffic = Traffic()
        self._fd = sock.fileno()
        self._post = post
        self._memory: memoryview = post.memory
        self._on_message = on_message
        post.adopt(sock)

    @property
    def name(self) -> str:
        """As metrics have it."""
        return f"{self.protocol}:{self.address[0]}:{self.address[1]}"

    @property
    def connections(self) -> int:
        """Clients that have an allocation."""
        return len(self.legs)

    def send(self, data: bytes, address: Address) -> bool:
        """Send a STUN message. Whether the kernel took it."""
        with suppress(OSError):
            self.sock.sendto(data, address)
            return True
        return False

    def read(self, now: float) -> bool:
        """Take what clients have sent. Whether asyncio may have something to do now."""
        received = self._post.receive(self._fd)
        if len(received) != 1:
            return self._read_more(received, now)
        offset, source, length, segment, tos = received[0]
        leg = self.legs.get(source)
        if leg is None or segment or length < HEADER:
            return self._read_more(received, now)
        number, size = _CHANNEL.unpack_from(self._memory, offset)
        path = leg.paths.get(number)
        if path is None or tos or size + HEADER > length:
            return self._read_more(received, now)
        peer, target = path
        allocation = leg.allocation
        if now >= peer.channel_until or now >= peer.open_until or allocation.from_client is not None:
            return self._read_more(received, now)
        if self._post.send_first(target, size):
            allocation.packets_to_peer += 1
            allocation.bytes_to_peer += size
        else:
            leg.sent_to_peer(0, 1)
        return False

    def _read_more(self, received: Sequence[Received], now: float) -> bool:
        """Take several messages, or one that is not plain: ChannelData is sorted into runs to one peer."""
        run = Run(self._post)
        leave = False
        messages: list[tuple[bytes, Source]] = []
        for message in received:
            leg = self.legs.get(message[1])
            for offset, length in places_of(message):
                if length >= HEADER and is_channel_data(self._memory[offset]):
                    self._add(run, leg, (offset, length), message[4], now)
                elif length:
                    messages.append((bytes(self._memory[offset : offset + length]), message[1]))
        run.send()
        for data, source in messages:  # at the end, because what they lead to uses the memory
            self._take_message(data, source, now)
            leave = True
        return leave

    def _add(self, run: "Run", leg: Leg | None, place: Place, tos: int, now: float) -> None:
        offset, length = place
        number, size = _CHANNEL.unpack_from(self._memory, offset)
        if leg is None or size + HEADER > length:
            self.traffic.strays += 1
            return
        peer = leg.channel_peer(number, size, now)
        if peer is not None:
            run.add(leg, leg.path(number, peer), (offset + HEADER, size), tos)

    def _take_message(self, data: bytes, source: Source, now: float) -> None:
        leg = self.legs.get(source)
        if leg is not None:
            client = leg.allocation.client
        else:
            address = address_of(source)
            if not address[1]:
                return  # nothing can be sent there
            transport = DatagramClient(self, source, self._post.target(self.sock, address, headed=True))
            client = Client(self.protocol, address, self.address, transport)
        self._on_message(data, client, now)


class Run:
    """Datagrams to one peer that leave in one piece, once one comes that does not go on with them."""

    __slots__ = ("_leg", "_places", "_post", "_target", "_tos")

    def __init__(self, post: Any) -> None:
        self._post = post
        self._places: list[Place] = []
        self._leg: Leg | None = None
        self._target: Any = None
        self._tos = 0

    def add(self, leg: Leg, target: Any, place: Place, tos: int) -> None:
        """One more datagram."""
        if not self._goes_on(target, place[1], tos):
            self.send()
            self._leg, self._target, self._tos = leg, target, tos
        self._places.append(place)

    def _goes_on(self, target: Any, length: int, tos: int) -> bool:
        if not self._places or target is not self._target or tos != self._tos:
            return False
        return length <= self._places[0][1] and self._places[-1][1] == self._places[0][1]

    def send(self) -> None:
        """Send those that wait."""
        if self._places and self._leg:
            sent = self._post.send_run(self._target, self._places, self._tos)
            self._leg.sent_to_peer(sent, len(self._places))
        self._places = []
