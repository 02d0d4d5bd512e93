"""What the data path and Linux say to each other: the calls, and how their structures are laid out.

Structures are arrays of 64-bit words, as they are on 64-bit little-endian Linux (x86-64, AArch64; glibc and musl
alike); lengths of 32 bits are the low half of their word.
"""

import platform
import socket
import sys
from typing import Any, Final

from numba import types

USABLE: Final = sys.platform == "linux" and sys.byteorder == "little" and sys.maxsize > 2**32
"""Whether structures are laid out here as they are written in this module."""

MAX_SEGMENTS: Final = 64
"""The kernel's limit for one GSO message (UDP_MAX_SEGMENTS)."""
MAX_RUN_BYTES: Final = 65_000
"""What the datagrams of a GSO message may have together: one IP packet's length, with some room for its headers."""

WORD: Final = 8
"""Bytes."""
NAME_BYTES, CONTROL_BYTES = 32, 64
EVENT_WORDS, EVENT_DATA = (3, 1) if platform.machine() in ("x86_64", "AMD64") else (4, 2)
"""struct epoll_event in words of 32 bits: packed on x86 alone."""
HEAD_NAME, HEAD_NAME_LENGTH, HEAD_PIECES, HEAD_COUNT, HEAD_CONTROL, HEAD_CONTROL_LENGTH = range(6)
HEAD_LENGTH, HEAD_WORDS = 7, 8
"""struct mmsghdr: a msghdr, and how long the message is."""
PIECE_WORDS: Final = 2
"""struct iovec: where, and how long."""
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
