"""UDP one datagram at a time, by Python's own sockets: for systems that ``turn/udp.py`` does not know.

The class is that of ``udp.py``, method by method; what is different is that runs never come and never leave in one
piece, and that the TOS of a datagram is lost.
"""

import logging
import socket
from collections.abc import Sequence
from typing import Any, Final

from turn import udp
from turn.attributes import Address
from turn.udp import HEADER, HEADROOM, Place, Received

logger = logging.getLogger(__name__)

MAX_DATAGRAM: Final = 65_536


class Target:
    """Where datagrams go: an address, and the socket that they leave by."""

    __slots__ = ("address", "fd", "skip", "sock")

    def __init__(self, sock: socket.socket, address: Address, skip: int) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.address = address
        self.skip = skip


class Post:
    """Receives into its memory, and sends from there. What was received is good until the next ``receive``."""

    runs = False

    def __init__(self) -> None:
        self.memory = memoryview(bytearray(HEADROOM + MAX_DATAGRAM))
        self._space = self.memory[HEADROOM:]
        self._sockets: dict[int, socket.socket] = {}

    def adopt(self, sock: socket.socket) -> None:
        """Make a bound socket ready for ``receive``."""
        sock.setblocking(False)
        self._sockets[sock.fileno()] = sock

    def disown(self, sock: socket.socket) -> None:
        """The socket is about to be closed."""
        self._sockets.pop(sock.fileno(), None)

    def target(self, sock: socket.socket, address: Address, *, headed: bool) -> Target:
        """Where to send to. ``headed``: what is sent there gets a header, or else it loses one."""
        return Target(sock, address, -HEADER if headed else HEADER)

    def receive(self, fd: int) -> Sequence[Received]:
        """One datagram, or nothing."""
        try:
            length, source = self._sockets[fd].recvfrom_into(self._space)
        except OSError:  # nothing there, or an ICMP error, which some systems report here
            return ()
        return ((HEADROOM, source[:2], length, 0, 0),)

    def send_first(self, target: Target, length: int) -> int:
        """Send a datagram that lies at the place for its target in the message. How many went."""
        return self.send(target, HEADROOM + target.skip, length, 0)

    def send(self, target: Target, offset: int, length: int, tos: int) -> int:
        """Send one datagram. How many went: 0 if the kernel would not have it."""
        try:
            target.sock.sendto(self.memory[offset : offset + length], target.address)
        except OSError:
            return 0
        return 1

    def send_run(self, target: Target, places: Sequence[Place], tos: int) -> int:
        """Send datagrams. How many went."""
        return sum(self.send(target, *place, tos) for place in places)

    def send_headed(self, target: Target, offset: int, length: int, segment: int, headers: Place, tos: int) -> int:
        """Never needed here: ``receive`` gives one datagram at a time."""
        raise NotImplementedError(f"runs with {HEADER} bytes between")


def post() -> Any:
    """The best ``Post`` that works on this machine."""
    if udp.USABLE:
        fast = udp.Post()
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
                trial.bind(("127.0.0.1", 0))
                fast.adopt(trial)
                trial.sendto(b"", trial.getsockname())
                if len(fast.receive(trial.fileno())) == 1:
                    return fast
        except OSError as error:
            logger.debug("! no recvmmsg: %s", error)
    logger.info("= this system moves datagrams one by one")
    return Post()
