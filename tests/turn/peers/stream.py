"""A live stream through a gateway: packets to a peer that sends them back, one after the other, until it is stopped."""

import struct
import threading
from types import TracebackType

from benchmarks.gateway.client import CHANNEL, DATAGRAM, Client, udp_socket
from tests.turn.peers.servers import Server

ANSWER_WITHIN = 5.0
"""Seconds after which a packet counts as lost: on a busy machine everything may stand still for more than one."""
PAUSE = 0.002
"""Seconds between two packets: a load, but not all of a processor."""
PAYLOAD = 1000


class Stream:
    """One client with a channel, its peer, and the thread that keeps packets going."""

    def __init__(self, server: Server, answer_within: float = ANSWER_WITHIN) -> None:
        self.client: Client = server.client()
        self.sent = 0
        self.lost = 0
        self._peer = udp_socket()
        self._answer_within = answer_within
        self._peer.settimeout(answer_within)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream")

    def __enter__(self) -> "Stream":
        self.client.allocate()
        self.client.bind(self._peer.getsockname())
        self.client.socket.settimeout(self._answer_within)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.client.socket.close()
        self._peer.close()

    @property
    def peer_port(self) -> int:
        """Where the packets go."""
        return int(self._peer.getsockname()[1])

    def stop(self) -> None:
        """End the stream; the allocation stays."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(PAUSE):
            self.sent += 1
            payload = struct.pack("!Q", self.sent) + bytes(PAYLOAD)
            try:
                self._there_and_back(payload)
            except (TimeoutError, ConnectionRefusedError):
                self.lost += 1

    def _there_and_back(self, payload: bytes) -> None:
        self.client.socket.send(struct.pack("!HH", CHANNEL, len(payload)) + payload)
        data, relayed = b"", ("", 0)
        while data != payload:  # an earlier one may come late
            data, relayed = self._peer.recvfrom(DATAGRAM)
        self._peer.sendto(payload, relayed)
        while self.client.socket.recv(DATAGRAM)[4:] != payload:
            pass
