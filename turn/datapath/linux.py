"""What the data path and Linux say to each other: the calls, and their structures by their C names.

Layouts are those of 64-bit little-endian Linux (x86-64, AArch64; glibc and musl alike).
"""

import platform
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Final, cast

from numba import types

from turn.datapath.records import Int16, Int32, Int64, layout_of

USABLE: Final = sys.platform == "linux" and sys.byteorder == "little" and sys.maxsize > 2**32
"""Whether structures are laid out here as they are written in this module."""

MAX_SEGMENTS: Final = 64
"""The kernel's limit for the datagrams of one GSO message (UDP_MAX_SEGMENTS)."""
MAX_BATCH_BYTES: Final = 65_000
"""What the datagrams of a GSO message may have together: one IP packet's length, with some room for its headers."""

AF_INET: Final = 2
IPPROTO_IP, IPPROTO_IPV6, SOL_UDP = 0, 41, 17
IP_TOS, IPV6_RECVTCLASS, IPV6_TCLASS = 1, 66, 67
UDP_SEGMENT, UDP_GRO = 103, 104
MSG_DONTWAIT: Final = 0x40
CLOCK_MONOTONIC: Final = 1


class Timespec:
    """struct timespec of clock_gettime(2)."""

    tv_sec: Int64
    tv_nsec: Int64


class EpollEvent:
    """struct epoll_event of epoll_wait(2)."""

    _packed_ = platform.machine() in ("x86_64", "AMD64")
    events: Int32
    data: Int64
    """A union. Python puts a descriptor into the lower half, and leaves the upper as it happens to be."""


class SockaddrIn:
    """struct sockaddr_in of ip(7). Port and address have network byte order."""

    sin_family: Int16
    sin_port: Int16
    sin_addr: Int32
    sin_zero: Int64


class SockaddrIn6:
    """struct sockaddr_in6 of ipv6(7), and four bytes more to make whole words. A sockaddr_in has room there too."""

    sin6_family: Int16
    sin6_port: Int16
    sin6_flowinfo: Int32
    sin6_addr: Annotated[Sequence[Int64], 2]
    sin6_scope_id: Int32


class Iovec:
    """struct iovec of readv(2): a piece of memory."""

    iov_base: Int64
    iov_len: Int64


class Cmsghdr:
    """struct cmsghdr of cmsg(3), with data of four bytes or less."""

    cmsg_len: Int64
    cmsg_level: Int32
    cmsg_type: Int32
    cmsg_data: Int32


class Msghdr:
    """struct msghdr of sendmsg(2)."""

    msg_name: Int64
    msg_namelen: Int32
    msg_iov: Int64
    msg_iovlen: Int64
    msg_control: Int64
    msg_controllen: Int64
    msg_flags: Int32


class Mmsghdr:
    """struct mmsghdr of recvmmsg(2)."""

    msg_hdr: Msghdr
    msg_len: Int32


TIMESPEC: Final = layout_of(Timespec)
EPOLL_EVENT: Final = layout_of(EpollEvent)
SOCKADDR_IN: Final = layout_of(SockaddrIn)
SOCKADDR_IN6: Final = layout_of(SockaddrIn6)
IOVEC: Final = layout_of(Iovec)
CMSGHDR: Final = layout_of(Cmsghdr)
MSGHDR: Final = layout_of(Msghdr)
MMSGHDR: Final = layout_of(Mmsghdr)

_int, _pointer, _size = types.intc, types.intp, types.intp


def _function(name: str, returns: types.Type, *arguments: types.Type) -> Callable[..., int]:
    """Declare a function of the C library for compiled code, which calls it by name."""
    return cast(Callable[..., int], types.ExternalFunction(name, returns(*arguments)))


epoll_wait: Callable[[int, int, int, int], int] = _function("epoll_wait", _int, _int, _pointer, _int, _int)
recvmmsg: Callable[[int, int, int, int, int], int] = _function(
    "recvmmsg", _int, _int, _pointer, types.uintc, _int, _pointer
)
sendmsg: Callable[[int, int, int], int] = _function("sendmsg", _size, _int, _pointer, _int)
memmove: Callable[[int, int, int], int] = _function("memmove", _pointer, _pointer, _pointer, _size)
clock_gettime: Callable[[int, int], int] = _function("clock_gettime", _int, _int, _pointer)


def adopt(sock: socket.socket) -> None:
    """Make a bound socket non-blocking, and tell of each message its TOS and the datagrams that it consists of.

    Raises OSError where the kernel does not tell a datagram's TOS.
    """
    sock.setblocking(False)
    if sock.family == socket.AF_INET:
        sock.setsockopt(IPPROTO_IP, socket.IP_RECVTOS, 1)
    else:
        sock.setsockopt(IPPROTO_IPV6, IPV6_RECVTCLASS, 1)
    try:
        sock.setsockopt(SOL_UDP, UDP_GRO, 1)
    except OSError:  # datagrams come one by one then
        return
