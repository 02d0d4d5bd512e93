"""Clients on DTLS over UDP (RFC 7350), through pyOpenSSL.

A stranger first has to show that it receives at the address that it sends from: OpenSSL answers its ClientHello with a
cookie and keeps nothing (RFC 6347 section 4.2.1). Then a connection is made, and takes one of the places that streams
have too. One record holds one TURN message.
"""

import asyncio
import hmac
import logging
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from OpenSSL import SSL

from turn.gateway.relayed import Leg
from turn.gateway.tcp import HANDSHAKE_SECONDS, IDLE, NO_TURN, Places
from turn.gateway.traffic import Traffic
from turn.gateway.udp import OnMessage
from turn.relay.allocation import Client
from turn.wire import channel
from turn.wire.attributes import Address, plain_host, text_of
from turn.wire.errors import Malformed

logger = logging.getLogger(__name__)

READ_AT_ONCE: Final = 16
MAX_DATAGRAM: Final = 65_536
MTU: Final = 1200
"""Bytes of a datagram of the handshake, in which the certificate is cut up: they pass everywhere."""

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
    """Certificate and key, and what cookies are made with."""

    def __init__(self) -> None:
        self._cookie_key = secrets.token_bytes(32)
        self._context: SSL.Context | None = None

    def load(self, certificate: Path, key: Path) -> None:
        """Use these for connections from now on. Raises SSL.Error, OSError; then nothing has changed."""
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
        """One that waits for a ClientHello."""
        if self._context is None:
            raise RuntimeError("no certificate has been loaded")
        connection = SSL.Connection(self._context, None)
        connection.set_accept_state()
        connection.set_ciphertext_mtu(MTU)
        return connection

    def _cookie(self, connection: SSL.Connection) -> bytes:
        return hmac.digest(self._cookie_key, repr(connection.get_app_data()).encode(), "sha256")[:_COOKIE_BYTES]


class DtlsListener:
    """A UDP socket that clients speak DTLS to."""

    protocol = "dtls"

    def __init__(
        self,
        sock: socket.socket,
        on_message: OnMessage,
        on_gone: Callable[[Client], None],
        places: Places,
        identity: Identity,
    ) -> None:
        self.sock = sock
        self.address: Address = sock.getsockname()[:2]
        self.traffic = Traffic()
        self.on_message = on_message
        self.on_gone = on_gone
        self.places = places
        self.accepted = 0
        self._identity = identity
        self._spare: SSL.Connection | None = None
        self._clients: dict[Any, DtlsClient] = {}
        self._loop = asyncio.get_running_loop()
        sock.setblocking(False)

    @property
    def name(self) -> str:
        """As metrics have it."""
        return f"{self.protocol}:{text_of(self.address)}"

    @property
    def connections(self) -> int:
        """Clients that are connected."""
        return len(self._clients)

    @property
    def clients(self) -> tuple["DtlsClient", ...]:
        """They themselves."""
        return tuple(self._clients.values())

    def start(self) -> None:
        """Take what comes."""
        self._loop.add_reader(self.sock.fileno(), self.read)

    async def close(self) -> None:
        """End all connections."""
        self._loop.remove_reader(self.sock.fileno())
        for client in self.clients:
            client.close()

    def renew(self) -> None:
        """The identity has another certificate now."""
        self._spare = None

    def transmit(self, connection: SSL.Connection, address: Any) -> None:
        """Send what a connection has to say."""
        with suppress(*_AGAIN, SSL.Error, OSError):
            while True:
                for datagram in datagrams_of(connection.bio_read(MAX_DATAGRAM)):
                    self.sock.sendto(datagram, address)

    def gone(self, address: Any) -> None:
        """A client's connection is over."""
        del self._clients[address]
        self.places.give_back()

    def read(self) -> None:
        """Take some of the datagrams that are there."""
        for _ in range(READ_AT_ONCE):
            try:
                data, address = self.sock.recvfrom(MAX_DATAGRAM)
            except OSError:
                return
            client = self._clients.get(address)
            if client is not None and not (client.established and is_client_hello(data)):
                client.receive(data)
            elif is_client_hello(data):
                self._welcome(data, address)

    def _welcome(self, data: bytes, address: Any) -> None:
        """Ask for a cookie, or take a client that shows one. Nothing is kept of one that does not."""
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
        if not self.places.take():
            return
        self.accepted += 1
        self._clients[address] = client = DtlsClient(self, connection, address)
        client.receive(b"")


class DtlsClient:
    """The way to a client on DTLS."""

    datagrams = None

    def __init__(self, listener: DtlsListener, connection: SSL.Connection, address: Any) -> None:
        self.established = False
        self.traffic = listener.traffic
        self._listener = listener
        self._connection = connection
        self._address = address
        self._client = Client("dtls", (plain_host(address[0]), address[1]), listener.address, self)
        self._leg: Leg | None = None
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._resend: asyncio.TimerHandle | None = None
        self._idle: asyncio.TimerHandle | None = self._loop.call_later(HANDSHAKE_SECONDS, self.close, IDLE)

    def receive(self, data: bytes) -> None:
        """A datagram came."""
        try:
            if data:
                self._connection.bio_write(data)
            if not self.established:
                self._connection.do_handshake()
                self.established = True
                self._wait_idle()
            while not self._closed:
                self._take(self._connection.recv(MAX_DATAGRAM))
        except _AGAIN:
            self._transmit()
        except (SSL.Error, Malformed) as error:
            logger.debug("! %r: %s", self._client, error)
            self.close(NO_TURN if isinstance(error, Malformed) else "")

    def _take(self, message: bytes) -> None:
        now = time.monotonic()
        if not channel.is_channel_data(message[0]):
            self._listener.on_message(message, self._client, now)
        elif self._leg:
            self._leg.forward(*channel.decode(message), now)
        else:
            self._listener.traffic.strays += 1

    def send(self, data: bytes) -> bool:
        """Send a STUN message. Whether it could be sent."""
        return self._write(data)

    def send_channel_data(self, number: int, payloads: Sequence[memoryview], tos: int) -> int:
        """Send as ChannelData, a record for each. How many went."""
        return sum(self._write(channel.encode(number, payload)) for payload in payloads)

    def attach(self, leg: Leg) -> None:
        """The client has an allocation from now on."""
        self._leg = leg
        self._stop_idle()

    def detach(self) -> None:
        """It has none any more."""
        self._leg = None
        self._wait_idle()

    def close(self, reason: str = "") -> None:
        """Say goodbye, and forget the connection. The reason is counted, where it is ours."""
        if self._closed:
            return
        self._closed = True
        if reason:
            self._listener.places.closed[reason] += 1
        with suppress(SSL.Error):
            self._connection.shutdown()
        self._listener.transmit(self._connection, self._address)
        self._stop_idle()
        if self._resend:
            self._resend.cancel()
        self._listener.gone(self._address)
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
        """Send what the connection has to say, and again if nobody answers."""
        self._listener.transmit(self._connection, self._address)
        if self._resend:
            self._resend.cancel()
            self._resend = None
        wait = self._connection.DTLSv1_get_timeout()
        if wait is not None and not self._closed:
            self._resend = self._loop.call_later(wait, self._send_again)

    def _send_again(self) -> None:
        with suppress(SSL.Error):
            self._connection.DTLSv1_handle_timeout()
        self._transmit()

    def _wait_idle(self) -> None:
        self._stop_idle()
        if not self._closed:
            self._idle = self._loop.call_later(self._listener.places.idle, self.close, IDLE)

    def _stop_idle(self) -> None:
        if self._idle:
            self._idle.cancel()
            self._idle = None


def is_client_hello(data: bytes) -> bool:
    """Whether a datagram begins a handshake: an unencrypted record with a ClientHello, of a size that makes sense."""
    return (
        _RECORD_HEADER < len(data) <= MAX_HELLO
        and data[0] == _HANDSHAKE
        and data[3:5] == b"\0\0"
        and data[_RECORD_HEADER] == _CLIENT_HELLO
    )


def datagrams_of(records: bytes) -> Iterator[bytes]:
    """Records, as OpenSSL has written them one behind the other, in datagrams: whole ones, as many as go into one."""
    start = at = 0
    while at + _RECORD_HEADER <= len(records):
        end = at + _RECORD_HEADER + int.from_bytes(records[at + 11 : at + 13], "big")
        if end - start > MTU and at > start:
            yield records[start:at]
            start = at
        at = end
    if start < len(records):
        yield records[start:]
