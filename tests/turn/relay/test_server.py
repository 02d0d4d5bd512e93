"""The server as a whole: data, time, changes, and clients that go, or lie."""

import logging

import pytest

from tests.turn.simulation import (
    FORBIDDEN_PEER,
    NONCE_KEY,
    PEER,
    REALM,
    SERVER,
    USERS,
    SimulatedClient,
    code,
    peer_attribute,
    simulate,
)
from turn.relay import counters
from turn.relay.actions import SendToClient
from turn.relay.allocation import MAX_PEERS, Client
from turn.relay.auth import Auth
from turn.relay.limits import MAX_STRANGE_MESSAGES, Limits
from turn.relay.policy import Policy, rule
from turn.relay.server import Relay
from turn.wire import attributes as attribute
from turn.wire import stun
from turn.wire.stun import Writer, parse


@pytest.fixture
def gateway():
    return simulate()


@pytest.fixture
def client(gateway):
    client = SimulatedClient(gateway)
    client.allocate()
    return client


class TestSend:
    def test_to_a_permitted_peer(self, client) -> None:
        client.permit(PEER)
        (sent,) = client.send_data(b"hello")
        assert (sent.allocation, sent.address, sent.data) == (client.allocation, PEER, b"hello")
        assert not sent.dont_fragment
        assert (client.allocation.packets_to_peer, client.allocation.bytes_to_peer) == (1, 5)

    def test_an_empty_packet_and_the_fragment_flag(self, client) -> None:
        client.permit(PEER)
        (sent,) = client.send_data(b"", PEER, (attribute.DONT_FRAGMENT, b""))
        assert sent.data == b""
        assert sent.dont_fragment

    def test_any_port_of_a_permitted_host(self, client) -> None:
        client.permit(PEER)
        assert client.send_data(b"x", (PEER[0], 1))
        assert not client.send_data(b"x", (PEER[0], 0))

    def test_only_the_ports_that_the_policy_names(self, client) -> None:
        client.permit(("10.3.0.1", 5000))
        assert client.send_data(b"x", ("10.3.0.1", 5010))
        assert not client.send_data(b"x", ("10.3.0.1", 5011))
        assert client.gateway.relay.counters.drops == {counters.REFUSED_PEER: 1}

    def test_without_a_permission(self, client) -> None:
        assert not client.send_data(b"x")
        assert client.gateway.relay.counters.drops == {counters.NO_PERMISSION: 1}
        assert client.allocation.dropped == 1

    def test_after_the_permission(self, client) -> None:
        client.permit(PEER)
        assert client.send_data(b"x")
        client.gateway.now += 300
        assert not client.send_data(b"x")

    def test_without_an_allocation(self, gateway) -> None:
        assert not SimulatedClient(gateway).send_data(b"x")
        assert gateway.relay.counters.drops == {counters.NO_ALLOCATION: 1}

    def test_with_what_is_not_understood(self, client) -> None:
        client.permit(PEER)
        assert not client.send_data(b"x", PEER, (0x7000, b""))
        assert client.send_data(b"x", PEER, (0xC000, b""))

    @pytest.mark.parametrize("missing", [attribute.XOR_PEER_ADDRESS, attribute.DATA])
    def test_without_peer_or_data(self, client, missing) -> None:
        client.permit(PEER)
        indication = Writer(stun.SEND, stun.INDICATION, bytes(12))
        for number, value in (peer_attribute(PEER, bytes(12)), (attribute.DATA, b"x")):
            if number != missing:
                indication.add(number, value)
        assert client.gateway.feed(indication.finish(), client.relay_client) is None
        assert client.gateway.to_peers == []

    def test_within_the_rate(self) -> None:
        gateway = simulate(limits=Limits(unauthenticated_rate=0, bytes_per_second=1000, burst_bytes=2000))
        client = SimulatedClient(gateway)
        client.allocate()
        client.permit(PEER)
        assert [len(client.send_data(bytes(1000))) for _ in range(3)] == [1, 1, 0]
        gateway.wait(1)
        assert client.send_data(bytes(1000))
        assert gateway.relay.counters.drops == {counters.BANDWIDTH: 1}
        assert client.allocation.bucket_to_client.consume(2000, gateway.now)


class TestPeers:
    """``peer_of``, which the gateway asks for packets that come in at the relay address."""

    def test_from_a_permitted_host(self, client) -> None:
        client.permit(PEER)
        relay, allocation, now = client.gateway.relay, client.allocation, client.gateway.now
        peer = relay.peer_of(allocation, PEER, now)
        assert peer.open_until == now + 300
        assert allocation.peers[PEER] is peer
        data = parse(relay.data_indication(peer.address, b"hello"))
        assert data.get(attribute.DATA) == b"hello"

    def test_from_anybody_else(self, client) -> None:
        client.permit(PEER, ("10.3.0.1", 1))
        relay, allocation, now = client.gateway.relay, client.allocation, client.gateway.now
        assert relay.peer_of(allocation, FORBIDDEN_PEER, now) is None
        assert relay.peer_of(allocation, ("10.1.0.6", 40_000), now) is None
        assert relay.peer_of(allocation, ("10.3.0.1", 4999), now) is None
        assert relay.peer_of(allocation, ("10.3.0.1", 5000), now)
        assert relay.peer_of(allocation, PEER, now + 300) is None

    def test_a_bound_channel_outlives_the_permission(self, client) -> None:
        client.bind(0x4000)
        client.refresh(3600)
        client.gateway.wait(599)
        assert client.send_data(b"x")
        assert client.gateway.relay.peer_of(client.allocation, PEER, client.gateway.now)
        client.gateway.wait(1)
        assert not client.send_data(b"x")

    def test_from_more_ports_than_fit(self, client) -> None:
        """A host that scans itself through all ports doesn't fill the memory, and doesn't shut others out."""
        client.permit(PEER, ("10.1.0.6", 1))
        relay, allocation, now = client.gateway.relay, client.allocation, client.gateway.now
        for port in range(1, MAX_PEERS + 100):
            assert relay.peer_of(allocation, (PEER[0], port), now)
        assert len(allocation.peers) == MAX_PEERS
        assert relay.peer_of(allocation, ("10.1.0.6", 7), now)
        assert code(client.bind(0x4000, ("10.1.0.6", 7))) == 0
        assert allocation.peers["10.1.0.6", 7].channel == 0x4000
        client.gateway.wait(600)


class TestAgain:
    def test_the_same_allocate_request(self, client) -> None:
        answer = client.last_answer
        client.send(client.last_request)
        assert client.last_answer == answer
        assert len(client.gateway.opened) == 1

    def test_the_same_deletion(self, client) -> None:
        client.refresh(0)
        answer = client.last_answer
        client.send(client.last_request)
        assert client.last_answer == answer

    def test_a_replayed_permission_is_not_renewed(self, client) -> None:
        client.permit(PEER)
        client.gateway.wait(20)
        client.send(client.last_request)
        assert client.allocation.permissions[PEER[0]] == 1300.0


class TestLies:
    def test_a_spoofed_request_changes_nothing(self, client) -> None:
        """It comes from the client's own address, but without its password."""
        for method in (stun.REFRESH, stun.CREATE_PERMISSION, stun.CHANNEL_BIND):
            liar = SimulatedClient(client.gateway, password="guess")
            liar.relay_client, liar.nonce = client.relay_client, client.nonce
            transaction_id = liar.transaction_id()
            answer = liar.request(
                method,
                (attribute.LIFETIME, bytes(4)),
                (attribute.CHANNEL_NUMBER, b"\x40\0\0\0"),
                peer_attribute(PEER, transaction_id),
                transaction_id=transaction_id,
            )
            assert code(answer) == 401
        allocation = client.allocation
        assert allocation is not None
        assert (allocation.permissions, allocation.channels, allocation.expires) == ({}, {}, 1600.0)

    def test_a_truncated_or_changed_request_changes_nothing(self, client) -> None:
        client.fingerprint = False
        request = client.build(stun.REFRESH, (attribute.LIFETIME, bytes(4)))
        for length in range(len(request)):
            client.gateway.feed(request[:length], client.relay_client)
        for at in range(len(request)):
            client.gateway.feed(request[:at] + bytes((request[at] ^ 1,)) + request[at + 1 :], client.relay_client)
        assert client.allocation is not None
        assert client.allocation.expires == 1600.0

    def test_requests_out_of_order(self, client) -> None:
        """A channel is bound by a request that was sent before the allocation ended: there is nothing to bind it in."""
        transaction_id = client.transaction_id()
        late = client.build(
            stun.CHANNEL_BIND,
            (attribute.CHANNEL_NUMBER, b"\x40\0\0\0"),
            peer_attribute(PEER, transaction_id),
            transaction_id=transaction_id,
        )
        client.refresh(0)
        assert code(client.send(late)) == 437

    @pytest.mark.parametrize("kind", [stun.SUCCESS, stun.ERROR, stun.INDICATION])
    @pytest.mark.parametrize("method", [stun.BINDING, stun.ALLOCATE, stun.DATA, 0x0A, 0xFFF])
    def test_what_no_server_gets(self, client, kind, method) -> None:
        assert client.gateway.feed(Writer(method, kind, bytes(12)).finish(), client.relay_client) is None

    @pytest.mark.parametrize("method", [0x002, stun.SEND, stun.DATA, 0x00A, 0xFFF])
    def test_requests_for_methods_that_there_are_not(self, client, method) -> None:
        assert client.request(method) is None
        assert client.gateway.relay.counters.drops == {counters.MALFORMED: 1}

    @pytest.mark.parametrize("data", [b"", b"\0", bytes(20), b"\x16\xfe\xff", b"\0" * 2000])
    def test_rubbish(self, client, data) -> None:
        assert client.gateway.feed(data, client.relay_client) is None
        assert client.gateway.relay.counters.drops == {counters.MALFORMED: 1}

    def test_views_are_taken_too(self, gateway) -> None:
        client = Client("tcp", ("203.0.113.9", 1), SERVER)
        request = Writer(stun.BINDING, stun.REQUEST, bytes(12)).finish()
        (action,) = gateway.relay.handle_message(memoryview(request), client, gateway.now)
        assert isinstance(action, SendToClient)


class TestStrangersOnStreams:
    def test_one_that_goes_on_and_on_is_closed(self, gateway, caplog) -> None:
        caplog.set_level(logging.INFO, "turn")
        client = SimulatedClient(gateway, password="guess", protocol="tcp")
        client.request_nonce()
        answers = [code(client.request(stun.BINDING)), *(code(client.allocate()) for _ in range(97))]
        assert answers == [0, *[401] * 97]
        assert gateway.feed(b"rubbish", client.relay_client) is None
        assert gateway.closed == []
        assert client.request(stun.BINDING) is None
        (action,) = gateway.closed
        assert (action.client, action.reason) == (client.relay_client, counters.STRANGE)
        assert gateway.relay.counters.drops == {counters.MALFORMED: 1, counters.STRANGE: 1}
        assert "closed, after 100 messages without credentials" in caplog.text

    def test_who_shows_credentials_begins_anew(self, gateway) -> None:
        client = SimulatedClient(gateway, protocol="tls")
        for _ in range(3):
            for _ in range(90):
                client.request(stun.BINDING)
            assert code(client.allocate()) == 0
            assert code(client.refresh(0)) == 0
        assert gateway.closed == []

    def test_who_has_an_allocation_asks_as_often_as_he_likes(self, gateway) -> None:
        client = SimulatedClient(gateway, protocol="dtls")
        client.allocate()
        assert [code(client.request(stun.BINDING)) for _ in range(2 * MAX_STRANGE_MESSAGES)] == [0] * 200
        assert gateway.closed == []

    def test_passwords_are_not_guessed_faster_than_over_udp(self) -> None:
        gateway = simulate(limits=Limits(unauthenticated_rate=1, unauthenticated_burst=2))
        guessers = [
            SimulatedClient(gateway, ("203.0.113.9", port), password="guess", protocol="tcp") for port in range(1, 5)
        ]
        assert [(code(client.request_nonce()), code(client.allocate())) for client in guessers] == [
            *[(401, 401)] * 2,
            *[(401, None)] * 2,
        ]
        assert [action.client for action in gateway.closed] == [client.relay_client for client in guessers[2:]]
        assert gateway.relay.counters.drops == {counters.RATE_LIMITED: 2}
        assert (
            code(SimulatedClient(gateway, ("203.0.113.9", 9), protocol="tcp").allocate()) == 0
        )  # behind the same address
        gateway.wait(1)
        assert code(guessers[0].allocate()) == 401

    @pytest.mark.parametrize("protocol", ["udp", "tcp"])
    def test_an_allocation_of_ones_own_is_no_place_to_guess_from(self, protocol) -> None:
        gateway = simulate(limits=Limits(unauthenticated_rate=1, unauthenticated_burst=3))
        client = SimulatedClient(gateway, protocol=protocol)
        client.allocate()
        client.username, client.password = "user-2", "guess"
        before = gateway.relay.counters.drops[counters.RATE_LIMITED]
        answers = [code(client.refresh()) for _ in range(6)]
        assert answers[0] == 401
        assert answers[3:] == [None] * 3
        assert gateway.relay.counters.drops[counters.RATE_LIMITED] > before
        assert bool(gateway.closed) == (protocol == "tcp")
        client.username, client.password = "user-1", "pass-1"
        assert code(client.refresh()) == 0

    def test_on_udp_there_is_nothing_to_close(self, gateway) -> None:
        client = SimulatedClient(gateway)
        assert [code(client.request(stun.BINDING)) for _ in range(2 * MAX_STRANGE_MESSAGES)] == [0] * 200
        assert gateway.closed == []


class TestChange:
    def test_a_peer_that_is_not_admitted_any_more(self, client) -> None:
        relay = client.gateway.relay
        client.bind(0x4000)
        client.permit(PEER)
        assert relay.policy.replace([rule("10.2.0.0/16")])
        relay.policy_changed()
        peer = client.allocation.channels[0x4000]
        assert peer.open_until < 0
        assert not client.send_data(b"x")
        assert relay.peer_of(client.allocation, PEER, client.gateway.now) is None
        assert relay.counters.drops == {counters.REFUSED_PEER: 2}
        assert code(client.bind(0x4000)) == 403
        assert client.allocation is not None
        assert code(client.permit(FORBIDDEN_PEER)) == 0

    def test_a_peer_that_is_admitted_again(self, client) -> None:
        """Names come and go while pods restart: no request has to be repeated."""
        relay, rules = client.gateway.relay, client.gateway.relay.policy.rules
        client.bind(0x4000)
        relay.policy.replace([])
        relay.policy_changed()
        relay.policy.replace(rules)
        relay.policy_changed()
        assert client.send_data(b"x")

    def test_a_permission_does_not_outlive_its_rule(self, client) -> None:
        """That holds for a port without a packet so far, too."""
        client.permit(PEER)
        client.gateway.relay.policy.replace([])
        client.gateway.relay.policy_changed()
        assert not client.send_data(b"x", (PEER[0], 9))


class TestClients:
    def test_a_closed_stream_ends_its_allocation(self, gateway) -> None:
        client = SimulatedClient(gateway, protocol="tcp")
        client.allocate()
        gateway.carry_out(gateway.relay.client_gone(client.relay_client, gateway.now))
        assert (client.allocation, gateway.opened) == (None, {})
        assert gateway.relay.client_gone(client.relay_client, gateway.now) == ()
        assert gateway.relay.counters.ended == {"client_gone": 1}

    def test_clients_are_apart(self, gateway) -> None:
        one, other = SimulatedClient(gateway), SimulatedClient(gateway, ("203.0.113.9", 1025))
        for client in (one, other):
            client.allocate()
        one.permit(PEER)
        assert not other.send_data(b"x")
        one.refresh(0)
        assert other.allocation is not None

    def test_clients_over_ipv6(self, gateway) -> None:
        client = SimulatedClient(gateway, ("2001:db8:9::1", 1024))
        answer = client.allocate()
        mapped = attribute.decode_xor_address(answer.get(attribute.XOR_MAPPED_ADDRESS), answer.transaction_id)
        assert mapped == ("2001:db8:9::1", 1024)


def test_an_allocation_has_two_lines_in_the_log(gateway, caplog) -> None:
    caplog.set_level(logging.INFO, "turn")
    client = SimulatedClient(gateway)
    client.allocate()
    name = client.allocation.id
    client.permit(PEER)
    client.send_data(b"x")
    client.refresh(0)
    begin, end = caplog.records
    assert begin.getMessage() == f"= {name}: 198.51.100.1:50001 for udp:203.0.113.9:1024, user user-1"
    assert end.getMessage() == f"= {name}: over (deleted); 1 packets (1 bytes) to peers, 0 (0) to the client, 0 dropped"
    assert begin.allocation == end.allocation == name
    assert (end.reason, end.packets_to_peer, end.bytes_to_client) == ("deleted", 1, 0)


def test_the_end_of_the_gateway_ends_all(gateway) -> None:
    clients = [SimulatedClient(gateway, ("203.0.113.9", port)) for port in (1, 2)]
    for client in clients:
        client.allocate()
    gateway.carry_out(gateway.relay.end_all())
    assert (len(gateway.relay.allocations), gateway.opened) == (0, {})
    assert gateway.relay.counters.ended == {"gateway_ends": 2}


def test_defaults() -> None:
    relay = Relay(Auth(REALM, users=USERS, nonce_key=NONCE_KEY), Policy())
    assert (relay.limits, relay.draining, len(relay.allocations)) == (Limits(), False, 0)
    assert relay.next_deadline() is None
    assert relay.handle_timer(0.0) == []
