"""Relay ports: UDP sockets on the relay address, bound within the range that the operator allows."""

import errno
import random
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from turn.wire.attributes import IPV4, Address, family_of

FIRST_PORT, LAST_PORT = 49_152, 65_535
"""RFC 8656 section 7.2 recommends the dynamic ports."""

TRIES: Final = 64
"""Random ports that are tried first. In a range that is not nearly full, few are taken."""
SWEEP: Final = 256
"""Ports that are tried one after the other then: all of a small range, some of a large one. To find that 16,384 are
taken would hold up everybody's packets for a tenth of a second, each time that somebody asks."""


class RelayPorts:
    """Opens relay sockets, and holds those that are reserved."""

    def __init__(self, addresses: Mapping[int, str], first: int = FIRST_PORT, last: int = LAST_PORT) -> None:
        """addresses: the host to bind, by family."""
        self._addresses = dict(addresses)
        self._ports = range(first, last + 1)
        self._even = range(first + first % 2, last + 1, 2)
        self._held: dict[bytes, socket.socket] = {}

    @property
    def families(self) -> frozenset[int]:
        """Those that relay addresses can have."""
        return frozenset(self._addresses)

    def open(self, family: int, *, even: bool = False, hold: bytes | None = None) -> socket.socket | None:
        """A bound socket, or None if there is no port. ``hold``: hold the next higher one too, under this token."""
        host = self._addresses.get(family)
        if host is None:
            return None
        for port in _in_random_order(self._even if even or hold else self._ports):
            opened = self._bind(host, port, hold)
            if opened is not None:
                return opened
        return None

    def take(self, token: bytes) -> socket.socket | None:
        """The socket that is held under the token."""
        return self._held.pop(token, None)

    def drop(self, token: bytes) -> None:
        """Nobody came for it."""
        held = self._held.pop(token, None)
        if held is not None:
            held.close()

    def close(self) -> None:
        """Drop all that is held."""
        for token in tuple(self._held):
            self.drop(token)

    def _bind(self, host: str, port: int, hold: bytes | None) -> socket.socket | None:
        sock = bind_udp(host, port)
        if sock is None or hold is None:
            return sock
        other = bind_udp(host, port + 1) if port + 1 in self._ports else None
        if other is None:
            sock.close()
            return None
        self._held[hold] = other
        return sock


def bind_udp(host: str, port: int) -> socket.socket | None:
    """A UDP socket at this address; None if the port is taken. Raises OSError for other reasons."""
    sock = socket.socket(socket.AF_INET if family_of(host) == IPV4 else socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            return None
        raise
    return sock


def routed_address(family: int) -> str | None:
    """The address that this machine sends from when it has no reason to use another; None without a network."""
    inet, somewhere = (
        (socket.AF_INET, ("192.0.2.1", 9)) if family == IPV4 else (socket.AF_INET6, ("2001:db8::1", 9))
    )  # addresses of the documentation: nothing is sent, only the routing table is asked
    with suppress(OSError), socket.socket(inet, socket.SOCK_DGRAM) as sock:
        sock.connect(somewhere)
        host: str = sock.getsockname()[0]
        return host
    return None


def addresses_of(hosts: Iterable[str]) -> dict[int, str]:
    """The first address of each family that these addresses or names of this machine have. Raises ValueError."""
    found: dict[int, str] = {}
    for host in hosts:
        try:
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise ValueError(f"relay address {host} is unknown here: {error.strerror}") from error
        for *_, address in answers:
            found.setdefault(family_of(str(address[0])), str(address[0]))
    for host in found.values():
        _check(host)
    return found


def _check(host: str) -> None:
    """Raises ValueError if nothing could be bound there: no client would get an allocation."""
    try:
        opened = bind_udp(host, 0)
    except OSError as error:
        raise ValueError(
            f"relay address {host} can't be used, it has to be this machine's: {error.strerror}"
        ) from error
    if opened:
        opened.close()


def address_of(sock: socket.socket) -> Address:
    """Host and port that a socket is bound to."""
    host, port = sock.getsockname()[:2]
    return host, port


def _in_random_order(ports: range) -> Iterator[int]:
    """Some at random, so that ports can't be guessed, and then one after the other."""
    if not ports:
        return
    for _ in range(min(TRIES, len(ports))):
        yield random.choice(ports)
    start = random.randrange(len(ports))
    yield from (ports[(start + step) % len(ports)] for step in range(min(SWEEP, len(ports))))
