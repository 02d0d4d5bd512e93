"""Datagrams as sockets have them: where they came from, where they go, and sending one with its TOS.

What happens to many of them at once is datapath.py's business, or plain.py's.
"""

import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from turn.wire.attributes import Address

Source = tuple[int, int, int]
"""Where a datagram came from: the words of its sockaddr, with a link-local scope in place of the flow information."""


class Received(NamedTuple):
    """A message that lies in a data path's ``memory`` until the call that it is handed over by returns."""

    offset: int
    length: int
    segment: int
    """It consists of datagrams of this length, the last of what remains; 0: it is one."""
    tos: int
    source: Source

    @property
    def places(self) -> list[tuple[int, int]]:
        """Offset and length of each datagram."""
        if not self.segment or self.length <= self.segment:
            return [(self.offset, self.length)]
        end = self.offset + self.length
        return [(at, min(self.segment, end - at)) for at in range(self.offset, end, self.segment)]


class Way(NamedTuple):
    """Where datagrams go: the socket that they leave by, and whom they reach."""

    sock: socket.socket
    address: Address


class Counts(NamedTuple):
    """What a leg's flows have done, in the order in which compiled code counts it (see runs.TO_CLIENT)."""

    packets_to_client: int = 0
    bytes_to_client: int = 0
    packets_to_peer: int = 0
    bytes_to_peer: int = 0
    no_room: int = 0
    """Packets that the kernel would not take."""
    over_rate: int = 0
    """Packets beyond the allocation's bandwidth."""


Take = Callable[[Sequence[Received], float], bool]
"""Takes messages, and the time. Whether asyncio may have something to do now: a timer, a stream."""

_WORDS: Final = struct.Struct("=3qI4x")
_IPV6_TCLASS: Final = 67
_NUMBER: Final = struct.Struct("@i")


def send(way: Way, pieces: Sequence[bytes | memoryview], tos: int = 0) -> bool:
    """Send one datagram. Whether the kernel took it; if not, it is lost."""
    ancillary = []
    if tos:
        kind = (
            (socket.IPPROTO_IPV6, _IPV6_TCLASS)
            if way.sock.family == socket.AF_INET6
            else (socket.IPPROTO_IP, socket.IP_TOS)
        )
        ancillary = [(*kind, _NUMBER.pack(tos))]
    with suppress(OSError):
        way.sock.sendmsg(pieces, ancillary, 0, way.address)
        return True
    return False


def source_of(words: Sequence[int]) -> Source:
    """A source from the four words of a sockaddr (little-endian)."""
    first, second, third, scope = words
    if first & 0xFFFF == socket.AF_INET:
        return first, 0, 0
    return first & 0xFFFF_FFFF | _signed((scope & 0xFFFF_FFFF) << 32), second, third


def address_of(source: Source) -> Address:
    """Host and port of a source."""
    raw = _WORDS.pack(*source, 0)
    port = int.from_bytes(raw[2:4], "big")
    if raw[0] == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, raw[4:8]), port
    return socket.inet_ntop(socket.AF_INET6, raw[8:24]), port


def source_at(address: Address) -> Source:
    """The source that an address is."""
    return source_of(struct.unpack("=4q", sockaddr(address).ljust(32, b"\0")))


def sockaddr(address: Address) -> bytes:
    """A sockaddr_in or sockaddr_in6."""
    host, port = address
    if ":" in host:
        name, _, scope = host.partition("%")
        packed = socket.inet_pton(socket.AF_INET6, name)
        index = socket.if_nametoindex(scope) if scope else 0
        return struct.pack("=H2s4x16sI", socket.AF_INET6, port.to_bytes(2, "big"), packed, index)
    return struct.pack("=H2s4s8x", socket.AF_INET, port.to_bytes(2, "big"), socket.inet_aton(host))


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number
