"""The fast way's decisions: time, policy and room, packet by packet. test_gateway.py has the whole way."""

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.turn.live_gateway import HOST
from tests.turn.simulation import NONCE_KEY, REALM
from turn.datapath.datagram import Received, Way, send, source_at
from turn.datapath.datapath import DataPath
from turn.gateway.relayed import MAX_KNOWN, NO_ROOM, Leg, set_dont_fragment
from turn.gateway.traffic import Traffic
from turn.relay import counters
from turn.relay.allocation import CHANNEL_LIFETIME, PERMISSION_LIFETIME, Allocation, Client, Grant, Peer
from turn.relay.auth import Auth
from turn.relay.policy import Policy, rule
from turn.relay.server import Relay
from turn.wire import channel, stun
from turn.wire.attributes import IPV4

NOW = 1000.0


class Transport:
    """A client's transport that keeps what it gets, or sends it on by a socket."""

    def __init__(self, datagrams: Way | None = None) -> None:
        self.datagrams = datagrams
        self.traffic = Traffic()
        self.messages: list[bytes] = []
        self.packets: list[tuple[int, bytes]] = []
        self.room = True

    def send(self, data: bytes) -> bool:
        self.messages.append(data)
        return self.room

    def send_channel_data(self, number: int, payloads: list[memoryview], tos: int) -> int:
        if self.datagrams:
            return sum(send(self.datagrams, (channel.encode(number, bytes(each)),)) for each in payloads)
        self.packets += [(number, bytes(payload)) for payload in payloads]
        return len(payloads) if self.room else 0


class Setting:
    """A leg between a client and a peer."""

    def __init__(self, stack: ExitStack, datagrams: bool) -> None:
        sockets = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(3)]
        for sock in sockets:
            sock.bind((HOST, 0))
            sock.settimeout(5)
        self.client, self.relayed, self.peer = sockets
        self.relay = Relay(Auth(REALM, nonce_key=NONCE_KEY), Policy([rule(HOST)]))
        self.path = DataPath()
        stack.callback(self.path.destroy)
        self.way = Transport(Way(self.relayed, self.client.getsockname()) if datagrams else None)
        client = Client("udp" if datagrams else "tcp", self.client.getsockname(), (HOST, 3478), self.way)
        self.allocation = Allocation("id", client, Grant("user", "user", 1, b""), IPV4, NOW)
        self.leg = Leg(self.relay, self.allocation, self.relayed, self.path)
        self.address = self.peer.getsockname()

    def bind(self) -> Peer:
        peer = Peer(self.address, NOW)
        self.allocation.bind(peer, 0x4001, NOW)
        return peer

    def send(self, *packets: bytes, now: float = NOW) -> bool:
        """The leg gets them at this time, as if there were no flow."""
        received = []
        for at, packet in enumerate(packets):
            self.path.memory[100 * at : 100 * at + len(packet)] = packet
            received.append(Received(100 * at, len(packet), 0, 0, source_at(self.address)))
        return self.leg.take(received, now)


@pytest.fixture
def setting() -> Iterator[Setting]:
    with ExitStack() as stack:
        yield Setting(stack, datagrams=True)


@pytest.fixture
def stream() -> Iterator[Setting]:
    with ExitStack() as stack:
        yield Setting(stack, datagrams=False)


def test_a_channel_is_good_for_its_whole_time(setting: Setting) -> None:
    setting.bind()
    for now in (NOW, NOW + PERMISSION_LIFETIME + 1, NOW + CHANNEL_LIFETIME - 1):
        setting.send(b"on", now=now)
        assert channel.decode(setting.client.recv(100)) == (0x4001, b"on")
    setting.send(b"late", now=NOW + CHANNEL_LIFETIME)
    assert setting.relay.counters.drops[counters.NO_PERMISSION] == 1
    assert setting.allocation.packets_to_client == 3


def test_a_channel_that_is_bound_again_goes_on(setting: Setting) -> None:
    setting.bind()
    setting.send(b"on")
    setting.allocation.sweep(NOW + CHANNEL_LIFETIME)
    assert not setting.allocation.peers
    peer = Peer(setting.address, NOW)
    setting.allocation.bind(peer, 0x4002, NOW + CHANNEL_LIFETIME)
    setting.send(b"again", now=NOW + CHANNEL_LIFETIME + 1)
    assert [channel.decode(setting.client.recv(100)) for _ in range(2)] == [(0x4001, b"on"), (0x4002, b"again")]


def test_a_peer_that_is_no_longer_admitted_is_silent_at_once(setting: Setting) -> None:
    setting.bind()
    setting.send(b"on")
    assert setting.client.recv(100)
    setting.relay.allocations.add(setting.allocation)
    setting.relay.policy.replace([])
    setting.relay.policy_changed()
    setting.send(b"off")
    assert setting.relay.counters.drops[counters.REFUSED_PEER] == 1
    assert setting.leg.channel_peer(0x4001, 5, NOW) is None
    assert setting.relay.counters.drops[counters.REFUSED_PEER] == 2


def test_a_permission_alone_gives_indications(setting: Setting) -> None:
    setting.allocation.permit(HOST, NOW)
    setting.send(b"data")
    (message,) = setting.way.messages
    assert stun.parse(message).method == stun.DATA
    assert setting.allocation.packets_to_client == 1


def test_a_client_on_a_stream_gets_all_or_nothing(stream: Setting) -> None:
    stream.bind()
    assert stream.send(b"first")  # asyncio has to write it
    stream.way.room = False
    stream.send(b"second")
    assert stream.way.packets == [(0x4001, b"first"), (0x4001, b"second")]
    assert stream.relay.counters.drops[NO_ROOM] == 1
    assert stream.allocation.dropped == 1
    stream.leg.forward(0x4001, b"to the peer", NOW)
    assert stream.peer.recv(100) == b"to the peer"


def test_what_can_not_be_sent_is_counted(setting: Setting) -> None:
    setting.leg.send_to_peer((HOST, 0), b"data")
    setting.leg.send_to_peer(("192.0.2.1", 5), bytes(65_530))
    assert setting.relay.counters.drops[NO_ROOM] == 2


def test_only_so_many_sources_are_remembered(setting: Setting) -> None:
    setting.allocation.permit(HOST, NOW)
    for number in range(MAX_KNOWN + 5):
        setting.address = (HOST, 1000 + number)
        setting.send(b"data")
    assert len(setting.leg._sources) <= MAX_KNOWN


def test_what_flows_have_counted_is_collected(setting: Setting) -> None:
    """What flows have counted is the allocation's, once."""
    peer = setting.bind()
    for _ in range(2):
        setting.send(b"from the peer")
    assert setting.leg.forward(0x4001, b"to the peer", NOW) is peer
    assert setting.peer.recv(100) == b"to the peer"
    setting.path._counts[0, :6] = 3, 300, 2, 200, 4, 1
    setting.leg.collect()
    setting.leg.collect()
    allocation = setting.allocation
    assert (allocation.packets_to_client, allocation.bytes_to_client) == (2 + 3, 26 + 300)
    assert (allocation.packets_to_peer, allocation.bytes_to_peer) == (1 + 2, 11 + 200)
    assert allocation.dropped == 5
    assert setting.relay.counters.drops == {NO_ROOM: 4, counters.BANDWIDTH: 1}


@pytest.mark.skipif(sys.platform != "linux", reason="Linux' socket option")
def test_dont_fragment_is_set_and_taken_back(setting: Setting) -> None:
    def mode() -> int:
        return setting.relayed.getsockopt(socket.IPPROTO_IP, 10)

    before = mode()
    set_dont_fragment(setting.relayed, True)
    assert mode() == 2
    set_dont_fragment(setting.relayed, False)
    assert mode() == before
    setting.leg.send_to_peer(setting.address, b"whole", dont_fragment=True)
    assert setting.peer.recv(100) == b"whole"
    assert mode() == before
