"""A data path between sockets of loopback: a sender, the socket under test, and a receiver."""

import socket
import time
from contextlib import ExitStack

from turn.datapath.compiled import CompiledDataPath
from turn.datapath.datagram import Destination, Received, Source, source_at
from turn.datapath.interface import RelayedId

WITHIN = 30.0
CHANNEL = 0x4001
FAR = 1e9
"""A time that does not come."""
HOSTS = ("127.0.0.1", "::1")


class Loopback:
    """Three sockets: what the sender sends to the middle is forwarded to the receiver, once a flow is there."""

    def __init__(self, host: str, stack: ExitStack) -> None:
        self.host = host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sockets = [stack.enter_context(socket.socket(family, socket.SOCK_DGRAM)) for _ in range(3)]
        for each in sockets:
            each.bind((host, 0))
            each.settimeout(WITHIN)
        self.sender, self.middle, self.receiver = sockets
        self.path = CompiledDataPath()
        stack.callback(self.path.destroy)
        self.handed_over: list[tuple[bytes, Received]] = []
        self.relayed = RelayedId(0)
        self.destination = Destination(self.middle, self.receiver.getsockname()[:2])

    @property
    def source(self) -> Source:
        return source_at(self.sender.getsockname()[:2])

    def as_relayed(self, until: float = FAR, flow: bool = True) -> "Loopback":
        self.relayed = self.path.open(self.middle, self._on_received)
        if flow:
            self.forward_to_client(self.source, until=until)
        return self

    def forward_to_client(
        self,
        source: Source,
        channel: int = CHANNEL,
        destination: Destination | None = None,
        until: float = FAR,
    ) -> None:
        """Forward what this peer sends, to the receiver if nothing else is said."""
        destination = destination or self.destination
        self.path.forward_to_client(self.middle, source, destination, self.relayed, channel, until)

    def as_listener(self, until: float = FAR, flow: bool = True) -> "Loopback":
        self.path.listen(self.middle, self._on_received)
        with socket.socket(self.middle.family, socket.SOCK_DGRAM) as other:
            other.bind((self.host, 0))
            self.relayed = self.path.open(other, self._on_received)
            if flow:
                self.path.forward_to_peer(self.middle, self.source, self.destination, self.relayed, CHANNEL, until)
            self.path.close(other)  # its number stays valid
        return self

    def _on_received(self, received: list[Received], now: float) -> bool:
        self.handed_over += [(bytes(self.path.memory[each.offset :][: each.length]), each) for each in received]
        return False

    def send(self, data: bytes, segment: int = 0) -> None:
        ancillary = [(17, 103, segment.to_bytes(2, "little"))] if segment else []
        self.sender.sendmsg([data], ancillary, 0, self.middle.getsockname())

    def serve(self) -> None:
        """Serve what has been sent, which is there already: loopback delivers at once."""
        self.path.wait(0.0)

    def receive(self, count: int, last: bytes | None = None) -> list[bytes]:
        """Serve until so many packets are there, or this one is the last; return them."""
        packets: list[bytes] = []
        deadline = time.monotonic() + WITHIN
        self.receiver.setblocking(False)
        while len(packets) < count and last not in packets and time.monotonic() < deadline:
            self.path.wait(0.0)
            try:
                while True:
                    packets.append(self.receiver.recv(65_536))
            except BlockingIOError:
                continue
        return packets

    def receives_nothing(self) -> bool:
        """Serve, and return whether nothing reaches the receiver."""
        self.serve()
        self.receiver.setblocking(False)
        try:
            self.receiver.recv(100)
        except BlockingIOError:
            return True
        return False

    @property
    def counts(self) -> list[int]:
        return list(self.path.take_counts(self.relayed))


def headed(payload: bytes, channel: int = CHANNEL) -> bytes:
    """Return ChannelData."""
    return channel.to_bytes(2, "big") + len(payload).to_bytes(2, "big") + payload
