"""How fast a server gives allocations, and what it holds for each: a process of its own of ``benchmarks.relay``.

It reads an ``Asked`` as JSON on standard input and writes a ``Given`` as JSON on standard output. Every allocation comes
from a socket of its own, as from a client of its own: it is challenged first, so it takes two round trips. As many
clients as a server would have to answer at a time ask at once; afterwards each binds a channel, and what the server's
memory has grown by is shared among them. At the end all are given back.
"""

import json
import os
import resource
import select
import socket
import struct
import sys
import time
from dataclasses import asdict, dataclass

from benchmarks import processes
from benchmarks.relay_client import (
    ALLOCATE,
    CHANNEL,
    CHANNEL_BIND,
    CHANNEL_NUMBER,
    DATAGRAM,
    ERROR,
    LIFETIME,
    NONCE,
    REALM,
    REFRESH,
    REQUESTED_TRANSPORT,
    SUCCESS,
    UDP,
    XOR_PEER_ADDRESS,
    Attributes,
    Credentials,
    RelayError,
    error_code,
    pack_address,
    parse,
    request,
    udp_socket,
)
from benchmarks.relay_load import Target, cpu_seconds

AT_A_TIME = 32
"""Clients that wait for an answer: the server is never idle, and no socket buffer overflows."""
RETRY_AFTER = 0.5
"""Seconds without any answer until those that wait ask again."""
GIVE_UP_AFTER = 20
"""Retries in a row."""


@dataclass(frozen=True)
class Asked:
    """What is asked of this process."""

    target: Target
    count: int


@dataclass(frozen=True)
class Given:
    """What it found."""

    allocations: int
    seconds: float
    """From the first request to the last allocation."""
    cpu: float
    """Seconds of the server's processes for it."""
    grown: int
    """Bytes of the server's memory (PSS) after all had bound a channel."""


class Crowd:
    """Clients, each with a socket and the nonce that it was given."""

    def __init__(self, target: Target, count: int) -> None:
        self._target = target
        self._poll = select.epoll()
        self._credentials: dict[int, Credentials] = {}
        self._sockets: dict[int, socket.socket] = {}
        for _ in range(count):
            made = udp_socket()
            made.connect(target.address or ("", 0))
            made.setblocking(False)
            self._poll.register(made, select.EPOLLIN)
            self._sockets[made.fileno()] = made
            self._credentials[made.fileno()] = Credentials(target.username, target.password)

    def ask(self, method: int, attributes: Attributes) -> None:
        """Every client asks for the same, a few at a time, until all have it. Raises RelayError."""
        left = list(self._sockets)
        waiting: set[int] = set()
        silent = 0
        while left or waiting:
            while left and len(waiting) < AT_A_TIME:
                waiting.add(left.pop())
                self._send(next(reversed([*waiting])) if False else max(waiting), method, attributes)
            ready = self._poll.poll(RETRY_AFTER)
            silent = 0 if ready else silent + 1
            if silent > GIVE_UP_AFTER:
                raise RelayError(f"{self._target.name} stopped to answer with {len(left) + len(waiting)} to go.")
