"""Clients on UDP: one socket for all of them. It gets what the data path knows no flow for.

STUN goes to the gateway, with a client made for this one message unless it has an allocation: strangers leave nothing
behind.
"""

import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from turn.datapath.datagram import Destination, Received, Source, address_of, send
from turn.datapath.interface import DataPath
from turn.gateway.listener import Listener, OnMessage
from turn.gateway.relayed import ClientTransport, RelayedTransport
from turn.relay.allocation import Client
from turn.wire.attributes import Address
from turn.wire.channel import HEADER, is_channel_data

_CHANNEL: Final = struct.Struct("!HH")


class UdpClientTransport(ClientTransport):
    """The way to a client on UDP."""

    __slots__ = ("_listener", "_source", "destination", "traffic")

    destination: Destination

    def __init__(self, listener: "UdpListener", source: Source, address: Address) -> None:
        self._listener = listener
        self._source = source
        self.destination = Destination(listener.sock, address)
        self.traffic = listener.traffic

    def send(self, data: bytes) -> bool:
        """Send a STUN message. Return whether the kernel took it."""
        return self._listener.send(data, self.destination.address)

    def send_channel_data(self, number: int, payloads: Sequence[memoryview], tos: int) -> int:
        """Send each payload as ChannelData in a datagram with this TOS. Return how many the kernel took."""
        return sum(send(self.destination, (_CHANNEL.pack(number, len(each)), each), tos) for each in payloads)

    def attach(self, relayed: RelayedTransport) -> None:
        """Hand what comes from the client's address to this relayed transport."""
        self._listener.relayed[self._source] = relayed

    def detach(self) -> None:
        """Take the client for a stranger again."""
        self._listener.relayed.pop(self._source, None)

    def close(self, reason: str) -> None:
        """Raise ``RuntimeError``: a client on UDP has no connection, so the relay closes none."""
        raise RuntimeError(f"no connection can be closed on UDP: {reason}")


class UdpListener(Listener):
    """A UDP socket that clients send to."""

    def __init__(self, sock: socket.socket, path: DataPath, on_message: OnMessage) -> None:
        super().__init__("udp", sock)
        self.relayed: dict[Source, RelayedTransport] = {}
        """Relayed transports by their clients' addresses."""
        self._path = path
        self._memory = path.memory
        self._on_message = on_message

    @property
    def connections(self) -> int:
        """Count the clients that have an allocation."""
        return len(self.relayed)

    def start(self) -> None:
        """Have the data path read the socket."""
        self._path.listen(self.sock, self.receive)

    async def close(self) -> None:
        """Take the socket from the data path."""
        self._path.close(self.sock)

    def send(self, data: bytes, address: Address) -> bool:
        """Send a STUN message. Return whether the kernel took it."""
        with suppress(OSError):
            self.sock.sendto(data, address)
            return True
        return False

    def receive(self, received: Sequence[Received], now: float) -> bool:
        """Handle what clients have sent. Return whether asyncio may have something to do now: STUN may set a timer."""
        asyncio_is_due = False
        for message in received:
            for offset, length in message.datagrams:
                datagram = self._memory[offset : offset + length]
                if length >= HEADER and is_channel_data(datagram[0]):
                    self._relay_channel_data(datagram, message, now)
                elif length:
                    self._handle_message(bytes(datagram), message.source, now)
                    asyncio_is_due = True
        return asyncio_is_due

    def _relay_channel_data(self, datagram: memoryview, message: Received, now: float) -> None:
        number, size = _CHANNEL.unpack_from(datagram)
        relayed = self.relayed.get(message.source)
        if relayed is None or size + HEADER > len(datagram):
            self.traffic.strays += 1
            return
        peer = relayed.forward(number, datagram[HEADER : HEADER + size], now, message.tos)
        if peer is not None:
            relayed.install_flow(self.sock, message.source, number, peer)

    def _handle_message(self, data: bytes, source: Source, now: float) -> None:
        relayed = self.relayed.get(source)
        if relayed is not None:
            client = relayed.allocation.client
        else:
            address = address_of(source)
            if not address[1]:
                return  # nothing can be sent there
            client = Client(self.protocol, address, self.address, UdpClientTransport(self, source, address))
        self._on_message(data, client, now)
