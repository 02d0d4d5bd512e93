"""Clients on DTLS over UDP (RFC 7350), through pyOpenSSL.

A stranger first has to show that it receives at the address that it sends from: OpenSSL answers its ClientHello with a
cookie and keeps nothing (RFC 6347 section 4.2.1). Then a connection is made, under the limit of all connections. One
record holds one TURN message.
"""

import asyncio
import hmac
import logging
import secrets
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias

from OpenSSL import SSL

from turn.gateway.listener import (
    HANDSHAKE_SECONDS,
    IDLE,
    NO_TURN,
    ConnectionLimit,
    ConnectionListener,
    OnGone,
    OnMessage,
)
from turn.gateway.relayed import ClientTransport, RelayedTransport
from turn.relay.allocation import Client
from turn.wire import channel
from turn.wire.attributes import plain_host
from turn.wire.errors import MalformedError

logger = logging.getLogger(__name__)

SocketAddress: TypeAlias = tuple[str, int] | tuple[str, int, int, int]
"""An address as Python's sockets have it; with IPv6, flow information and scope are part of it."""

READ_AT_ONCE: Final = 16
"""Datagrams that are read before asyncio has its turn."""
MAX_DATAGRAM: Final = 65_536
MTU: Final = 1200
"""Bytes of a datagram of the handshake, into which the certificate is cut: so long ones pass everywhere."""

MAX_HELLO: Final = 4096
"""Bytes of a datagram with a ClientHello; they have some hundred, 2000 with keys for after quantum computers.

OpenSSL takes up to a record's worth of a stranger's datagram (16 KiB) and would leave the rest in memory, in front of
what the next stranger sends.
"""

_RECORD_HEADER: Final = 13
_HANDSHAKE, _CLIENT_HELLO = 22, 1
_DTLS1_2: Final = 0xFEFD
_COOKIE_BYTES: Final = 20
_CIPHERS: Final = b"ECDHE+AESGCM:ECDHE+CHACHA20"

_AGAIN: Final = (SSL.WantReadError, SSL.WantWriteError)


class Identity:
    """Certificate and key of the gateway, and the key that cookies are made with."""

    def __init__(self) -> None:
        self._cookie_key = secrets.token_bytes(32)
        self._context: SSL.Context | None = None

    def load(self, certificate: Path, key: Path) -> None:
        """Use certificate and key, both PEM files, for connections from now on.

        Raises SSL.Error and OSError; then nothing has changed.
        """
        context = SSL.Context(SSL.DTLS_SERVER_METHOD)
        context.set_min_proto_version(_DTLS1_2)
        for option in (SSL.OP_NO_QUERY_MTU, SSL.OP_NO_RENEGOTIATION, SSL.OP_COOKIE_EXCHANGE):
            context.set_options(option or 0)
        context.set_cipher_list(_CIPHERS)
        context.use_certificate_chain_file(str(certificate))
        context.use_privatekey_file(str(key))
        context.check_privatekey()
        context.set_cookie_generate_callback(self._cookie)
        context.set_cookie_verify_callback(lambda connection, cookie: cookie == self._cookie(connection))
        self._context = context

    def connection(self) -> SSL.Connection:
        """Make a connection that waits for a ClientHello."""
        if self._context is None:
            raise RuntimeError("no certificate has been loaded")
        connection = SSL.Connection(self._context, None)
        connection.set_accept_state()
        connection.set_ciphertext_mtu(MTU)
        return connection

    def _cookie(self, connection: SSL.Connection) -> bytes:
        return hmac.digest(self._cookie_key, repr(connection.get_app_data()).encode(), "sha256")[:_COOKIE_BYTES]


class DtlsListener(ConnectionListener):
    """A UDP socket that clients speak DTLS to."""

    def __init__(
        self,
        sock: socket.socket,
        on_message: OnMessage,
        on_gone: OnGone,
        limit: ConnectionLimit,
        identity: Identity,
    ) -> None:
        super().__init__("dtls", sock, on_message, on_gone, limit)
        self._identity = identity
        self._spare: SSL.Connection | None = None
        """A connection that no client has yet: strangers are asked for a cookie by it, one after the other."""
        self._clients: dict[SocketAddress, DtlsClientTransport] = {}
        self._loop = asyncio.get_running_loop()

    @property
    def connections(self) -> int:
        """Count the clients that are connected."""
        return len(self._clients)

    def start(self) -> None:
        """Read datagrams from now on."""
        self._loop.add_reader(self.sock.fileno(), self.read)

    async def close(self) -> None:
        """Read no more and end all connections."""
        self._loop.remove_reader(self.sock.fileno())
        self.close_connections()

    def close_connections(self) -> None:
        """Tell all clients that their connections are over."""
        for client in tuple(self._clients.values()):
            client.close()

    def renew(self) -> None:
        """Use the certificate that the identity has now for the next client."""
        self._spare = None

    def transmit(self, connection: SSL.Connection, address: SocketAddress) -> None:
        """Send what OpenSSL has written for this connection."""
        with suppress(*_AGAIN, SSL.Error, OSError):
            while True:
                for datagram in datagrams_of(connection.bio_read(MAX_DATAGRAM)):
                    self.sock.sendto(datagram, address)

    def remove(self, address: SocketAddress) -> None:
        """Forget a client whose connection is over, and give its place back."""
        del self._clients[address]
        self.limit.release()

    def read(self) -> None:
        """Handle some of the datagrams that the socket holds."""
        for _ in range(READ_AT_ONCE):
            try:
                data, address = self.sock.recvfrom(MAX_DATAGRAM)
            except OSError:
                return
            client = self._clients.get(address)
            if client is not None and not (client.established and is_client_hello(data)):
                client.receive(data)
            elif is_client_hello(data):
                self._answer_hello(data, address)

    def _answer_hello(self, data: bytes, address: SocketAddress) -> None:
        """Ask for a cookie, or connect a client that shows one. Keep nothing of one that does not."""
        connection = self._spare or self._identity.connection()
        self._spare = connection
        connection.set_app_data(address)
        try:
            connection.bio_write(data)
            connection.DTLSv1_listen()
        except _AGAIN:
            self.transmit(connection, address)
            return
        except SSL.Error as error:
            logger.debug("! %s: %s: %s", self.name, address[0], error)
            self._spare = None
            return
        self._spare = None
        if address in self._clients:  # it has begun anew, and has just proven that it is there
            self._clients[address].close()
        if not self.limit.acquire():
            return
        self.accepted += 1
        self._clients[address] = client = DtlsClientTransport(self, connection, address)
        client.receive(b"")


class DtlsClientTransport(ClientTransport):
    """The way to a client on DTLS."""

    destination = None

    def __init__(self, listener: DtlsListener, connection: SSL.Connection, address: SocketAddress) -> None:
        self.established = False
        """Whether the handshake is over."""
        self.traffic = listener.traffic
        self._listener = listener
        self._connection = connection
        self._address = address
        self._client = Client("dtls", (plain_host(address[0]), address[1]), listener.address, self)
        self._relayed: RelayedTransport | None = None
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._resend: asyncio.TimerHandle | None = None
        self._idle: asyncio.TimerHandle | None = self._loop.call_later(HANDSHAKE_SECONDS, self.close, IDLE)

    def receive(self, data: bytes) -> None:
        """Handle a datagram of the client: a part of the handshake, or records. Empty, it only starts the handshake."""
        try:
            if data:
                self._connection.bio_write(data)
            if not self.established:
                self._connection.do_handshake()
                self.established = True
                self._start_idle_timer()
            while not self._closed:
                self._handle_message(self._connection.recv(MAX_DATAGRAM))
        except _AGAIN:
            self._transmit()
        except (SSL.Error, MalformedError) as error:
            logger.debug("! %r: %s", self._client, error)
            self.close(NO_TURN if isinstance(error, MalformedError) else "")

    def _handle_message(self, message: bytes) -> None:
        now = time.monotonic()
        if not channel.is_channel_data(message[0]):
            self._listener.on_message(message, self._client, now)
        elif self._relayed:
            self._relayed.forward(*channel.decode(message), now)
        else:
            self._listener.traffic.strays += 1

    def send(self, data: bytes) -> bool:
        """Send a STUN message. Return whether it could be sent."""
        return self._write(data)

    def send_channel_data(self, number: int, payloads: Sequence[memoryview], tos: int) -> int:
        """Send each payload as ChannelData in a record of its own. Return how many could be sent."""
        return sum(self._write(channel.encode(number, payload)) for payload in payloads)

    def attach(self, relayed: RelayedTransport) -> None:
        """Hand ChannelData to this relayed transport, and let the connection be idle."""
        self._relayed = relayed
        self._stop_idle_timer()

    def detach(self) -> None:
        """Treat the client as a stranger again."""
        self._relayed = None
        self._start_idle_timer()

    def close(self, reason: str = "") -> None:
        """Tell the client that the connection is over, and forget it. A reason of ours is counted."""
        if self._closed:
            return
        self._closed = True
        if reason:
            self._listener.limit.closed[reason] += 1
        with suppress(SSL.Error):
            self._connection.shutdown()
        self._listener.transmit(self._connection, self._address)
        self._stop_idle_timer()
        if self._resend:
            self._resend.cancel()
        self._listener.remove(self._address)
        self._listener.on_gone(self._client)

    def _write(self, data: bytes) -> bool:
        if self._closed:
            return False
        try:
            self._connection.send(data)
        except SSL.Error as error:
            logger.debug("! %r: %s", self._client, error)
            return False
        self._listener.transmit(self._connection, self._address)
        return True

    def _transmit(self) -> None:
        """Send what OpenSSL has written, and have it send again if nobody answers."""
        self._listener.transmit(self._connection, self._address)
        if self._resend:
            self._resend.cancel()
            self._resend = None
        wait = self._connection.DTLSv1_get_timeout()
        if wait is not None and not self._closed:
            self._resend = self._loop.call_later(wait, self._retransmit)

    def _retransmit(self) -> None:
        with suppress(SSL.Error):
            self._connection.DTLSv1_handle_timeout()
        self._transmit()

    def _start_idle_timer(self) -> None:
        self._stop_idle_timer()
        if not self._closed:
            self._idle = self._loop.call_later(self._listener.limit.idle_seconds, self.close, IDLE)

    def _stop_idle_timer(self) -> None:
        if self._idle:
            self._idle.cancel()
            self._idle = None


def is_client_hello(data: bytes) -> bool:
    """Tell whether a datagram begins a handshake: an unencrypted record with a ClientHello, not too long."""
    return (
        _RECORD_HEADER < len(data) <= MAX_HELLO
        and data[0] == _HANDSHAKE
        and data[3:5] == b"\0\0"
        and data[_RECORD_HEADER] == _CLIENT_HELLO
    )


def datagrams_of(records: bytes) -> Iterator[bytes]:
    """Cut what OpenSSL has written into datagrams: each has whole records, as many as fit into ``MTU`` bytes."""
    start = at = 0
    while at + _RECORD_HEADER <= len(records):
        end = at + _RECORD_HEADER + int.from_bytes(records[at + 11 : at + 13], "big")
        if end - start > MTU and at > start:
            yield records[start:at]
            start = at
        at = end
    if start < len(records):
        yield records[start:]
