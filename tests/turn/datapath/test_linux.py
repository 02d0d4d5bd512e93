"""Structures are the C library's, the kernel fills them in as they are declared, and sockets tell what they should."""

import select
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from turn.datapath import linux
from turn.datapath.datagram import sockaddr
from turn.datapath.jit import compiled
from turn.datapath.linux import CLOCK_MONOTONIC, MSG_DONTWAIT, USABLE, adopt, clock_gettime, epoll_wait, recvmmsg
from turn.datapath.memory import MEMORY, point_headers
from turn.datapath.pointers import address_of, record_at
from turn.datapath.records import allocate

pytestmark = pytest.mark.skipif(not USABLE, reason="the structures are Linux's; test_portable.py has the other way")

STRUCTURES = {
    "timespec": linux.TIMESPEC,
    "epoll_event": linux.EPOLL_EVENT,
    "sockaddr_in": linux.SOCKADDR_IN,
    "sockaddr_in6": linux.SOCKADDR_IN6,
    "iovec": linux.IOVEC,
    "cmsghdr": linux.CMSGHDR,
    "msghdr": linux.MSGHDR,
    "mmsghdr": linux.MMSGHDR,
}
OURS_ARE_LARGER = {"sockaddr_in6": 4, "cmsghdr": 8}
"""Bytes behind C's last field: to a whole word, and for the data of a control message."""

EXPEDITED = 0xB8
TOS_OF = {
    socket.AF_INET: (linux.IPPROTO_IP, linux.IP_TOS),
    socket.AF_INET6: (linux.IPPROTO_IPV6, linux.IPV6_TCLASS),
}

NUMBERS = (
    *("AF_INET", "IPPROTO_IP", "IPPROTO_IPV6", "SOL_UDP", "IP_TOS", "IPV6_RECVTCLASS", "IPV6_TCLASS"),
    *("UDP_SEGMENT", "UDP_GRO", "MSG_DONTWAIT", "CLOCK_MONOTONIC"),
)
HEADERS = ("stddef.h", "stdio.h", "time.h", "sys/epoll.h", "sys/socket.h", "sys/uio.h", "netinet/in.h", "netinet/udp.h")


def c_says(expressions: list[str], folder: Path) -> list[int]:
    """Return the values of C expressions."""
    lines = [
        "#define _GNU_SOURCE",
        *(f"#include <{header}>" for header in HEADERS),
        *("#ifndef SOL_UDP", "#define SOL_UDP IPPROTO_UDP", "#endif"),
        "int main(void) {",
        *(f'    printf("%ld\\n", (long)({expression}));' for expression in expressions),
        "    return 0;",
        "}",
    ]
    (folder / "says.c").write_text("\n".join(lines))
    subprocess.run(["cc", "-o", folder / "says", folder / "says.c"], check=True, timeout=60)
    said = subprocess.run([folder / "says"], check=True, capture_output=True, text=True, timeout=10)
    return [int(line) for line in said.stdout.split()]


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_every_field_lies_where_c_has_it(tmp_path: Path) -> None:
    ours: dict[str, int] = {}
    for name, layout in STRUCTURES.items():
        assert isinstance(layout, np.dtype)
        assert layout.fields is not None
        ours[f"sizeof(struct {name})"] = layout.itemsize - OURS_ARE_LARGER.get(name, 0)
        for field, (kind, offset, *_) in layout.fields.items():
            if field == "cmsg_data":  # no field in C
                assert (offset, layout.itemsize) == tuple(c_says(["CMSG_LEN(0)", "CMSG_SPACE(4)"], tmp_path))
                continue
            ours[f"offsetof(struct {name}, {field})"] = offset
            ours[f"sizeof(((struct {name} *)0)->{field})"] = kind.itemsize
    assert ours == dict(zip(ours, c_says(list(ours), tmp_path), strict=True))


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_every_number_is_that_of_c(tmp_path: Path) -> None:
    assert {name: getattr(linux, name) for name in NUMBERS} == dict(
        zip(NUMBERS, c_says(list(NUMBERS), tmp_path), strict=True)
    )


@compiled
def wait_and_receive(address: int, epoll: int, fd: int) -> tuple[int, int]:
    """Let the kernel fill in a memory's events, clock and received messages; return how many there are of each."""
    memory = record_at(address, MEMORY)
    clock_gettime(CLOCK_MONOTONIC, address_of(memory.clock))
    ready = epoll_wait(epoll, address_of(memory.events), 1, 5000)
    return ready, recvmmsg(fd, address_of(memory.received), 2, MSG_DONTWAIT, 0)


@pytest.fixture(params=["127.0.0.1", "::1"])
def sockets(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield a sender whose datagrams have a TOS, and a receiver."""
    host: str = request.param
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender, socket.socket(family, socket.SOCK_DGRAM) as receiver:
        for sock in (sender, receiver):
            sock.bind((host, 0))
        adopt(receiver)
        sender.setsockopt(*TOS_OF[family], EXPEDITED)
        yield sender, receiver


def test_the_kernel_fills_the_structures_in(sockets: tuple[socket.socket, socket.socket]) -> None:
    sender, receiver = sockets
    (memory,) = array = allocate(MEMORY, 1)
    point_headers(array.ctypes.data)
    segment = (linux.SOL_UDP, linux.UDP_SEGMENT, (6).to_bytes(2, "little"))
    sender.sendmsg([b"first,last"], [segment], 0, receiver.getsockname())
    with select.epoll() as epoll:
        epoll.register(receiver, select.EPOLLIN)
        assert wait_and_receive(array.ctypes.data, epoll.fileno(), receiver.fileno()) == (1, 1)
    event, received, incoming = memory["events"][0], memory["received"][0], memory["incoming"][0]
    assert memory["clock"]["tv_sec"] > 0
    assert event["events"] == select.EPOLLIN
    assert int(event["data"]) & 0xFFFF_FFFF == receiver.fileno()
    assert received["msg_len"] == 10
    assert memory["slots"][0]["payload"][:10].tobytes() == b"first,last"
    name = sockaddr(sender.getsockname()[:2])
    assert received["msg_hdr"]["msg_namelen"] == len(name)
    assert incoming["source"].tobytes()[: len(name)] == name
    told = incoming["control"][: received["msg_hdr"]["msg_controllen"] // linux.CMSGHDR.itemsize]
    values = {(each["cmsg_level"], each["cmsg_type"]): int(each["cmsg_data"]) & 0xFF for each in told}
    assert values == {TOS_OF[sender.family]: EXPEDITED, (linux.SOL_UDP, linux.UDP_GRO): 6}


def test_a_socket_is_made_to_tell() -> None:
    with (
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as four,
    ):
        for sock in (six, four):
            adopt(sock)
            assert not sock.getblocking()
        assert four.getsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS)
        assert six.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS)
