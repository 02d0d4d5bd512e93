"""The decisions on relayed packets: time, policy and room, packet by packet. test_gateway.py has whole sessions."""

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.turn.live_gateway import HOST
from tests.turn.simulation import NONCE_KEY, REALM
from turn.datapath.compiled import CompiledDataPath
from turn.datapath.datagram import Destination, Received, send, source_at
from turn.gateway.relayed import (
    MAX_SOURCES,
    NO_ROOM,
    ClientTransport,
    RelayedTransport,
    set_dont_fragment,
    transport_of,
)
from turn.gateway.traffic import Traffic
from turn.relay import counters
from turn.relay.allocation import CHANNEL_LIFETIME_SECONDS, PERMISSION_LIFETIME_SECONDS, Allocation, Client, Grant, Peer
from turn.relay.auth import Auth
from turn.relay.policy import Policy, rule
from turn.relay.server import Relay
from turn.wire import channel, stun
from turn.wire.attributes import IPV4

NOW = 1000.0


class FakeTransport(ClientTransport):
    """A client's transport that keeps messages and packets, or sends packets on by a socket."""

    def __init__(self, destination: Destination | None = None) -> None:
        self.destination = destination
        self.traffic = Traffic()
        self.messages: list[bytes] = []
        self.packets: list[tuple[int, bytes]] = []
        self.room = True

    def send(self, data: bytes) -> bool:
        self.messages.append(data)
        return self.room

    def send_channel_data(self, number: int, payloads: list[memoryview], tos: int) -> int:
        if self.destination:
            return sum(send(self.destination, (channel.encode(number, bytes(each)),)) for each in payloads)
        self.packets += [(number, bytes(payload)) for payload in payloads]
        return len(payloads) if self.room else 0

    def attach(self, relayed: RelayedTransport) -> None:
        raise NotImplementedError

    def detach(self) -> None:
        raise NotImplementedError

    def close(self, reason: str) -> None:
        raise NotImplementedError


class Session:
    """A relayed transport between a client and a peer, all on loopback."""

    def __init__(self, stack: ExitStack, datagrams: bool) -> None:
        sockets = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(3)]
        for sock in sockets:
            sock.bind((HOST, 0))
            sock.settimeout(5)
        self.client_socket, self.relay_socket, self.peer_socket = sockets
        self.relay = Relay(Auth(REALM, nonce_key=NONCE_KEY), Policy([rule(HOST)]))
        self.path = CompiledDataPath()
        stack.callback(self.path.destroy)
        destination = Destination(self.relay_socket, self.client_socket.getsockname()) if datagrams else None
        self.transport = FakeTransport(destination)
        client = Client("udp" if datagrams else "tcp", self.client_socket.getsockname(), (HOST, 3478), self.transport)
        self.allocation = Allocation("id", client, Grant("user", "user", 1, b""), IPV4, NOW)
        self.relayed = RelayedTransport(self.relay, self.allocation, self.relay_socket, self.path)
        self.address = self.peer_socket.getsockname()

    def bind(self) -> Peer:
        peer = Peer(self.address, NOW)
        self.allocation.bind(peer, 0x4001, NOW)
        return peer

    def send(self, *packets: bytes, now: float = NOW) -> bool:
        """Hand packets of the peer to the relayed transport at this time, as if there were no flow."""
        received = []
        for at, packet in enumerate(packets):
            self.path.memory[100 * at : 100 * at + len(packet)] = packet
            received.append(Received(100 * at, len(packet), 0, 0, source_at(self.address)))
        return self.relayed.receive(received, now)


@pytest.fixture
def udp() -> Iterator[Session]:
    with ExitStack() as stack:
        yield Session(stack, datagrams=True)


@pytest.fixture
def tcp() -> Iterator[Session]:
    with ExitStack() as stack:
        yield Session(stack, datagrams=False)


def test_a_channel_is_good_for_its_whole_time(udp: Session) -> None:
    udp.bind()
    for now in (NOW, NOW + PERMISSION_LIFETIME_SECONDS + 1, NOW + CHANNEL_LIFETIME_SECONDS - 1):
        udp.send(b"on", now=now)
        assert channel.decode(udp.client_socket.recv(100)) == (0x4001, b"on")
    udp.send(b"late", now=NOW + CHANNEL_LIFETIME_SECONDS)
    assert udp.relay.counters.drops[counters.NO_PERMISSION] == 1
    assert udp.allocation.packets_to_client == 3


def test_a_channel_that_is_bound_again_goes_on(udp: Session) -> None:
    udp.bind()
    udp.send(b"on")
    udp.allocation.sweep(NOW + CHANNEL_LIFETIME_SECONDS)
    assert not udp.allocation.peers
    peer = Peer(udp.address, NOW)
    udp.allocation.bind(peer, 0x4002, NOW + CHANNEL_LIFETIME_SECONDS)
    udp.send(b"again", now=NOW + CHANNEL_LIFETIME_SECONDS + 1)
    assert [channel.decode(udp.client_socket.recv(100)) for _ in range(2)] == [(0x4001, b"on"), (0x4002, b"again")]


def test_a_peer_that_is_no_longer_admitted_is_silent_at_once(udp: Session) -> None:
    udp.bind()
    udp.send(b"on")
    assert udp.client_socket.recv(100)
    udp.relay.allocations.add(udp.allocation)
    udp.relay.policy.replace([])
    udp.relay.policy_changed()
    udp.send(b"off")
    assert udp.relay.counters.drops[counters.REFUSED_PEER] == 1
    assert udp.relayed.channel_peer(0x4001, 5, NOW) is None
    assert udp.relay.counters.drops[counters.REFUSED_PEER] == 2


def test_a_permission_alone_gives_indications(udp: Session) -> None:
    udp.allocation.permit(HOST, NOW)
    udp.send(b"data")
    (message,) = udp.transport.messages
    assert stun.parse(message).method == stun.DATA
    assert udp.allocation.packets_to_client == 1


def test_a_client_on_a_stream_gets_all_or_nothing(tcp: Session) -> None:
    tcp.bind()
    assert tcp.send(b"first")  # asyncio has to write it
    tcp.transport.room = False
    tcp.send(b"second")
    assert tcp.transport.packets == [(0x4001, b"first"), (0x4001, b"second")]
    assert tcp.relay.counters.drops[NO_ROOM] == 1
    assert tcp.allocation.dropped == 1
    tcp.relayed.forward(0x4001, b"to the peer", NOW)
    assert tcp.peer_socket.recv(100) == b"to the peer"


def test_what_can_not_be_sent_is_counted(udp: Session) -> None:
    udp.relayed.send_to_peer((HOST, 0), b"data")
    udp.relayed.send_to_peer(("192.0.2.1", 5), bytes(65_530))
    assert udp.relay.counters.drops[NO_ROOM] == 2


def test_only_so_many_sources_are_remembered(udp: Session) -> None:
    udp.allocation.permit(HOST, NOW)
    for number in range(MAX_SOURCES + 5):
        udp.address = (HOST, 1000 + number)
        udp.send(b"data")
    assert len(udp.relayed._sources) <= MAX_SOURCES


def test_what_flows_have_counted_is_collected(udp: Session) -> None:
    """Counts of flows are added to the allocation's once."""
    peer = udp.bind()
    for _ in range(2):
        udp.send(b"from the peer")
    assert udp.relayed.forward(0x4001, b"to the peer", NOW) is peer
    assert udp.peer_socket.recv(100) == b"to the peer"
    udp.path._counters[0] = ((3, 300), (2, 200), 4, 1, (0, 0))
    udp.relayed.collect()
    udp.relayed.collect()
    allocation = udp.allocation
    assert (allocation.packets_to_client, allocation.bytes_to_client) == (2 + 3, 26 + 300)
    assert (allocation.packets_to_peer, allocation.bytes_to_peer) == (1 + 2, 11 + 200)
    assert allocation.dropped == 5
    assert udp.relay.counters.drops == {NO_ROOM: 4, counters.BANDWIDTH: 1}


@pytest.mark.skipif(sys.platform != "linux", reason="Linux' socket option")
def test_dont_fragment_is_set_and_taken_back(udp: Session) -> None:
    def mode() -> int:
        return udp.relay_socket.getsockopt(socket.IPPROTO_IP, 10)

    before = mode()
    set_dont_fragment(udp.relay_socket, True)
    assert mode() == 2
    set_dont_fragment(udp.relay_socket, False)
    assert mode() == before
    udp.relayed.send_to_peer(udp.address, b"whole", dont_fragment=True)
    assert udp.peer_socket.recv(100) == b"whole"
    assert mode() == before


def test_only_a_client_that_a_listener_has_made_has_a_transport() -> None:
    transport = FakeTransport()
    assert transport_of(Client("udp", (HOST, 9), (HOST, 3478), transport)) is transport
    with pytest.raises(TypeError, match="was not made by a listener"):
        transport_of(Client("udp", (HOST, 9), (HOST, 3478)))
