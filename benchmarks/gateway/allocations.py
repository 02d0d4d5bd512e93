"""How fast a server gives allocations, and what it holds for each: a process of its own of ``benchmarks.relay``.

It reads an ``Asked`` as JSON on standard input and writes a ``Given`` as JSON on standard output. Every client has a
socket of its own and is challenged first, so an allocation takes two round trips; some clients ask at a time. Then each
binds a channel, and what the server's memory has grown by is shared among them. At the end all are given back.
"""

import json
import os
import resource
import select
import struct
import sys
import time
from dataclasses import asdict, dataclass, replace
from itertools import islice

from benchmarks.gateway.client import (
    ALLOCATE,
    CHANNEL,
    CHANNEL_BIND,
    CHANNEL_NUMBER,
    DATAGRAM,
    LIFETIME,
    NONCE,
    REALM,
    REFRESH,
    REQUESTED_TRANSPORT,
    STALE_NONCE,
    SUCCESS,
    UDP,
    UNAUTHORIZED,
    XOR_PEER_ADDRESS,
    Attributes,
    Credentials,
    RelayError,
    client_host,
    error_code,
    pack_address,
    parse,
    request,
    udp_socket,
)
from benchmarks.gateway.load import Target, cpu_seconds, read_target
from benchmarks.measure import processes

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
    """Clients of one server, each with a socket of its own."""

    def __init__(self, target: Target, count: int) -> None:
        self._name = target.name
        self._poll = select.epoll()
        self._clients: dict[int, _One] = {}
        for place in range(count):
            client = _One(target, client_host(place))
            self._clients[client.socket.fileno()] = client
            self._poll.register(client.socket, select.EPOLLIN)

    def ask(self, method: int, attributes: Attributes) -> None:
        """Every client asks for the same, some at a time, until all have it. Raises RelayError."""
        left = iter(self._clients)
        waiting = set(islice(left, AT_A_TIME))
        for fileno in waiting:
            self._clients[fileno].ask(method, attributes)
        silent = 0
        while waiting:
            for fileno in self._readable(waiting):
                if fileno in waiting and self._clients[fileno].has_got(method, attributes):
                    waiting.remove(fileno)
                    for following in islice(left, 1):
                        waiting.add(following)
                        self._clients[following].ask(method, attributes)
                silent = 0
            silent += 1
            if silent > GIVE_UP_AFTER:
                raise RelayError(f"{self._name} does not answer method {method:#06x} any more.")

    def _readable(self, waiting: set[int]) -> list[int]:
        ready = [fileno for fileno, _ in self._poll.poll(RETRY_AFTER)]
        if not ready:
            for fileno in waiting:
                self._clients[fileno].ask_again()
        return ready

    def close(self) -> None:
        """Close the sockets."""
        for client in self._clients.values():
            client.socket.close()
        self._poll.close()


class _One:
    """A client that asks one thing at a time and does not wait."""

    def __init__(self, target: Target, host: str) -> None:
        self.socket = udp_socket(host)
        self.socket.connect(target.address or ("", 0))
        self.socket.setblocking(False)
        self._credentials = Credentials(target.username, target.password)
        self._transaction = self._request = b""

    def ask(self, method: int, attributes: Attributes) -> None:
        """Send a request."""
        self._transaction = os.urandom(12)
        self._request = request(method, dict(attributes), self._credentials, self._transaction)
        self.ask_again()

    def ask_again(self) -> None:
        """Send the same request once more."""
        self.socket.send(self._request)

    def has_got(self, method: int, attributes: Attributes) -> bool:
        """Read the answer. If it is a challenge, ask again with the nonce. Raises RelayError."""
        kind, transaction, answer = parse(self.socket.recv(DATAGRAM))
        if transaction != self._transaction:
            return False
        if kind == method | SUCCESS:
            return True
        code = error_code(answer)
        if code not in (UNAUTHORIZED, STALE_NONCE) or NONCE not in answer:
            raise RelayError(f"The server refused method {method:#06x} with error {code}.", code)
        self._credentials = replace(self._credentials, realm=answer[REALM], nonce=answer[NONCE])
        self.ask(method, attributes)
        return False


def run(asked: Asked) -> Given:
    """Get all allocations, measure, and give them back."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    crowd, pids = Crowd(asked.target, asked.count), asked.target.pids
    held, used, start = _held(pids), cpu_seconds(pids), time.perf_counter()
    crowd.ask(ALLOCATE, {REQUESTED_TRANSPORT: UDP})
    seconds, cpu = time.perf_counter() - start, cpu_seconds(pids) - used
    with udp_socket() as peer:
        address = pack_address(peer.getsockname())
        crowd.ask(CHANNEL_BIND, {CHANNEL_NUMBER: struct.pack("!Hxx", CHANNEL), XOR_PEER_ADDRESS: address})
    grown = _held(pids) - held
    crowd.ask(REFRESH, {LIFETIME: bytes(4)})
    crowd.close()
    return Given(asked.count, seconds, cpu, grown)


def _held(pids: tuple[int, ...]) -> int:
    return sum(processes.memory(pid).pss for pid in pids)


def read(text: str) -> Asked:
    """Read what is asked from its JSON."""
    fields = json.loads(text)
    return Asked(read_target(fields["target"]), fields["count"])


if __name__ == "__main__":
    json.dump(asdict(run(read(sys.stdin.read()))), sys.stdout)
