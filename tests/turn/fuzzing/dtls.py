"""Any datagrams at a DTLS listener, whole handshakes and damaged ones among them: no crash, no connection left.

The input is a script, as in relay.py: a byte for what happens, then what it happens with. Certificate and clients
are real ones, the socket between them is a list.
"""

import asyncio
import tempfile
from collections import deque
from contextlib import suppress
from pathlib import Path

from OpenSSL import SSL

from tests.turn.fuzzing.relay import Script
from tests.turn.live_gateway import certificate
from turn.gateway.dtls import MTU, DtlsListener, Identity, SocketAddress, datagrams_of
from turn.gateway.listener import ConnectionLimit
from turn.gateway.relayed import transport_of
from turn.relay.allocation import Client

CLIENTS = 2
MAX_CONNECTIONS = 2
MAX_DATAGRAM = 65_507
LOOP = asyncio.new_event_loop()
CONTEXT = SSL.Context(SSL.DTLS_CLIENT_METHOD)
CONTEXT.set_options(SSL.OP_NO_QUERY_MTU or 0)
IDENTITY = Identity()
with tempfile.TemporaryDirectory() as folder:
    IDENTITY.load(*certificate(Path(folder)))


class FakeSocket:
    """The socket of the listener, as two kinds of queues."""

    def __init__(self) -> None:
        self.to_server: deque[tuple[bytes, SocketAddress]] = deque()
        self.to_clients: dict[SocketAddress, deque[bytes]] = {}

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", 5349

    def setblocking(self, _: bool) -> None:
        """Do nothing: the queues never block."""

    def recvfrom(self, _: int) -> tuple[bytes, SocketAddress]:
        if not self.to_server:
            raise BlockingIOError
        return self.to_server.popleft()

    def sendto(self, data: bytes, address: SocketAddress) -> None:
        assert len(data) <= 65_536
        self.to_clients.setdefault(address, deque()).append(data)


class DtlsClient:
    """A client that speaks DTLS."""

    def __init__(self, number: int) -> None:
        self.address = ("127.0.0.1", 5000 + number)
        self.connection = SSL.Connection(CONTEXT, None)
        self.connection.set_connect_state()
        self.connection.set_ciphertext_mtu(MTU)

    def step(self, sock: FakeSocket, payload: bytes) -> list[bytes]:
        """Handle what has arrived and go on with the handshake, or send the payload. Return the datagrams for it."""
        arrived = sock.to_clients.get(self.address, deque())
        with suppress(SSL.Error):
            while arrived:
                self.connection.bio_write(arrived.popleft())
            self.connection.do_handshake()
            if payload:
                self.connection.send(payload)
        with suppress(SSL.Error):
            return list(datagrams_of(self.connection.bio_read(65_536)))
        return []


class Simulation:
    """A listener and its clients."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.sock = FakeSocket()
        self.limit = ConnectionLimit(MAX_CONNECTIONS, idle_seconds=60)
        self.messages = 0
        self.listener = DtlsListener(self.sock, self.echo, self.client_gone, self.limit, IDENTITY)  # type: ignore[arg-type]
        self.clients = [DtlsClient(number) for number in range(CLIENTS)]

    def echo(self, data: bytes, client: Client, now: float) -> None:
        assert data
        self.messages += 1
        transport_of(client).send(data)

    def client_gone(self, client: Client) -> None:
        assert transport_of(client).send(b"too late") is False

    def step(self) -> None:
        """Send a datagram of any bytes, or let a client go on, maybe with datagrams that are damaged or have grown."""
        what, client = self.script.byte() % 5, self.clients[self.script.byte() % CLIENTS]
        if what == 0:
            datagrams = [self.script.take(self.script.byte())]
        else:
            payload = self.script.take(self.script.byte()) if what == 3 else b""
            datagrams = client.step(self.sock, payload)
        if what == 2:
            at, mask = self.script.byte(), self.script.byte()
            datagrams = [damaged(datagram, at, mask) for datagram in datagrams]
        if what == 4:
            tail = self.script.take(self.script.byte() % 16) * (self.script.byte() * 16)
            datagrams = [(datagram + tail)[:MAX_DATAGRAM] for datagram in datagrams]
        self.deliver(datagrams, client)
        assert self.limit.taken == self.listener.connections <= MAX_CONNECTIONS

    def deliver(self, datagrams: list[bytes], client: DtlsClient) -> None:
        """Hand a client's datagrams to the listener."""
        self.sock.to_server += [(datagram, client.address) for datagram in datagrams]
        while self.sock.to_server:
            self.listener.read()

    async def play(self) -> None:
        """Play the whole script. A new client must get a cookie after it, and closing must free all places."""
        while self.script.goes_on:
            self.step()
        newcomer = DtlsClient(CLIENTS)
        self.deliver(newcomer.step(self.sock, b""), newcomer)
        assert len(self.sock.to_clients[newcomer.address]) == 1
        self.listener.close_connections()
        assert self.limit.taken == self.listener.connections == 0


def damaged(datagram: bytes, at: int, mask: int) -> bytes:
    """Return the datagram with some bits of one byte inverted."""
    place = at % len(datagram)
    return datagram[:place] + bytes((datagram[place] ^ mask,)) + datagram[place + 1 :]


async def _play(data: bytes) -> None:
    await Simulation(Script(data)).play()


def one_input(data: bytes) -> None:
    """Play the script."""
    LOOP.run_until_complete(_play(data))
