"""Clients on UDP: one socket for all of them. What the data path knows no flow for comes here.

STUN goes to the gateway, with a client made for this one message unless it has an allocation: strangers leave nothing
behind.
"""

import logging
import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias

from turn.datapath.datagram import Received, Source, Way, address_of, send
from turn.gateway.relayed import Leg
from turn.gateway.traffic import Traffic
from turn.relay.allocation import Client
from turn.wire.attributes import Address, text_of
from turn.wire.channel import HEADER, is_channel_data

logger = logging.getLogger(__name__)

_CHANNEL: Final = struct.Struct("!HH")

OnMessage: TypeAlias = Callable[[bytes, Client, float], None]
"""Takes a STUN message, who it is from, and the time."""


class DatagramClient:
    """The way to a client on UDP."""

    __slots__ = ("_listener", "_source", "datagrams", "traffic")

    def __init__(self, listener: "DatagramListener", source: Source, address: Address) -> None:
        self._listener = listener
        self._source = source
        self.datagrams = Way(listener.sock, address)
        self.traffic = listener.traffic

    def send(self, data: bytes) -> bool:
        """Send a STUN message."""
        return self._listener.send(data, self.datagrams.address)

    def send_channel_data(self, number: int, payloads: Sequence[memoryview], tos: int) -> int:
        """Send as ChannelData. How many went."""
        return sum(send(self.datagrams, (_CHANNEL.pack(number, len(payload)), payload), tos) for payload in payloads)

    def attach(self, leg: Leg) -> None:
        """The client has an allocation from now on."""
        self._listener.legs[self._source] = leg

    def detach(self) -> None:
        """It has none any more."""
        self._listener.legs.pop(self._source, None)


class DatagramListener:
    """A UDP socket that clients send to."""

    protocol = "udp"

    def __init__(self, sock: socket.socket, path: Any, on_message: OnMessage) -> None:
        self.sock = sock
        self.address: Address = sock.getsockname()[:2]
        self.legs: dict[Source, Leg] = {}
        """By their clients' addresses."""
        self.traffic = Traffic()
        self._path = path
        self._memory: memoryview = path.memory
        self._on_message = on_message

    def start(self) -> None:
        """Serve clients."""
        self._path.listen(self.sock, self.take)

    async def close(self) -> None:
        """Serve them no more."""
        self._path.close(self.sock)

    @property
    def name(self) -> str:
        """As metrics have it."""
        return f"{self.protocol}:{text_of(self.address)}"

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

    def take(self, received: Sequence[Received], now: float) -> bool:
        """Take what clients have sent. Whether asyncio may have something to do now."""
        leave = False
        for message in received:
            for offset, length in message.places:
                datagram = self._memory[offset : offset + length]
                if length >= HEADER and is_channel_data(datagram[0]):
                    self._take_channel_data(datagram, message, now)
                elif length:
                    self._take_message(bytes(datagram), message.source, now)
                    leave = True
        return leave

    def _take_channel_data(self, datagram: memoryview, message: Received, now: float) -> None:
        number, size = _CHANNEL.unpack_from(datagram)
        leg = self.legs.get(message.source)
        if leg is None or size + HEADER > len(datagram):
            self.traffic.strays += 1
            return
        peer = leg.forward(number, datagram[HEADER : HEADER + size], now, message.tos)
        if peer is not None:
            leg.follow(self.sock, message.source, number, peer)

    def _take_message(self, data: bytes, source: Source, now: float) -> None:
        leg = self.legs.get(source)
        if leg is not None:
            client = leg.allocation.client
        else:
            address = address_of(source)
            if not address[1]:
                return  # nothing can be sent there
            client = Client(self.protocol, address, self.address, DatagramClient(self, source, address))
        self._on_message(data, client, now)
