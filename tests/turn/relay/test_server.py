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
    Caller,
    code,
    house,
    peer_attribute,
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
def place():
    return house()


@pytest.fixture
def caller(place):
    caller = Caller(place)
    caller.allocate()
    return caller


class TestSend:
    def test_to_a_permitted_peer(self, caller) -> None:
        caller.permit(PEER)
        (sent,) = caller.send_data(b"hello")
        assert (sent.allocation, sent.address, sent.data) == (caller.allocation, PEER, b"hello")
        assert not sent.dont_fragment
        assert (caller.allocation.packets_to_peer, caller.allocation.bytes_to_peer) == (1, 5)

    def test_an_empty_packet_and_the_fragment_flag(self, caller) -> None:
        caller.permit(PEER)
        (sent,) = caller.send_data(b"", PEER, (attribute.DONT_FRAGMENT, b""))
        assert sent.data == b""
        assert sent.dont_fragment

    def test_any_port_of_a_permitted_host(self, caller) -> None:
        caller.permit(PEER)
        assert caller.send_data(b"x", (PEER[0], 1))
        assert not caller.send_data(b"x", (PEER[0], 0))

    def test_only_the_ports_that_the_policy_names(self, caller) -> None:
        caller.permit(("10.3.0.1", 5000))
        assert caller.send_data(b"x", ("10.3.0.1", 5010))
        assert not caller.send_data(b"x", ("10.3.0.1", 5011))
        assert caller.house.relay.counters.drops == {counters.REFUSED_PEER: 1}

    def test_without_a_permission(self, caller) -> None:
        assert not caller.send_data(b"x")
        assert caller.house.relay.counters.drops == {counters.NO_PERMISSION: 1}
        assert caller.allocation.dropped == 1

    def test_after_the_permission(self, caller) -> None:
        caller.permit(PEER)
        assert caller.send_data(b"x")
        caller.house.now += 300
        assert not caller.send_data(b"x")

    def test_without_an_allocation(self, place) -> None:
        assert not Caller(place).send_data(b"x")
        assert place.relay.counters.drops == {counters.NO_ALLOCATION: 1}

    def test_with_what_is_not_understood(self, caller) -> None:
        caller.permit(PEER)
        assert not caller.send_data(b"x", PEER, (0x7000, b""))
        assert caller.send_data(b"x", PEER, (0xC000, b""))

    @pytest.mark.parametrize("missing", [attribute.XOR_PEER_ADDRESS, attribute.DATA])
    def test_without_peer_or_data(self, caller, missing) -> None:
        caller.permit(PEER)
        indication = Writer(stun.SEND, stun.INDICATION, bytes(12))
        for number, value in (peer_attribute(PEER, bytes(12)), (attribute.DATA, b"x")):
            if number != missing:
                indication.add(number, value)
        assert caller.house.feed(indication.finish(), caller.client) is None
        assert caller.house.to_peers == []

    def test_within_the_rate(self) -> None:
        place = house(limits=Limits(unauthenticated_rate=0, bytes_per_second=1000, burst_bytes=2000))
        caller = Caller(place)
        caller.allocate()
        caller.permit(PEER)
        assert [len(caller.send_data(bytes(1000))) for _ in range(3)] == [1, 1, 0]
        place.wait(1)
        assert caller.send_data(bytes(1000))
        assert place.relay.counters.drops == {counters.BANDWIDTH: 1}
        assert caller.allocation.from_peer.take(2000, place.now)


class TestPeers:
    """What the data path asks for packets that come in at the relay address."""

    def test_from_a_permitted_host(self, caller) -> None:
        caller.permit(PEER)
        relay, allocation, now = caller.house.relay, caller.allocation, caller.house.now
        peer = relay.peer_of(allocation, PEER, now)
        assert peer.open_until == now + 300
        assert allocation.peers[PEER] is peer
        data = parse(relay.data_indication(peer.address, b"hello"))
        assert data.get(attribute.DATA) == b"hello"

    def test_from_anybody_else(self, caller) -> None:
        caller.permit(PEER, ("10.3.0.1", 1))
        relay, allocation, now = caller.house.relay, caller.allocation, caller.house.now
        assert relay.peer_of(allocation, FORBIDDEN_PEER, now) is None
        assert relay.peer_of(allocation, ("10.1.0.6", 40_000), now) is None
        assert relay.peer_of(allocation, ("10.3.0.1", 4999), now) is None
        assert relay.peer_of(allocation, ("10.3.0.1", 5000), now)
        assert relay.peer_of(allocation, PEER, now + 300) is None

    def test_a_bound_channel_outlives_the_permission(self, caller) -> None:
        caller.bind(0x4000)
        caller.refresh(3600)
        caller.house.wait(599)
        assert caller.send_data(b"x")
        assert caller.house.relay.peer_of(caller.allocation, PEER, caller.house.now)
        caller.house.wait(1)
        assert not caller.send_data(b"x")

    def test_from_more_ports_than_fit(self, caller) -> None:
        """A host that scans itself through all ports doesn't fill the memory, and doesn't shut others out."""
        caller.permit(PEER, ("10.1.0.6", 1))
        relay, allocation, now = caller.house.relay, caller.allocation, caller.house.now
        for port in range(1, MAX_PEERS + 100):
            assert relay.peer_of(allocation, (PEER[0], port), now)
        assert len(allocation.peers) == MAX_PEERS
        assert relay.peer_of(allocation, ("10.1.0.6", 7), now)
        assert code(caller.bind(0x4000, ("10.1.0.6", 7))) == 0
        assert allocation.peers["10.1.0.6", 7].channel == 0x4000
        caller.house.wait(600)


class TestAgain:
    def test_the_same_allocate_request(self, caller) -> None:
        answer = caller.last_answer
        caller.send(caller.last_request)
        assert caller.last_answer == answer
        assert len(caller.house.opened) == 1

    def test_the_same_deletion(self, caller) -> None:
        caller.refresh(0)
        answer = caller.last_answer
        caller.send(caller.last_request)
        assert caller.last_answer == answer

    def test_a_replayed_permission_is_not_renewed(self, caller) -> None:
        caller.permit(PEER)
        caller.house.wait(20)
        caller.send(caller.last_request)
        assert caller.allocation.permissions[PEER[0]] == 1300.0


class TestLies:
    def test_a_spoofed_request_changes_nothing(self, caller) -> None:
        """From the client's own address, but without its password."""
        for method in (stun.REFRESH, stun.CREATE_PERMISSION, stun.CHANNEL_BIND):
            liar = Caller(caller.house, password="guess")
            liar.client, liar.nonce = caller.client, caller.nonce
            transaction_id = liar.transaction_id()
            answer = liar.request(
                method,
                (attribute.LIFETIME, bytes(4)),
                (attribute.CHANNEL_NUMBER, b"\x40\0\0\0"),
                peer_attribute(PEER, transaction_id),
                transaction_id=transaction_id,
            )
            assert code(answer) == 401
        allocation = caller.allocation
        assert allocation is not None
        assert (allocation.permissions, allocation.channels, allocation.expires) == ({}, {}, 1600.0)

    def test_a_truncated_or_changed_request_changes_nothing(self, caller) -> None:
        caller.fingerprint = False
        request = caller.build(stun.REFRESH, (attribute.LIFETIME, bytes(4)))
        for length in range(len(request)):
            caller.house.feed(request[:length], caller.client)
        for at in range(len(request)):
            caller.house.feed(request[:at] + bytes((request[at] ^ 1,)) + request[at + 1 :], caller.client)
        assert caller.allocation is not None
        assert caller.allocation.expires == 1600.0

    def test_requests_out_of_order(self, caller) -> None:
        """A channel is bound with what was sent before the allocation ended: there is nothing to bind it in."""
        transaction_id = caller.transaction_id()
        late = caller.build(
            stun.CHANNEL_BIND,
            (attribute.CHANNEL_NUMBER, b"\x40\0\0\0"),
            peer_attribute(PEER, transaction_id),
            transaction_id=transaction_id,
        )
        caller.refresh(0)
        assert code(caller.send(late)) == 437

    @pytest.mark.parametrize("kind", [stun.SUCCESS, stun.ERROR, stun.INDICATION])
    @pytest.mark.parametrize("method", [stun.BINDING, stun.ALLOCATE, stun.DATA, 0x0A, 0xFFF])
    def test_what_no_server_gets(self, caller, kind, method) -> None:
        assert caller.house.feed(Writer(method, kind, bytes(12)).finish(), caller.client) is None

    @pytest.mark.parametrize("method", [0x002, stun.SEND, stun.DATA, 0x00A, 0xFFF])
    def test_requests_for_methods_that_there_are_not(self, caller, method) -> None:
        assert caller.request(method) is None
        assert caller.house.relay.counters.drops == {counters.MALFORMED: 1}

    @pytest.mark.parametrize("data", [b"", b"\0", bytes(20), b"\x16\xfe\xff", b"\0" * 2000])
    def test_rubbish(self, caller, data) -> None:
        assert caller.house.feed(data, caller.client) is None
        assert caller.house.relay.counters.drops == {counters.MALFORMED: 1}

    def test_views_are_taken_too(self, place) -> None:
        client = Client("tcp", ("203.0.113.9", 1), SERVER)
        request = Writer(stun.BINDING, stun.REQUEST, bytes(12)).finish()
        (action,) = place.relay.from_client(memoryview(request), client, place.now)
        assert isinstance(action, SendToClient)


class TestStrangersOnStreams:
    def test_one_that_goes_on_and_on_is_closed(self, place, caplog) -> None:
        caplog.set_level(logging.INFO, "turn")
        caller = Caller(place, password="guess", protocol="tcp")
        caller.knock()
        answers = [code(caller.request(stun.BINDING)), *(code(caller.allocate()) for _ in range(97))]
        assert answers == [0, *[401] * 97]
        assert place.feed(b"rubbish", caller.client) is None
        assert place.closed == []
        assert caller.request(stun.BINDING) is None
        ((client, reason),) = [(action.client, action.reason) for action in place.closed]
        assert (client, reason) == (caller.client, counters.STRANGE)
        assert place.relay.counters.drops == {counters.MALFORMED: 1, counters.STRANGE: 1}
        assert "closed, after 100 messages without credentials" in caplog.text

    def test_who_shows_credentials_begins_anew(self, place) -> None:
        caller = Caller(place, protocol="tls")
        for _ in range(3):
            for _ in range(90):
                caller.request(stun.BINDING)
            assert code(caller.allocate()) == 0
            assert code(caller.refresh(0)) == 0
        assert place.closed == []

    def test_who_has_an_allocation_asks_as_often_as_he_likes(self, place) -> None:
        caller = Caller(place, protocol="dtls")
        caller.allocate()
        assert [code(caller.request(stun.BINDING)) for _ in range(2 * MAX_STRANGE_MESSAGES)] == [0] * 200
        assert place.closed == []

    def test_passwords_are_not_guessed_faster_than_over_udp(self) -> None:
        place = house(limits=Limits(unauthenticated_rate=1, unauthenticated_burst=2))
        guessers = [Caller(place, ("203.0.113.9", port), password="guess", protocol="tcp") for port in range(1, 5)]
        assert [(code(caller.knock()), code(caller.allocate())) for caller in guessers] == [
            *[(401, 401)] * 2,
            *[(401, None)] * 2,
        ]
        assert [action.client for action in place.closed] == [caller.client for caller in guessers[2:]]
        assert place.relay.counters.drops == {counters.RATE_LIMITED: 2}
        assert code(Caller(place, ("203.0.113.9", 9), protocol="tcp").allocate()) == 0  # behind the same address
        place.wait(1)
        assert code(guessers[0].allocate()) == 401

    @pytest.mark.parametrize("protocol", ["udp", "tcp"])
    def test_an_allocation_of_ones_own_is_no_place_to_guess_from(self, protocol) -> None:
        place = house(limits=Limits(unauthenticated_rate=1, unauthenticated_burst=3))
        caller = Caller(place, protocol=protocol)
        caller.allocate()
        caller.username, caller.password = "user-2", "guess"
        before = place.relay.counters.drops[counters.RATE_LIMITED]
        answers = [code(caller.refresh()) for _ in range(6)]
        assert answers[0] == 401
        assert answers[3:] == [None] * 3
        assert place.relay.counters.drops[counters.RATE_LIMITED] > before
        assert bool(place.closed) == (protocol == "tcp")
        caller.username, caller.password = "user-1", "pass-1"
        assert code(caller.refresh()) == 0

    def test_on_udp_there_is_nothing_to_close(self, place) -> None:
        caller = Caller(place)
        assert [code(caller.request(stun.BINDING)) for _ in range(2 * MAX_STRANGE_MESSAGES)] == [0] * 200
        assert place.closed == []


class TestChange:
    def test_a_peer_that_is_not_admitted_any_more(self, caller) -> None:
        relay = caller.house.relay
        caller.bind(0x4000)
        caller.permit(PEER)
        assert relay.policy.replace([rule("10.2.0.0/16")])
        relay.policy_changed()
        peer = caller.allocation.channels[0x4000]
        assert peer.open_until < 0
        assert not caller.send_data(b"x")
        assert relay.peer_of(caller.allocation, PEER, caller.house.now) is None
        assert relay.counters.drops == {counters.REFUSED_PEER: 2}
        assert code(caller.bind(0x4000)) == 403
        assert caller.allocation is not None
        assert code(caller.permit(FORBIDDEN_PEER)) == 0

    def test_a_peer_that_is_admitted_again(self, caller) -> None:
        """Names come and go while pods restart: no request has to be repeated."""
        relay, rules = caller.house.relay, caller.house.relay.policy.rules
        caller.bind(0x4000)
        relay.policy.replace([])
        relay.policy_changed()
        relay.policy.replace(rules)
        relay.policy_changed()
        assert caller.send_data(b"x")

    def test_a_permission_does_not_outlive_its_rule(self, caller) -> None:
        """Not even for a port that has not been heard of yet."""
        caller.permit(PEER)
        caller.house.relay.policy.replace([])
        caller.house.relay.policy_changed()
        assert not caller.send_data(b"x", (PEER[0], 9))


class TestClients:
    def test_a_closed_stream_ends_its_allocation(self, place) -> None:
        caller = Caller(place, protocol="tcp")
        caller.allocate()
        place.carry_out(place.relay.client_gone(caller.client, place.now))
        assert (caller.allocation, place.opened) == (None, {})
        assert place.relay.client_gone(caller.client, place.now) == ()
        assert place.relay.counters.ended == {"client_gone": 1}

    def test_clients_are_apart(self, place) -> None:
        one, other = Caller(place), Caller(place, ("203.0.113.9", 1025))
        for caller in (one, other):
            caller.allocate()
        one.permit(PEER)
        assert not other.send_data(b"x")
        one.refresh(0)
        assert other.allocation is not None

    def test_clients_over_ipv6(self, place) -> None:
        caller = Caller(place, ("2001:db8:9::1", 1024))
        answer = caller.allocate()
        mapped = attribute.decode_xor_address(answer.get(attribute.XOR_MAPPED_ADDRESS), answer.transaction_id)
        assert mapped == ("2001:db8:9::1", 1024)


def test_an_allocation_has_two_lines_in_the_log(place, caplog) -> None:
    caplog.set_level(logging.INFO, "turn")
    caller = Caller(place)
    caller.allocate()
    name = caller.allocation.id
    caller.permit(PEER)
    caller.send_data(b"x")
    caller.refresh(0)
    begin, end = caplog.records
    assert begin.getMessage() == f"= {name}: 198.51.100.1:50001 for udp:203.0.113.9:1024, user user-1"
    assert end.getMessage() == f"= {name}: over (deleted); 1 packets (1 bytes) to peers, 0 (0) to the client, 0 dropped"
    assert begin.allocation == end.allocation == name
    assert (end.reason, end.packets_to_peer, end.bytes_to_client) == ("deleted", 1, 0)


def test_the_end_of_the_gateway_ends_all(place) -> None:
    callers = [Caller(place, ("203.0.113.9", port)) for port in (1, 2)]
    for caller in callers:
        caller.allocate()
    place.carry_out(place.relay.end_all())
    assert (len(place.relay.allocations), place.opened) == (0, {})
    assert place.relay.counters.ended == {"gateway_ends": 2}


def test_defaults() -> None:
    relay = Relay(Auth(REALM, users=USERS, nonce_key=NONCE_KEY), Policy())
    assert (relay.limits, relay.draining, len(relay.allocations)) == (Limits(), False, 0)
    assert relay.next_deadline() is None
    assert relay.handle_timer(0.0) == []
