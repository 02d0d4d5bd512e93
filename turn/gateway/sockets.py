"""The sockets that clients reach: bound before anything else, and held for as long as the gateway runs.

Several processes have a socket each at the same port (SO_REUSEPORT), and the kernel chooses by a client's address and
port. Its choice depends on how many there are and in which order, so the sockets are made, and kept open, by the
process that outlives the others: when one is started again, no client of another one changes sides.
"""

import errno
import logging
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from turn.config import Config
from turn.wire.attributes import IPV4, Address, family_of

logger = logging.getLogger(__name__)

BACKLOG: Final = 512
"""Connections that wait to be accepted: after a restart, all who have no UDP come back at once."""

RECEIVE_BUFFER: Final = 4 << 20
"""Bytes asked for in a UDP socket that has all clients behind it; net.core.rmem_max says how many it gets."""

TRIES: Final = 16
"""Where any free port is wanted, of those that the system offers for the first socket."""

SECURE: Final = ("tls", "dtls")

WILDCARDS: Final = ("0.0.0.0", "::")

_NO_SUCH_ADDRESS: Final = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


class NotServedError(Exception):
    """Something can't be served where it is to be. Its text says what to do about it."""

    def __init__(self, what: str, address: Address, options: tuple[str, str], error: OSError) -> None:
        """options: those that say host and port."""
        super().__init__(what, address, options, error)
        self.what, self.address, self.options, self.error = what, address, options, error

    @property
    def port_is_in_use(self) -> bool:
        """Whether another port would do."""
        return self.error.errno == errno.EADDRINUSE

    def __str__(self) -> str:
        host, port = self.address
        return f"{self.what} can't be served on {host} port {port}{self._why()}"

    def _why(self) -> str:
        host_option, port_option = self.options
        if self.port_is_in_use:
            return f", which is in use: choose a port that is free with {port_option}"
        if self.error.errno == errno.EACCES:
            return f", which takes more rights than this user has: choose a port from 1024 on with {port_option}"
        if self.error.errno == errno.EADDRNOTAVAIL or isinstance(self.error, socket.gaierror):
            return f": that is no address of this machine; name one that is with {host_option}"
        return f": {self.error.strerror or self.error}"


@dataclass(frozen=True, slots=True)
class Bound:
    """A socket, and what is spoken there: udp, tcp, tls or dtls."""

    protocol: str
    sock: socket.socket


def bind(config: Config) -> list[list[Bound]]:
    """All sockets, for each process. Raises NotServedError."""
    for _ in range(TRIES):
        try:
            return _bind_all(config)
        except NotServedError as error:  # any free port was wanted, and what is free for TCP need not be for UDP
            if not error.port_is_in_use or error.address[1] in (config.port, config.tls_port):
                raise
    return _bind_all(config)


def _bind_all(config: Config) -> list[list[Bound]]:
    processes: list[list[Bound]] = [[] for _ in range(config.processes)]
    ports = {False: config.port, True: config.tls_port}
    try:
        for protocol, host in _places(config):
            secure = protocol in SECURE
            for bound in processes:
                sock = _bind(protocol, host, ports[secure], shared=config.processes > 1)
                if sock is None:
                    continue
                ports[secure] = sock.getsockname()[1]
                bound.append(Bound(protocol, sock))
    except BaseException:
        for bound in processes:
            close(bound)
        raise
    return processes


def close(bound: list[Bound]) -> None:
    """Close them all."""
    for each in bound:
        each.sock.close()


def _places(config: Config) -> Iterator[tuple[str, str]]:
    for host in config.host:
        if config.tcp:
            yield "tcp", host
        yield "udp", host
        if config.certificate:
            yield "tls", host
            yield "dtls", host


def _bind(protocol: str, host: str, port: int, *, shared: bool) -> socket.socket | None:
    stream = protocol in ("tcp", "tls")
    try:
        sock = socket.socket(
            socket.AF_INET if family_of(host) == IPV4 else socket.AF_INET6,
            socket.SOCK_STREAM if stream else socket.SOCK_DGRAM,
        )
    except OSError as error:
        _go_without(protocol, (host, port), error)
        return None
    try:
        _prepare(sock, stream=stream, shared=shared)
        sock.bind((host, port))
        if stream:
            sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        _go_without(protocol, (host, port), error)
        return None
    return sock


def _prepare(sock: socket.socket, *, stream: bool, shared: bool) -> None:
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if stream:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    else:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    if shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def _go_without(protocol: str, address: Address, error: OSError) -> None:
    """A machine without IPv6, or without IPv4, serves those that it can reach. Raises NotServedError otherwise."""
    if address[0] not in WILDCARDS or error.errno not in _NO_SUCH_ADDRESS:
        options = "--host", "--tls-port" if protocol in SECURE else "--port"
        raise NotServedError(f"TURN over {protocol.upper()}", address, options, error) from error
    logger.info("= not listening on %s: %s", address[0], error.strerror)
