"""A data path between sockets of loopback: a sender, the socket under test, and a receiver."""

import socket
import time
from contextlib import ExitStack

from turn.datapath.datagram import Received, Source, Way, source_at
from turn.datapath.datapath import DataPath

WITHIN = 30.0
CHANNEL = 0x4001
FAR = 1e9
"""A time that does not come."""
HOSTS = ("127.0.0.1", "::1")


class Line:
    """What the sender sends to the middle goes to the receiver, once a flow is there."""

    def __init__(self, host: str, stack: ExitStack) -> None:
        self.host = host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sockets = [stack.enter_context(socket.socket(family, socket.SOCK_DGRAM)) for _ in range(3)]
        for each in sockets:
            each.bind((host, 0))
            each.settimeout(WITHIN)
        self.sender, self.middle, self.receiver = sockets
        self.path = DataPath()
        stack.callback(self.path.destroy)
        self.taken: list[tuple[bytes, Received]] = []
        self.leg = 0
        self.way = Way(self.middle, self.receiver.getsockname()[:2])

    @property
    def source(self) -> Source:
        return source_at(self.sender.getsockname()[:2])

    def as_relay(self, until: float = FAR, flow: bool = True) -> "Line":
        self.leg = self.path.open(self.middle, self._take)
        if flow:
            self.path.to_client(self.middle, self.source, self.way, self.leg, CHANNEL, until)
        return self

    def as_listener(self, until: float = FAR, flow: bool = True) -> "Line":
        self.path.listen(self.middle, self._take)
        with socket.socket(self.middle.family, socket.SOCK_DGRAM) as other:
            other.bind((self.host, 0))
            self.leg = self.path.open(other, self._take)
            if flow:
                self.path.to_peer(self.middle, self.source, self.way, self.leg, CHANNEL, until)
            self.path.close(other)  # its number stays good
        return self

    def _take(self, received: list[Received], now: float) -> bool:
        self.taken += [(bytes(self.path.memory[each.offset :][: each.length]), each) for each in received]
        return False

    def send(self, data: bytes, segment: int = 0) -> None:
        ancillary = [(17, 103, segment.to_bytes(2, "little"))] if segment else []
        self.sender.sendmsg([data], ancillary, 0, self.middle.getsockname())

    def serve(self) -> None:
        """What has been sent is there already: loopback delivers at once."""
        self.path.wait(0.0)

    def receive(self, count: int, last: bytes | None = None) -> list[bytes]:
        """So many packets, or up to this one, after serving until they are there."""
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

    def nothing_comes(self) -> bool:
        self.serve()
        self.receiver.setblocking(False)
        try:
            self.receiver.recv(100)
        except BlockingIOError:
            return True
        return False

    @property
    def counts(self) -> list[int]:
        return list(self.path.take_counts(self.leg))


def headed(payload: bytes, channel: int = CHANNEL) -> bytes:
    """ChannelData."""
    return channel.to_bytes(2, "big") + len(payload).to_bytes(2, "big") + payload
