"""Datagrams as sockets have them: where they came from, where they go, and sending one with its TOS.

What happens to many of them at once is left to compiled.py and portable.py.
"""

import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from turn.datapath.records import Int64
from turn.wire.attributes import Address

Source = tuple[int, int, int]
"""Where a datagram came from, as whole words: family, port, and the IPv4 address or the scope of a link-local IPv6
address; then the two halves of an IPv6 address. All as they lie in a sockaddr, in network byte order."""


class SourceFields:
    """A ``Source`` in memory."""

    first: Int64
    second: Int64
    third: Int64


class Received(NamedTuple):
    """A message that lies in a data path's ``memory`` until the call that it is handed over by returns."""

    offset: int
    length: int
    segment: int
    """It consists of datagrams of this length, the last of what remains; 0: it is one."""
    tos: int
    source: Source

    @property
    def datagrams(self) -> list[tuple[int, int]]:
        """Return the offset and the length of each datagram."""
        if not self.segment or self.length <= self.segment:
            return [(self.offset, self.length)]
        end = self.offset + self.length
        return [(at, min(self.segment, end - at)) for at in range(self.offset, end, self.segment)]


class Destination(NamedTuple):
    """Where datagrams go: the socket that they leave by, and the address that they reach."""

    sock: socket.socket
    address: Address


class Counts(NamedTuple):
    """What the flows of a relayed address have done."""

    packets_to_client: int = 0
    bytes_to_client: int = 0
    packets_to_peer: int = 0
    bytes_to_peer: int = 0
    no_room: int = 0
    """Packets that the kernel would not take."""
    over_rate: int = 0
    """Packets beyond the allocation's bandwidth."""


_SOURCE: Final = struct.Struct("=3q")
_IPV4_SOURCE: Final = struct.Struct("=q8x")
"""Of a whole sockaddr_in."""
_IPV6_TCLASS: Final = 67
_NUMBER: Final = struct.Struct("@i")


def send(destination: Destination, pieces: Sequence[bytes | memoryview], tos: int = 0) -> bool:
    """Send one datagram; return whether the kernel took it. If not, it is lost."""
    ancillary = []
    if tos:
        kind = (
            (socket.IPPROTO_IPV6, _IPV6_TCLASS)
            if destination.sock.family == socket.AF_INET6
            else (socket.IPPROTO_IP, socket.IP_TOS)
        )
        ancillary = [(*kind, _NUMBER.pack(tos))]
    with suppress(OSError):
        destination.sock.sendmsg(pieces, ancillary, 0, destination.address)
        return True
    return False


def address_of(source: Source) -> Address:
    """Return host and port of a source."""
    raw = _SOURCE.pack(*source)
    port = int.from_bytes(raw[2:4], "big")
    if raw[0] == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, raw[4:8]), port
    return socket.inet_ntop(socket.AF_INET6, raw[8:24]), port


def source_at(address: Address) -> Source:
    """Return the source that datagrams from an address have."""
    name = sockaddr(address)
    if len(name) == _IPV4_SOURCE.size:
        (first,) = _IPV4_SOURCE.unpack(name)
        return first, 0, 0
    family_and_port, ipv6, scope = name[:4], name[8:24], name[24:]
    first, second, third = _SOURCE.unpack(family_and_port + scope + ipv6)
    return first, second, third


def sockaddr(address: Address) -> bytes:
    """Return a sockaddr_in (ip(7)) or sockaddr_in6 (ipv6(7)). Raises OSError if there is no such host or scope."""
    host, port = address
    if ":" in host:
        name, _, scope = host.partition("%")
        packed = socket.inet_pton(socket.AF_INET6, name)
        index = socket.if_nametoindex(scope) if scope else 0
        return struct.pack("=H2s4x16sI", socket.AF_INET6, port.to_bytes(2, "big"), packed, index)
    return struct.pack("=H2s4s8x", socket.AF_INET, port.to_bytes(2, "big"), socket.inet_aton(host))
