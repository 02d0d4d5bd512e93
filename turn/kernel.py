"""What the data path and Linux say to each other: the calls, and the memory in which their structures lie.

Laid out once and used for every datagram. Structures are arrays of 64-bit words, as they are on 64-bit little-endian
Linux (x86-64, AArch64; glibc and musl alike); lengths of 32 bits are the low half of their word.
"""

import platform
import socket
import sys
from typing import Any, Final, NamedTuple

import numpy as np
from numba import types

from turn.channel import HEADER as CHANNEL_HEADER

USABLE: Final = sys.platform == "linux" and sys.byteorder == "little" and sys.maxsize > 2**32
"""Whether structures are laid out here as they are written in this module."""

RECEIVED_AT_ONCE: Final = 16
"""Messages of one socket before the others have their turn. Each has 64 KiB, of which little is touched."""
EVENTS_AT_ONCE: Final = 64
"""Sockets that are read before asyncio is asked whether it has anything else to do."""
MAX_SEGMENTS: Final = 64
"""The kernel's limit for one GSO message (UDP_MAX_SEGMENTS)."""
MAX_RUN_BYTES: Final = 65_000
"""What the datagrams of a GSO message may have together: one IP packet's length, with some room for its headers."""
KEPT_AT_ONCE: Final = RECEIVED_AT_ONCE * MAX_SEGMENTS

HEADROOM: Final = MAX_SEGMENTS * CHANNEL_HEADER
"""Bytes in front of each received message, for the headers of all its datagrams."""
SLOT: Final = 65_536 + 1024
"""Bytes of a received message. No power of two: slots would share the same few lines of the cache."""

NAME_BYTES, CONTROL_BYTES = 32, 64
EVENT_WORDS, EVENT_DATA = (3, 1) if platform.machine() in ("x86_64", "AMD64") else (4, 2)
"""struct epoll_event in words of 32 bits: packed on x86 alone."""
HEAD_NAME, HEAD_NAME_LENGTH, HEAD_PIECES, HEAD_COUNT, HEAD_CONTROL, HEAD_CONTROL_LENGTH = range(6)
HEAD_LENGTH, HEAD_WORDS = 7, 8
"""struct mmsghdr: a msghdr, and how long the message is."""
CONTROL_WORDS: Final = 3
"""A cmsghdr with four bytes or less: its length, its kind, its value."""
LOW: Final = 0xFFFF_FFFF

_SOL_UDP, _UDP_SEGMENT, _UDP_GRO = 17, 103, 104
_IPV6_RECVTCLASS, _IPV6_TCLASS = 66, 67
GRO_KIND: Final = _UDP_GRO << 32 | _SOL_UDP
SEGMENT_KIND: Final = _UDP_SEGMENT << 32 | _SOL_UDP
TOS_KIND: Final = 1 << 32  # IPPROTO_IP, IP_TOS
TCLASS_KIND: Final = _IPV6_TCLASS << 32 | 41
TOS_LENGTH, SEGMENT_LENGTH = 20, 18

MSG_DONTWAIT: Final = 0x40
CLOCK_MONOTONIC: Final = 1

_int, _pointer = types.intc, types.intp
epoll_wait: Any = types.ExternalFunction("epoll_wait", _int(_int, _pointer, _int, _int))
recvmmsg: Any = types.ExternalFunction("recvmmsg", _int(_int, _pointer, types.uintc, _int, _pointer))
sendmsg: Any = types.ExternalFunction("sendmsg", types.intp(_int, _pointer, _int))
memmove: Any = types.ExternalFunction("memmove", _pointer(_pointer, _pointer, types.intp))
clock_gettime: Any = types.ExternalFunction("clock_gettime", _int(_int, _pointer))


class Space(NamedTuple):
    """The memory that the data path works in: arrays of words, but for ``memory`` and ``events``."""

    memory: Any
    """Received messages: bytes, a slot each."""
    heads: Any
    names: Any
    controls: Any
    pieces_in: Any
    """By slot: its mmsghdr, and what that points at."""
    events: Any
    clock: Any
    message: Any
    """What is sent: a msghdr."""
    control: Any
    pieces: Any
    piece: Any
    """A single one, of a run that can't leave as one."""
    run: Any
    """See runs.py."""
    kept: Any
    """Messages for Python: see KEPT_OFFSET in forward.py."""
    left: Any
    """How many, and of which socket."""


def space() -> Space:
    """Memory with every head pointing at its slot."""

    def words(*shape: int) -> Any:
        return np.zeros(shape, np.int64)

    made = Space(
        memory=np.zeros(RECEIVED_AT_ONCE * SLOT, np.uint8),
        heads=words(RECEIVED_AT_ONCE, HEAD_WORDS),
        names=words(RECEIVED_AT_ONCE, NAME_BYTES // 8),
        controls=words(RECEIVED_AT_ONCE, CONTROL_BYTES // 8),
        pieces_in=words(RECEIVED_AT_ONCE, 2),
        events=np.zeros(EVENTS_AT_ONCE * EVENT_WORDS, np.int32),
        clock=words(2),
        message=words(HEAD_WORDS),
        control=words(2 * CONTROL_WORDS),
        pieces=words(MAX_SEGMENTS, 2),
        piece=words(2),
        run=words(8),
        kept=words(KEPT_AT_ONCE, 5),
        left=words(2),
    )
    for slot, head in enumerate(made.heads):
        made.pieces_in[slot] = made.memory.ctypes.data + slot * SLOT + HEADROOM, SLOT - HEADROOM
        head[HEAD_NAME] = made.names[slot].ctypes.data
        head[HEAD_PIECES], head[HEAD_COUNT] = made.pieces_in[slot].ctypes.data, 1
        head[HEAD_CONTROL] = made.controls[slot].ctypes.data
        head[HEAD_NAME_LENGTH], head[HEAD_CONTROL_LENGTH] = NAME_BYTES, CONTROL_BYTES
    return made


def adopt(sock: socket.socket) -> None:
    """Make a bound socket tell runs and TOS. Raises OSError where the kernel doesn't tell a datagram's TOS."""
    sock.setblocking(False)
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVTCLASS, 1)
    try:
        sock.setsockopt(_SOL_UDP, _UDP_GRO, 1)
    except OSError:  # datagrams come one by one then
        return
