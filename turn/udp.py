"""UDP a burst at a time: what lies in a socket comes in with one call, and a run of equal datagrams leaves with one.

Linux carries such a run through the kernel as one packet (GRO on receipt, GSO on sending), and ``recvmmsg`` takes many
messages per call. Python's socket module knows no ``recvmmsg``, and what it makes of a single datagram (a bytes object,
an address, a list of ancillary data) costs more than the kernel's own work. So both calls are made in libc, through
cffi, on memory that is laid out once; and structures are read and written whole, by ``struct``, because every object
that is touched costs a cache miss after each wake-up: half of all processor time at the load of game sessions.

It knows datagrams and nothing of TURN. ``turn/plain.py`` has the same class for machines that this one can't serve.
"""

import errno
import socket
import struct
import sys
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import cffi  # type: ignore[import-untyped]

from turn.attributes import Address

RECEIVED_AT_ONCE: Final = 16
"""Messages of one socket before the others have their turn. Each has 64 KiB, of which little is touched."""

MAX_SEGMENTS: Final = 64
"""The kernel's limit for one GSO message (UDP_MAX_SEGMENTS)."""

MAX_RUN_BYTES: Final = 65_000
"""What the datagrams of a GSO message may have together: one IP packet's length, with some room for its headers."""

HEADER: Final = 4
HEADROOM: Final = 2 * HEADER
"""Bytes in front of each received message, for the headers that its forwarder puts there."""

MAX_TEMPLATES: Final = 512
"""Layouts that are remembered, of 2 KiB each: one for every packet size that is common."""

_SLOT: Final = 65_536 + 1024  # not a power of two: slots would share the same few lines of the cache
_NAME: Final = 32  # sockaddr_in6 has 28
_CONTROL: Final = 64
_ABOUT: Final = _NAME + _CONTROL

_SOL_UDP, _UDP_SEGMENT, _UDP_GRO = 17, 103, 104
_IPV6_RECVTCLASS, _IPV6_TCLASS = 66, 67
_MSG_DONTWAIT: Final = 0x40

# struct mmsghdr on 64-bit Linux, glibc and musl alike: name, its length, iov, its length, control, its length, flags,
# and how long the message is; lengths of 32 bits are the low half of their word.
_HEAD: Final = struct.Struct("=8Q")
_PIECE: Final = struct.Struct("=QQ")
_LAST: Final = struct.Struct("=QQQQ")
_HEADERS: Final = struct.Struct("!II")
_SOURCE_AND_CONTROL: Final = struct.Struct(f"=Q {_NAME - 8}x 8xQI4x 16xI".replace(" ", ""))
_CMSG: Final = 24

# Ancillary data of what is sent, in the order that lets any wanted combination be a contiguous part.
_SENT_CONTROL: Final = struct.Struct("=QII i4x QII H6x QII i4x".replace(" ", ""))
_TOS4, _SEGMENT, _TOS6 = 0, _CMSG, 2 * _CMSG

USABLE: Final = sys.platform == "linux" and sys.byteorder == "little" and sys.maxsize > 2**32
"""Whether structures are laid out here as they are written in this module."""

_GRO_KIND: Final = _UDP_GRO << 32 | _SOL_UDP
_INET: Final = int(socket.AF_INET)

_ffi: Any = cffi.FFI()
_ffi.cdef("int recvmmsg(int, void *, unsigned, int, void *); ssize_t sendmsg(int, void *, int);")
_libc: Any = _ffi.dlopen(None) if USABLE else None

NOT_AS_A_RUN: Final = (errno.EINVAL, errno.EIO, errno.EMSGSIZE, errno.EOPNOTSUPP)
"""What the kernel says to GSO where the path's MTU or the network card has no place for it."""

Source: TypeAlias = int | bytes | tuple[str, int]
"""Where a message came from, as the kernel wrote it: good as a key. ``address_of`` makes it readable."""

Received: TypeAlias = tuple[int, Source, int, int, int]
"""Where a message lies in ``memory``, its source, its length, that of its segments (0: it is one datagram), its TOS."""

Place: TypeAlias = tuple[int, int]
"""Where a datagram lies in ``memory``, and its length."""


class Target:
    """Where datagrams go: an address, and the socket that they leave by."""

    __slots__ = ("_kept", "address", "fd", "head", "ipv4", "name", "name_length", "run_head", "run_words", "skip")

    def __init__(self, sock: socket.socket, address: Address, skip: int, iov: int, run: Place, control: int) -> None:
        """skip: where ``send_first`` finds the datagram, counted from the first message's begin. iov: its iovec.
        run: the iovecs of a run, and where its ancillary data is, of ``control`` bytes.
        """
        name = _sockaddr(address)
        self.fd = sock.fileno()
        self.address = address
        self.ipv4 = ":" not in address[0]
        self.skip = skip
        self.head = self._kept = _ffi.new("char[]", 2 * _HEAD.size + len(name))
        memory = memoryview(_ffi.buffer(self._kept)).cast("B")
        self.name, self.name_length = int(_ffi.cast("uintptr_t", self._kept)) + 2 * _HEAD.size, len(name)
        _HEAD.pack_into(memory, 0, self.name, len(name), iov, 1, 0, 0, 0, 0)
        _HEAD.pack_into(memory, _HEAD.size, self.name, len(name), run[0], 1, run[1], control, 0, 0)
        memory[2 * _HEAD.size :] = name
        self.run_head = self._kept + _HEAD.size
        self.run_words = memory[_HEAD.size : 2 * _HEAD.size].cast("Q")


class Post:
    """Receives into its memory, and sends from there. What was received is good until the next ``receive``."""

    def __init__(self) -> None:
        self.runs = _knows_gso()
        """Whether a run leaves with one call."""
        self._keep: list[Any] = []  # cffi frees what nothing refers to, and structures hold bare addresses
        self.memory, at = self._allocate(RECEIVED_AT_ONCE * _SLOT)
        self._heads, heads_at = self._allocate(RECEIVED_AT_ONCE * _HEAD.size)
        self._about, about_at = self._allocate(RECEIVED_AT_ONCE * _ABOUT)
        pieces, pieces_at = self._allocate(RECEIVED_AT_ONCE * _PIECE.size)
        for slot in range(RECEIVED_AT_ONCE):
            _PIECE.pack_into(pieces, slot * _PIECE.size, at + slot * _SLOT + HEADROOM, _SLOT - HEADROOM)
            name = about_at + slot * _ABOUT
            iov = pieces_at + slot * _PIECE.size
            _HEAD.pack_into(self._heads, slot * _HEAD.size, name, _NAME, iov, 1, name + _NAME, _CONTROL, 0, 0)
        self._fresh = bytes(self._heads)
        self._words = self._heads.cast("Q")
        self._lengths = self._heads.cast("I")
        self._receive_heads = _ffi.cast("void *", heads_at)
        self._recvmmsg = _libc.recvmmsg
        self._sendmsg = _libc.sendmsg
        self._nothing = _ffi.NULL
        self._at = at
        self._prepare_sending()

    def _prepare_sending(self) -> None:
        self._message, message_at = self._allocate(_HEAD.size)
        self._control, self._control_at = self._allocate(_SENT_CONTROL.size)
        self._pieces, self._pieces_at = self._allocate(2 * MAX_SEGMENTS * _PIECE.size)
        self._message_head = _ffi.cast("void *", message_at)
        self._pieces_head = _ffi.cast("char *", self._pieces_at)
        ip, ipv6 = socket.IPPROTO_IP, socket.IPPROTO_IPV6
        parts = (20, ip, socket.IP_TOS, 0), (18, _SOL_UDP, _UDP_SEGMENT, 0), (20, ipv6, _IPV6_TCLASS, 0)
        _SENT_CONTROL.pack_into(self._control, 0, *(number for part in parts for number in part))
        self._segment_size = self._control.cast("H")
        self._tos = self._control.cast("I")
        self._templates: dict[Place, bytes] = {}
        self._first, first_at = self._allocate(2 * _PIECE.size)
        self._first_length = self._first.cast("Q")
        self._first_iov = {skip: first_at + place * _PIECE.size for place, skip in enumerate((-HEADER, HEADER))}
        for place, skip in enumerate((-HEADER, HEADER)):
            _PIECE.pack_into(self._first, place * _PIECE.size, self._at + HEADROOM + skip, 0)

    def _allocate(self, size: int) -> tuple[memoryview, int]:
        block = _ffi.new("char[]", size)
        self._keep.append(block)
        return memoryview(_ffi.buffer(block)).cast("B"), int(_ffi.cast("uintptr_t", block))

    def adopt(self, sock: socket.socket) -> None:
        """Make a bound socket ready for ``receive``. Raises OSError where the kernel doesn't tell a datagram's TOS."""
        sock.setblocking(False)
        if sock.family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVTCLASS, 1)
        if self.runs:
            try:
                sock.setsockopt(_SOL_UDP, _UDP_GRO, 1)
            except OSError:  # datagrams come one by one then
                return

    def disown(self, sock: socket.socket) -> None:
        """The socket is about to be closed."""

    def target(self, sock: socket.socket, address: Address, *, headed: bool) -> Target:
        """Where to send to. ``headed``: what is sent there gets a header, or else it loses one."""
        skip = -HEADER if headed else HEADER
        run = self._pieces_at, self._control_at + _SEGMENT
        return Target(sock, address, skip, self._first_iov[skip], run, _CMSG)

    def receive(self, fd: int) -> Sequence[Received]:
        """What lies in a socket, a limited number of messages at a time; nothing if nothing does."""
        count = self._recvmmsg(fd, self._receive_heads, RECEIVED_AT_ONCE, _MSG_DONTWAIT, self._nothing)
        if count == 1:
            source, kind, value, second = _SOURCE_AND_CONTROL.unpack_from(self._about)
            length = self._lengths[14]
            words = self._words
            words[1] = _NAME
            words[5] = _CONTROL
            if source & 0xFFFF != _INET:
                source = self._about[:28].tobytes()
            if kind == _GRO_KIND:
                return ((HEADROOM, source, length, value & 0xFFFF, second & 0xFF),)
            return ((HEADROOM, source, length, 0, value & 0xFF),)
        return self._receive_more(count)

    def _receive_more(self, count: int) -> Sequence[Received]:
        received: list[Received] = []
        for slot in range(count):
            source, kind, value, second = _SOURCE_AND_CONTROL.unpack_from(self._about, slot * _ABOUT)
            if source & 0xFFFF != _INET:
                source = self._about[slot * _ABOUT : slot * _ABOUT + 28].tobytes()
            segment, tos = (value & 0xFFFF, second & 0xFF) if kind == _GRO_KIND else (0, value & 0xFF)
            received.append((slot * _SLOT + HEADROOM, source, self._lengths[slot * 16 + 14], segment, tos))
        self._heads[:] = self._fresh
        return received

    def send_first(self, target: Target, length: int) -> int:
        """Send a datagram that lies at the place for its target in the first message, and has no TOS. How many went."""
        self._first_length[1 if target.skip < 0 else 3] = length
        sent: int = self._sendmsg(target.fd, target.head, _MSG_DONTWAIT)
        return sent >= 0

    def send(self, target: Target, offset: int, length: int, tos: int) -> int:
        """Send one datagram. How many went: 0 if the kernel would not have it."""
        _PIECE.pack_into(self._pieces, 0, self._at + offset, length)
        if tos:
            return self._send_marked(target, 1, 0, tos) >= 0
        _HEAD.pack_into(self._message, 0, target.name, target.name_length, self._pieces_at, 1, 0, 0, 0, 0)
        sent: int = self._sendmsg(target.fd, self._message_head, _MSG_DONTWAIT)
        return sent >= 0

    def send_headed(self, target: Target, offset: int, length: int, segment: int, headers: Place, tos: int) -> int:
        """Send a message as datagrams of ``segment`` bytes, the last with what remains, each behind a header.

        ``headers`` are two numbers of four bytes: that of all datagrams but the last, and that of the last. They are
        written in front of the message. How many datagrams went.
        """
        count = -(-length // segment)
        _HEADERS.pack_into(self.memory, offset - HEADROOM, headers[1], headers[0])
        if not self.runs or count > MAX_SEGMENTS or length + HEADER * count > MAX_RUN_BYTES:
            return self._send_headed_singly(target, offset, length, segment, headers, tos)
        template = self._templates.get((offset, segment)) or self._lay_out(offset, segment)
        last = (2 * count - 3) * _PIECE.size
        _ffi.memmove(self._pieces_head, template, last)
        at = self._at + offset
        before = (count - 1) * segment
        _LAST.pack_into(self._pieces, last, at - HEADROOM, HEADER, at + before, length - before)
        if tos:
            sent = self._send_marked(target, 2 * count - 1, segment + HEADER, tos)
        else:
            self._segment_size[(_SEGMENT + 16) // 2] = segment + HEADER
            target.run_words[3] = 2 * count - 1
            sent = self._sendmsg(target.fd, target.run_head, _MSG_DONTWAIT)
        if sent >= 0:
            return count
        return self._again(target, offset, length, segment, headers, tos)

    def _lay_out(self, offset: int, segment: int) -> bytes:
        """The pieces of the longest run: header and payload of the first lie together, the others' are apart."""
        if len(self._templates) >= MAX_TEMPLATES:
            self._templates.clear()
        at = self._at + offset
        pieces = [at - HEADER, HEADER + segment]
        for start in range(at + segment, at + MAX_SEGMENTS * segment, segment):
            pieces += (at - HEADER, HEADER, start, segment)
        template = self._templates[offset, segment] = struct.pack(f"={len(pieces)}Q", *pieces)
        return template

    def _again(self, target: Target, offset: int, length: int, segment: int, headers: Place, tos: int) -> int:
        """After an error: one by one, if it is the kind of error that this helps against."""
        if _ffi.errno not in NOT_AS_A_RUN:
            return 0
        self.runs = self.runs and _ffi.errno != errno.EIO
        return self._send_headed_singly(target, offset, length, segment, headers, tos)

    def _send_headed_singly(
        self, target: Target, offset: int, length: int, segment: int, headers: Place, tos: int
    ) -> int:
        sent = 0
        for start in range(offset, offset + length, segment):
            size = min(segment, offset + length - start)
            # The header takes the place of the end of the datagram before, which is gone.
            _HEADERS.pack_into(self.memory, start - HEADROOM, 0, headers[start + segment >= offset + length])
            sent += self.send(target, start - HEADER, size + HEADER, tos)
        return sent

    def send_run(self, target: Target, places: Sequence[Place], tos: int) -> int:
        """Send datagrams that have the same length, but for the last, which may be shorter. How many went."""
        if len(places) == 1:
            return self.send(target, *places[0], tos)
        if len(places) > MAX_SEGMENTS:
            parts = (places[at : at + MAX_SEGMENTS] for at in range(0, len(places), MAX_SEGMENTS))
            return sum(self.send_run(target, part, tos) for part in parts)
        if self.runs:
            words: list[int] = []
            for offset, length in places:
                words += (self._at + offset, length)
            struct.pack_into(f"={len(words)}Q", self._pieces, 0, *words)
            if self._send_marked(target, len(places), places[0][1], tos) >= 0:
                return len(places)
            if _ffi.errno not in NOT_AS_A_RUN:
                return 0
        return sum(self.send(target, *place, tos) for place in places)

    def _send_marked(self, target: Target, pieces: int, segment: int, tos: int) -> int:
        """Send the message that the pieces are, with what the kernel has to know about it."""
        start = _SEGMENT
        end = _SEGMENT
        if segment:
            self._segment_size[(_SEGMENT + 16) // 2] = segment
            end = _SEGMENT + _CMSG
        if tos:
            place = _TOS4 if target.ipv4 else _TOS6
            self._tos[(place + 16) // 4] = tos
            start, end = (_TOS4, end) if target.ipv4 else (start if segment else _TOS6, _TOS6 + _CMSG)
        _HEAD.pack_into(
            *(self._message, 0, target.name, target.name_length, self._pieces_at, pieces),
            *(self._control_at + start, end - start, 0, 0),
        )
        sent: int = _libc.sendmsg(target.fd, self._message_head, _MSG_DONTWAIT)
        return sent


def address_of(source: Source) -> Address:
    """Host and port of a message's source."""
    if isinstance(source, tuple):
        return source
    raw = source.to_bytes(8, "little") if isinstance(source, int) else source
    port = int.from_bytes(raw[2:4], "big")
    if isinstance(source, int):
        return socket.inet_ntop(socket.AF_INET, raw[4:8]), port
    return socket.inet_ntop(socket.AF_INET6, raw[8:24]), port


def _sockaddr(address: Address) -> bytes:
    host, port = address
    if ":" in host:
        name, _, scope = host.partition("%")
        packed = socket.inet_pton(socket.AF_INET6, name)
        return struct.pack("=H2s4x16sI", socket.AF_INET6, port.to_bytes(2, "big"), packed, _scope(scope))
    return struct.pack("=H2s4s8x", socket.AF_INET, port.to_bytes(2, "big"), socket.inet_aton(host))


def _scope(name: str) -> int:
    return socket.if_nametoindex(name) if name else 0


def _knows_gso() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.setsockopt(_SOL_UDP, _UDP_SEGMENT, 0)
        except OSError:
            return False
    return True
