"""Requests in any order, good and bad, replayed, spoofed and torn: what has to hold whatever happens."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.turn import simulation as model
from tests.turn.simulation import RULES, SECRET, UDP_TRANSPORT, SimulatedClient, code, peer_attribute, simulate
from turn.relay.limits import MAX_UNAUTHENTICATED_ANSWER, Limits
from turn.wire import attributes as attribute
from turn.wire import stun
from turn.wire.credentials import issue

LIMITS = Limits(allocations=4, allocations_per_user=2, unauthenticated_rate=0)
FAR_AWAY = 100_000

PEERS = (("10.1.0.5", 40_000), ("10.1.0.5", 40_001), ("10.3.0.1", 5000), ("10.3.0.1", 6000))
BAD_PEERS = (("10.2.0.5", 1), ("127.0.0.1", 80), ("fd00:1::5", 1))

honest = st.integers(0, 3)
anybody = st.sampled_from([0, 0, 0, 1, 2, 3, 3, 4, 5])  # with the same ones often, so that their stories go on
peers = st.sampled_from(PEERS + PEERS + BAD_PEERS)
wishes = st.sampled_from(
    [
        (),
        ((attribute.EVEN_PORT, b"\x80"),),
        ((attribute.REQUESTED_ADDRESS_FAMILY, b"\2\0\0\0"),),
        ((attribute.REQUESTED_ADDRESS_FAMILY, b"\x09\0\0\0"),),
        ((attribute.RESERVATION_TOKEN, bytes(8)),),
        ((attribute.LIFETIME, attribute.encode_number(3600)),),
        ((0x7777, b"?"),),
    ]
)


FINGERPRINT_SIZE = 8
"""The last attribute of a request, after MESSAGE-INTEGRITY (RFC 8489 section 14.7)."""


class AnyOrder(RuleBasedStateMachine):
    """Four honest clients of three users; one that has to guess its password, and one without."""

    def __init__(self) -> None:
        super().__init__()
        self.gateway = simulate(limits=LIMITS)
        timed = issue(SECRET, "p-42", FAR_AWAY, self.gateway.now)
        self.clients = [
            SimulatedClient(self.gateway, ("203.0.113.1", 1)),
            SimulatedClient(self.gateway, ("203.0.113.1", 2)),
            SimulatedClient(self.gateway, ("203.0.113.2", 1), "user-2", "pass-2"),
            SimulatedClient(self.gateway, ("2001:db8::3", 1), timed.username, timed.password, "tcp"),
            SimulatedClient(self.gateway, ("203.0.113.4", 1), "user-1", "guess"),
            SimulatedClient(self.gateway, ("203.0.113.5", 1), "nobody", ""),
        ]
        self.clients[1].sha256 = True
        for client in self.clients[::2]:
            client.fingerprint = False  # so that it is the integrity that finds what has been changed
        self.requests: list[tuple[int, bytes]] = []
        self.permitted: dict[tuple[object, str], float] = {}
        self.bound: dict[tuple[object, tuple[str, int]], float] = {}

    def ask(self, who: int, method: int, *attributes, **how):
        """Send a request, and once more if the nonce was stale; return the answer."""
        client = self.clients[who]
        answer = client.request(method, *attributes, **how)
        if code(answer) == 438:
            answer = client.request(method, *attributes)
        self.requests.append((who, client.last_request))
        return answer

    def held_by(self, who: int):
        """Return the client's allocation, unless its time is over and the timer is late."""
        allocation = self.clients[who].allocation
        return allocation if allocation is not None and self.gateway.now < allocation.expires else None

    @initialize(wanted=st.lists(peers, min_size=1, max_size=2))
    def begin(self, wanted) -> None:
        """Let two clients have a channel from the start."""
        for who in (0, 3):
            self.allocate(who, ())
            self.permit(who, wanted)
            self.bind(who, 0x4000, wanted[0])

    @rule(who=anybody, wish=wishes)
    def allocate(self, who: int, wish) -> None:
        if not self.clients[who].nonce:
            assert code(self.clients[who].request_nonce()) == 401
        had = self.held_by(who)
        answer = self.ask(who, stun.ALLOCATE, UDP_TRANSPORT, *wish)
        if who > 3:
            assert code(answer) in (401, 438)
        elif had is not None:
            assert code(answer) in (437, 420)
        assert (code(answer) == 0) == (had is None and self.clients[who].allocation is not None)

    @rule(who=anybody, lifetime=st.sampled_from([None, 0, 1, 700, 10**6]))
    def refresh(self, who: int, lifetime) -> None:
        had = self.held_by(who)
        wish = () if lifetime is None else ((attribute.LIFETIME, attribute.encode_number(lifetime)),)
        answer = self.ask(who, stun.REFRESH, *wish)
        assert (code(answer) == 0) == (had is not None)
        assert (self.clients[who].allocation is not None) == (had is not None and lifetime != 0)

    @rule(who=anybody, wanted=st.lists(peers, min_size=1, max_size=3))
    def permit(self, who: int, wanted) -> None:
        transaction_id = self.clients[who].transaction_id()
        addresses = [peer_attribute(peer, transaction_id) for peer in wanted]
        allocation = self.clients[who].allocation
        answer = self.clients[who].request(stun.CREATE_PERMISSION, *addresses, transaction_id=transaction_id)
        if code(answer) == 0:
            assert all(self.gateway.relay.policy.refusal(host, 0) is None for host, _ in wanted)
            self.permitted.update({(allocation, host): self.gateway.now + 300 for host, _ in wanted})
        self.requests.append((who, self.clients[who].last_request))

    @rule(who=anybody, number=st.sampled_from([0x3FFF, 0x4000, 0x4001, 0x7FFF]), peer=peers)
    def bind(self, who: int, number: int, peer) -> None:
        allocation = self.clients[who].allocation
        if code(self.clients[who].bind(number, peer)) == 0:
            assert self.gateway.relay.policy.allows(*peer)
            self.bound[allocation, peer] = self.gateway.now + 600
            self.permitted[allocation, peer[0]] = self.gateway.now + 300
        self.requests.append((who, self.clients[who].last_request))

    @rule(who=anybody, peer=peers)
    def send(self, who: int, peer) -> None:
        allocation = self.clients[who].allocation
        for sent in self.clients[who].send_data(b"payload", peer):
            until = max(self.permitted.get((allocation, peer[0]), 0), self.bound.get((allocation, peer), 0))
            assert self.gateway.now < until
            assert sent.allocation is allocation
            assert sent.address == peer
            assert self.gateway.relay.policy.allows(*peer)

    @rule(who=honest, peer=peers)
    def receive(self, who: int, peer) -> None:
        allocation = self.clients[who].allocation
        if allocation is not None and self.gateway.relay.peer_of(allocation, peer, self.gateway.now):
            until = max(self.permitted.get((allocation, peer[0]), 0), self.bound.get((allocation, peer), 0))
            assert self.gateway.now < until
            assert self.gateway.relay.policy.allows(*peer)

    @rule(seconds=st.sampled_from([0.5, 29, 200, 301, 599, 3700]))
    def wait(self, seconds: float) -> None:
        self.gateway.wait(seconds)

    @rule(seconds=st.sampled_from([31, 301, 601]))
    def wait_with_a_late_timer(self, seconds: float) -> None:
        self.gateway.now += seconds

    @precondition(lambda self: self.requests)
    @rule(data=st.data())
    def replay_elsewhere(self, data) -> None:
        """Send a captured request from another address: a nonce is of no use there."""
        who, request = data.draw(st.sampled_from(self.requests))
        thief = data.draw(anybody.filter(lambda other: other != who))
        before = self.state()
        assert code(self.gateway.feed(request, self.clients[thief].relay_client)) in (401, 438, 400)
        assert self.state() == before

    @precondition(lambda self: self.requests)
    @rule(data=st.data(), at=st.integers(0, 2000), change=st.integers(1, 255))
    def change_a_byte(self, data, at: int, change: int) -> None:
        who, request = data.draw(st.sampled_from(self.requests))
        at %= len(request) - FINGERPRINT_SIZE  # behind the integrity nothing is protected, and little is read
        before = self.state()
        self.gateway.feed(
            request[:at] + bytes((request[at] ^ change,)) + request[at + 1 :], self.clients[who].relay_client
        )
        assert self.state() == before

    @precondition(lambda self: self.requests)
    @rule(data=st.data(), length=st.integers(0, 2000))
    def truncate(self, data, length: int) -> None:
        who, request = data.draw(st.sampled_from(self.requests))
        before = self.state()
        assert self.gateway.feed(request[: length % len(request)], self.clients[who].relay_client) is None
        assert self.state() == before

    @rule(who=anybody, rubbish=st.binary(max_size=60))
    def rubbish(self, who: int, rubbish: bytes) -> None:
        before = self.state()
        self.gateway.feed(rubbish, self.clients[who].relay_client)
        assert self.state() == before

    @rule(rules=st.sampled_from([RULES, RULES[:1], ()]))
    def change_the_policy(self, rules) -> None:
        self.gateway.relay.policy.replace(rules)
        self.gateway.relay.policy_changed()

    @rule(users=st.sampled_from([model.USERS, {"user-2": "pass-2"}, {}]))
    def change_the_users(self, users) -> None:
        before = len(self.gateway.relay.allocations)
        self.gateway.relay.auth.replace(users, [SECRET])
        assert len(self.gateway.relay.allocations) == before

    @rule()
    def the_stream_closes(self) -> None:
        self.gateway.carry_out(self.gateway.relay.client_gone(self.clients[3].relay_client, self.gateway.now))
        assert self.clients[3].allocation is None

    def state(self):
        """Return all that a bad message may not change."""
        return [
            (
                allocation.id,
                allocation.expires,
                dict(allocation.permissions),
                {number: (peer.address, peer.channel_until) for number, peer in allocation.channels.items()},
            )
            for allocation in self.gateway.relay.allocations
            if self.gateway.now < allocation.expires
        ]

    @invariant()
    def nothing_without_credentials(self) -> None:
        assert self.clients[4].allocation is None
        assert self.clients[5].allocation is None
        holders = [client.allocation for client in self.clients[:4] if client.allocation is not None]
        assert set(holders) == set(self.gateway.relay.allocations)
        assert all(one.grant.key for one in holders)

    @invariant()
    def the_gateway_holds_what_the_relay_counts(self) -> None:
        relay = self.gateway.relay
        assert set(self.gateway.opened) == set(relay.allocations)
        assert len(self.gateway.held) == relay.allocations.reservations
        assert len(relay.allocations) + relay.allocations.reservations <= LIMITS.allocations
        per_user = [one.grant.user for one in relay.allocations]
        assert all(per_user.count(user) <= LIMITS.allocations_per_user for user in per_user)

    @invariant()
    def answers_to_strangers_are_small(self) -> None:
        for action in self.gateway.to_clients:
            assert stun.parse(action.data).has_integrity or len(action.data) <= MAX_UNAUTHENTICATED_ANSWER

    def teardown(self) -> None:
        """Check that nothing is left an hour later."""
        self.gateway.wait(3700)
        relay = self.gateway.relay
        assert (len(relay.allocations), relay.allocations.reservations, relay.next_deadline()) == (0, 0, None)
        assert (self.gateway.opened, self.gateway.held) == ({}, {})
        assert relay.allocations._held_by == {}


AnyOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAnyOrder = AnyOrder.TestCase
