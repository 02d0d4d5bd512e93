"""The load generator of ``benchmarks.relay``: a process of its own that plays clients and peers at once.

It reads a ``Load`` as JSON on standard input and writes what it counted as JSON on standard output. Every session is a
client with an allocation and a channel, and a peer; 60 times a second, at a moment of its own, it sends a burst. The
targets are loaded in turn, window by window, so that whatever else the machine does falls on all of them alike.

A target without a server is the direct way: the delay of a relay is what it adds to that.

Bursts are handed to the kernel in one piece (UDP GSO), which is how they arrive where a network card puts neighbouring
packets together (GRO), or packet by packet. Receivers take packets one by one: on the loopback device what it costs to
take a burst apart is then billed to the server, as with a card that can't; or in one piece, as if the card did it.
"""

import ctypes
import json
import random
import select
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from benchmarks.gateway.client import (
    CHANNEL,
    DATAGRAM,
    Address,
    Client,
    Credentials,
    allocated,
    client_host,
    udp_socket,
)

BURSTS_PER_S = 60
WARM = 0.2
"""Seconds of each target that are not counted."""
QUIET, DRAIN = 0.02, 0.5
"""Seconds: a window is over when nothing has come for so long, or after so many."""
CLIENT_TO_PEER, PEER_TO_CLIENT, BOTH = "client_to_peer", "peer_to_client", "both"
DIRECTIONS = (PEER_TO_CLIENT, CLIENT_TO_PEER, BOTH)

_UDP_SEGMENT, _UDP_GRO = 103, 104
_SO_TIMESTAMPNS = 35
_PR_SET_TIMERSLACK = 29
_STAMP = struct.Struct("!HQ")
"""What a packet begins with: the window's number, and when it was sent in ns of CLOCK_REALTIME."""
_TIMESPEC = struct.Struct("@qq")
_SPACE = socket.CMSG_SPACE(_TIMESPEC.size) + socket.CMSG_SPACE(4)


@dataclass(frozen=True)
class Target:
    """A server and its processes, or, without an address, the direct way."""

    name: str
    address: tuple[str, int] | None = None
    username: str = ""
    password: str = ""
    pids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Load:
    """What is asked of the generator."""

    targets: tuple[Target, ...]
    direction: str
    burst: int
    size: int
    """Bytes of a packet, without the channel's header."""
    sessions: int
    rounds: int
    seconds: float
    """Of one window."""
    sender_gso: bool = True
    """Whether a burst is handed to the kernel in one piece."""
    receiver_gro: bool = False
    """Whether receivers take a burst in one piece, if it comes in one."""


@dataclass
class Count:
    """What became of a target's packets in one window."""

    sent: int = 0
    received: int = 0
    cpu: float = 0.0
    """Seconds, user and system, of all of the server's processes."""
    busiest: float = 0.0
    """Of these, what one process alone has used."""
    late: float = 0.0
    """Seconds that the latest burst left after its time: what other work on the machine did to the generator."""
    delays: list[int] = field(default_factory=list)
    """Nanoseconds."""


class Flow:
    """One direction of one session."""

    def __init__(self, sender: socket.socket, prefix: bytes, offset: int, load: Load, phase: float) -> None:
        self.phase = phase
        self.offset = offset
        """Bytes before the payload where it arrives."""
        self._sender, self._burst = sender, load.burst
        self._segment = len(prefix) + load.size
        self._stamps = [len(prefix) + place * self._segment for place in range(load.burst)]
        self._packets = bytearray((prefix + bytes(load.size)) * load.burst)
        view = memoryview(self._packets)
        self._pieces = [view[at : at + self._segment] for at in range(0, len(view), self._segment)]
        self._ancillary = [(socket.IPPROTO_UDP, _UDP_SEGMENT, struct.pack("@H", self._segment))]
        self.send = self._send_coalesced if load.sender_gso and load.burst > 1 else self._send_each

    def _send_coalesced(self, window: int) -> None:
        now = time.time_ns()
        for stamp in self._stamps:
            _STAMP.pack_into(self._packets, stamp, window, now)
        self._sender.sendmsg([self._packets], self._ancillary)

    def _send_each(self, window: int) -> None:
        for stamp, piece in zip(self._stamps, self._pieces, strict=True):
            _STAMP.pack_into(self._packets, stamp, window, time.time_ns())
            self._sender.send(piece)


class Traffic:
    """The sessions at one target."""

    def __init__(self, target: Target, load: Load) -> None:
        self.target = target
        self._load = load
        self._poll = select.epoll()
        self._receivers: dict[int, tuple[socket.socket, int]] = {}
        self._flows: list[Flow] = []
        self._clients: list[Client] = []
        self._sockets: list[socket.socket] = []
        self._buffer = bytearray(DATAGRAM)
        phases = random.Random(load.sessions)  # the same for every target
        for _ in range(load.sessions):
            self._open(phases.random() / BURSTS_PER_S)
        self._flows.sort(key=lambda flow: flow.phase)

    def _open(self, phase: float) -> None:
        peer = udp_socket()
        if self.target.address is None:
            client, header = udp_socket(), b""
            client.connect(peer.getsockname())
            peer.connect(client.getsockname())
        else:
            client, header = self._allocate(self.target.address, peer), struct.pack("!HH", CHANNEL, self._load.size)
        if self._load.direction != CLIENT_TO_PEER:
            self._flow(peer, client, b"", len(header), phase)
        if self._load.direction != PEER_TO_CLIENT:
            self._flow(client, peer, header, 0, phase)
        peer.setblocking(False)
        client.setblocking(False)
        self._sockets += (peer, client)

    def _allocate(self, server: Address, peer: socket.socket) -> socket.socket:
        host = client_host(len(self._clients))
        client = allocated(server, Credentials(self.target.username, self.target.password), host)
        client.bind(peer.getsockname())
        peer.connect(client.relayed)
        self._clients.append(client)
        return client.socket

    def _flow(self, sender: socket.socket, receiver: socket.socket, prefix: bytes, offset: int, phase: float) -> None:
        self._flows.append(Flow(sender, prefix, offset, self._load, phase))
        receiver.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        receiver.setsockopt(socket.IPPROTO_UDP, _UDP_GRO, int(self._load.receiver_gro))
        self._receivers[receiver.fileno()] = (receiver, offset)
        self._poll.register(receiver, select.EPOLLIN)

    def window(self, number: int, seconds: float) -> Count:
        """Load the target for so long, and count what came of it."""
        count = Count()
        used = [cpu_seconds((pid,)) for pid in self.target.pids]
        start = time.perf_counter()
        for due, flow in self._schedule(start, seconds):
            while (wait := due - time.perf_counter()) > 0:
                self._receive(number, wait, count)
            flow.send(number)
            count.sent += self._load.burst
            count.late = max(count.late, -wait)
        self._drain(number, count)
        each = [cpu_seconds((pid,)) - before for pid, before in zip(self.target.pids, used, strict=True)]
        count.cpu, count.busiest = sum(each), max(each, default=0.0)
        return count

    def _schedule(self, start: float, seconds: float) -> Iterator[tuple[float, Flow]]:
        for tick in range(round(seconds * BURSTS_PER_S)):
            for flow in self._flows:
                yield start + tick / BURSTS_PER_S + flow.phase, flow

    def _drain(self, number: int, count: Count) -> None:
        until = time.perf_counter() + DRAIN
        while time.perf_counter() < until and self._receive(number, QUIET, count):
            pass

    def _receive(self, number: int, wait: float, count: Count) -> int:
        """Wait at most so many seconds (select is finer than epoll's milliseconds); packets that came."""
        if not select.select([self._poll], (), (), wait)[0]:
            return 0
        ready = self._poll.poll(0)
        for fileno, _ in ready:
            receiver, offset = self._receivers[fileno]
            with suppress(BlockingIOError):
                for _ in range(self._load.burst):
                    self._take(receiver, offset, number, count)
        return len(ready)

    def _take(self, receiver: socket.socket, offset: int, number: int, count: Count) -> None:
        length, ancillary, _, _ = receiver.recvmsg_into([self._buffer], _SPACE)
        seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2])
        arrived, segment = seconds * 1_000_000_000 + nanoseconds, offset + self._load.size
        for at in range(0, length, segment):  # more than one if they come in one piece
            window, sent = _STAMP.unpack_from(self._buffer, at + offset)
            if window == number and at + segment <= length:  # or else it is left over, or not what was sent
                count.received += 1
                count.delays.append(arrived - sent)

    def close(self) -> None:
        """Give all allocations back."""
        for client in self._clients:
            client.socket.settimeout(0.5)
            client.release()
        for made in self._sockets:
            made.close()
        self._poll.close()


def cpu_seconds(pids: tuple[int, ...]) -> float:
    """User and system time of processes: what their ``stat`` says, in nanoseconds instead of hundredths of a second."""
    return sum(time.clock_gettime(~pid << 3 | 2) for pid in pids)  # clock_getcpuclockid(3) makes the number so


def run(load: Load) -> dict[str, list[Count]]:
    """Load all targets in turn, again and again: by target, its windows."""
    traffics = [Traffic(target, load) for target in load.targets]
    for traffic in traffics:
        traffic.window(0, WARM)
    rounds = [[traffic.window(number, load.seconds) for traffic in traffics] for number in range(1, load.rounds + 1)]
    for traffic in traffics:
        traffic.close()
    return {target.name: list(counts) for target, counts in zip(load.targets, zip(*rounds, strict=True), strict=True)}


def summary(count: Count) -> dict[str, float]:
    """Sum a count up, with percentiles of the delays (without numpy, which takes too long to import)."""
    delays = sorted(count.delays)
    found = {f"p{percent}_ms": delays[len(delays) * percent // 100] / 1e6 if delays else 0.0 for percent in (50, 99)}
    return {
        "sent": count.sent,
        "received": count.received,
        "cpu": count.cpu,
        "busiest": count.busiest,
        "late": count.late,
    } | found


def read(text: str) -> Load:
    """Read a load from its JSON."""
    fields = json.loads(text)
    return Load(**fields | {"targets": tuple(read_target(target) for target in fields["targets"])})


def read_target(fields: dict[str, Any]) -> Target:
    """Read a target from its JSON."""
    address = fields["address"]
    return Target(**fields | {"address": address and tuple(address), "pids": tuple(fields["pids"])})


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1)  # waits as short as they are asked for, not 50 us longer
    windows = run(read(sys.stdin.read()))
    json.dump({name: [summary(count) for count in counts] for name, counts in windows.items()}, sys.stdout)
