"""Any datagrams at a DTLS listener, whole handshakes and damaged ones among them: no crash, no place kept.

The input is a script, as in ``fuzz_relay``: a byte for what happens, then what it happens with. Certificate and clients
are real ones, the socket between them is a list.
"""

import asyncio
import tempfile
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

from OpenSSL import SSL

from tests.turn.fuzzing.relay import Script
from tests.turn.live_gateway import certificate
from turn.gateway.dtls import MTU, DtlsListener, Identity, datagrams_of
from turn.gateway.tcp import Places
from turn.relay.allocation import Client

CLIENTS = 2
MAX_PLACES = 2
MAX_DATAGRAM = 65_507
LOOP = asyncio.new_event_loop()
CONTEXT = SSL.Context(SSL.DTLS_CLIENT_METHOD)
CONTEXT.set_options(SSL.OP_NO_QUERY_MTU or 0)
IDENTITY = Identity()
with tempfile.TemporaryDirectory() as folder:
    IDENTITY.load(*certificate(Path(folder)))


class Wire:
    """What the listener takes for its socket."""

    def __init__(self) -> None:
        self.to_server: deque[tuple[bytes, Any]] = deque()
        self.to_clients: dict[Any, deque[bytes]] = {}

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", 5349

    def setblocking(self, _: bool) -> None:
        """It never blocks."""

    def recvfrom(self, _: int) -> tuple[bytes, Any]:
        if not self.to_server:
            raise BlockingIOError
        return self.to_server.popleft()

    def sendto(self, data: bytes, address: Any) -> None:
        assert len(data) <= 65_536
        self.to_clients.setdefault(address, deque()).append(data)


class Speaker:
    """A client that knows the protocol."""

    def __init__(self, place: int) -> None:
        self.address = ("127.0.0.1", 5000 + place)
        self.connection = SSL.Connection(CONTEXT, None)
        self.connection.set_connect_state()
        self.connection.set_ciphertext_mtu(MTU)

    def step(self, wire: Wire, payload: bytes) -> list[bytes]:
        """Take what has come and go on; what is to be sent now."""
        came = wire.to_clients.get(self.address, deque())
        with suppress(SSL.Error):
            while came:
                self.connection.bio_write(came.popleft())
            self.connection.do_handshake()
            if payload:
                self.connection.send(payload)
        with suppress(SSL.Error):
            return list(datagrams_of(self.connection.bio_read(65_536)))
        return []


class World:
    """A listener and its clients."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.wire = Wire()
        self.places = Places(MAX_PLACES, idle=60)
        self.messages = 0
        self.listener = DtlsListener(self.wire, self.heard, self.gone, self.places, IDENTITY)  # type: ignore[arg-type]
        self.speakers = [Speaker(place) for place in range(CLIENTS)]

    def heard(self, data: bytes, client: Client, now: float) -> None:
        assert data
        self.messages += 1
        client.transport.send(data)

    def gone(self, client: Client) -> None:
        assert client.transport.send(b"too late") is False

    def step(self) -> None:
        """A datagram of any bytes, or a client that goes on, maybe with datagrams that are damaged or have grown."""
        what, speaker = self.script.byte() % 5, self.speakers[self.script.byte() % CLIENTS]
        if what == 0:
            datagrams = [self.script.take(self.script.byte())]
        else:
            payload = self.script.take(self.script.byte()) if what == 3 else b""
            datagrams = speaker.step(self.wire, payload)
        if what == 2:
            at, mask = self.script.byte(), self.script.byte()
            datagrams = [damaged(datagram, at, mask) for datagram in datagrams]
        if what == 4:
            tail = self.script.take(self.script.byte() % 16) * (self.script.byte() * 16)
            datagrams = [(datagram + tail)[:MAX_DATAGRAM] for datagram in datagrams]
        self.arrive(datagrams, speaker)
        assert self.places.taken == self.listener.connections <= MAX_PLACES

    def arrive(self, datagrams: list[bytes], speaker: Speaker) -> None:
        """At the listener."""
        self.wire.to_server += [(datagram, speaker.address) for datagram in datagrams]
        while self.wire.to_server:
            self.listener.read()

    async def play(self) -> None:
        """All of the script, and the end. Whoever comes then is welcome."""
        while self.script.goes_on:
            self.step()
        newcomer = Speaker(CLIENTS)
        self.arrive(newcomer.step(self.wire, b""), newcomer)
        assert len(self.wire.to_clients[newcomer.address]) == 1
        for connection in self.listener.clients:
            connection.close()
        assert self.places.taken == self.listener.connections == 0


def damaged(datagram: bytes, at: int, mask: int) -> bytes:
    place = at % len(datagram)
    return datagram[:place] + bytes((datagram[place] ^ mask,)) + datagram[place + 1 :]


async def _play(data: bytes) -> None:
    await World(Script(data)).play()


def one_input(data: bytes) -> None:
    """Play the script."""
    LOOP.run_until_complete(_play(data))
