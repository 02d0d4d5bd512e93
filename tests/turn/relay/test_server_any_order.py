"""Requests in any order, good and bad, replayed, spoofed and torn: what has to hold whatever happens."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.turn import simulation as model
from tests.turn.simulation import RULES, SECRET, UDP_TRANSPORT, Caller, code, house, peer_attribute
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
        self.house = house(limits=LIMITS)
        timed = issue(SECRET, "p-42", FAR_AWAY, self.house.now)
        self.callers = [
            Caller(self.house, ("203.0.113.1", 1)),
            Caller(self.house, ("203.0.113.1", 2)),
            Caller(self.house, ("203.0.113.2", 1), "user-2", "pass-2"),
            Caller(self.house, ("2001:db8::3", 1), timed.username, timed.password, "tcp"),
            Caller(self.house, ("203.0.113.4", 1), "user-1", "guess"),
            Caller(self.house, ("203.0.113.5", 1), "nobody", ""),
        ]
        self.callers[1].sha256 = True
        for caller in self.callers[::2]:
            caller.fingerprint = False  # so that it is the integrity that finds what has been changed
        self.requests: list[tuple[int, bytes]] = []
        self.permitted: dict[tuple[object, str], float] = {}
        self.bound: dict[tuple[object, tuple[str, int]], float] = {}

    def ask(self, who: int, method: int, *attributes, **how):
        """A request, and once more if the nonce was stale."""
        caller = self.callers[who]
        answer = caller.request(method, *attributes, **how)
        if code(answer) == 438:
            answer = caller.request(method, *attributes)
        self.requests.append((who, caller.last_request))
        return answer

    def held_by(self, who: int):
        """The caller's allocation, unless its time is over and the timer is late."""
        allocation = self.callers[who].allocation
        return allocation if allocation is not None and self.house.now < allocation.expires else None

    @initialize(wanted=st.lists(peers, min_size=1, max_size=2))
    def begin(self, wanted) -> None:
        """Two clients that play already."""
        for who in (0, 3):
            self.allocate(who, ())
            self.permit(who, wanted)
            self.bind(who, 0x4000, wanted[0])

    @rule(who=anybody, wish=wishes)
    def allocate(self, who: int, wish) -> None:
        if not self.callers[who].nonce:
            assert code(self.callers[who].knock()) == 401
        had = self.held_by(who)
        answer = self.ask(who, stun.ALLOCATE, UDP_TRANSPORT, *wish)
        if who > 3:
            assert code(answer) in (401, 438)
        elif had is not None:
            assert code(answer) in (437, 420)
        assert (code(answer) == 0) == (had is None and self.callers[who].allocation is not None)

    @rule(who=anybody, lifetime=st.sampled_from([None, 0, 1, 700, 10**6]))
    def refresh(self, who: int, lifetime) -> None:
        had = self.held_by(who)
        wish = () if lifetime is None else ((attribute.LIFETIME, attribute.encode_number(lifetime)),)
        answer = self.ask(who, stun.REFRESH, *wish)
        assert (code(answer) == 0) == (had is not None)
        assert (self.callers[who].allocation is not None) == (had is not None and lifetime != 0)

    @rule(who=anybody, wanted=st.lists(peers, min_size=1, max_size=3))
    def permit(self, who: int, wanted) -> None:
        transaction_id = self.callers[who].transaction_id()
        addresses = [peer_attribute(peer, transaction_id) for peer in wanted]
        allocation = self.callers[who].allocation
        answer = self.callers[who].request(stun.CREATE_PERMISSION, *addresses, transaction_id=transaction_id)
        if code(answer) == 0:
            assert all(self.house.relay.policy.refusal(host, 0) is None for host, _ in wanted)
            self.permitted.update({(allocation, host): self.house.now + 300 for host, _ in wanted})
        self.requests.append((who, self.callers[who].last_request))

    @rule(who=anybody, number=st.sampled_from([0x3FFF, 0x4000, 0x4001, 0x7FFF]), peer=peers)
    def bind(self, who: int, number: int, peer) -> None:
        allocation = self.callers[who].allocation
        if code(self.callers[who].bind(number, peer)) == 0:
            assert self.house.relay.policy.allows(*peer)
            self.bound[allocation, peer] = self.house.now + 600
            self.permitted[allocation, peer[0]] = self.house.now + 300
        self.requests.append((who, self.callers[who].last_request))

    @rule(who=anybody, peer=peers)
    def send(self, who: int, peer) -> None:
        allocation = self.callers[who].allocation
        for sent in self.callers[who].send_data(b"payload", peer):
            until = max(self.permitted.get((allocation, peer[0]), 0), self.bound.get((allocation, peer), 0))
            assert self.house.now < until
            assert sent.allocation is allocation
            assert sent.address == peer
            assert self.house.relay.policy.allows(*peer)

    @rule(who=honest, peer=peers)
    def receive(self, who: int, peer) -> None:
        allocation = self.callers[who].allocation
        if allocation is not None and self.house.relay.peer_of(allocation, peer, self.house.now):
            until = max(self.permitted.get((allocation, peer[0]), 0), self.bound.get((allocation, peer), 0))
            assert self.house.now < until
            assert self.house.relay.policy.allows(*peer)

    @rule(seconds=st.sampled_from([0.5, 29, 200, 301, 599, 3700]))
    def wait(self, seconds: float) -> None:
        self.house.wait(seconds)

    @rule(seconds=st.sampled_from([31, 301, 601]))
    def wait_with_a_late_timer(self, seconds: float) -> None:
        self.house.now += seconds

    @precondition(lambda self: self.requests)
    @rule(data=st.data())
    def replay_elsewhere(self, data) -> None:
        """A captured request, from another address: a nonce is of no use there."""
        who, request = data.draw(st.sampled_from(self.requests))
        thief = data.draw(anybody.filter(lambda other: other != who))
        before = self.state()
        assert code(self.house.feed(request, self.callers[thief].client)) in (401, 438, 400)
        assert self.state() == before

    @precondition(lambda self: self.requests)
    @rule(data=st.data(), at=st.integers(0, 2000), change=st.integers(1, 255))
    def change_a_byte(self, data, at: int, change: int) -> None:
        who, request = data.draw(st.sampled_from(self.requests))
        at %= len(request) - FINGERPRINT_SIZE  # behind the integrity nothing is protected, and little is read
        before = self.state()
        self.house.feed(request[:at] + bytes((request[at] ^ change,)) + request[at + 1 :], self.callers[who].client)
        assert self.state() == before

    @precondition(lambda self: self.requests)
    @rule(data=st.data(), length=st.integers(0, 2000))
    def truncate(self, data, length: int) -> None:
        who, request = data.draw(st.sampled_from(self.requests))
        before = self.state()
        assert self.house.feed(request[: length % len(request)], self.callers[who].client) is None
        assert self.state() == before

    @rule(who=anybody, rubbish=st.binary(max_size=60))
    def rubbish(self, who: int, rubbish: bytes) -> None:
        before = self.state()
        self.house.feed(rubbish, self.callers[who].client)
        assert self.state() == before

    @rule(rules=st.sampled_from([RULES, RULES[:1], ()]))
    def change_the_policy(self, rules) -> None:
        self.house.relay.policy.replace(rules)
        self.house.relay.policy_changed()

    @rule(users=st.sampled_from([model.USERS, {"user-2": "pass-2"}, {}]))
    def change_the_users(self, users) -> None:
        before = len(self.house.relay.allocations)
        self.house.relay.auth.replace(users, [SECRET])
        assert len(self.house.relay.allocations) == before

    @rule()
    def the_stream_closes(self) -> None:
        self.house.carry_out(self.house.relay.client_gone(self.callers[3].client, self.house.now))
        assert self.callers[3].allocation is None

    def state(self):
        """All that a bad message may not change."""
        return [
            (
                allocation.id,
                allocation.expires,
                dict(allocation.permissions),
                {number: (peer.address, peer.channel_until) for number, peer in allocation.channels.items()},
            )
            for allocation in self.house.relay.allocations
            if self.house.now < allocation.expires
        ]

    @invariant()
    def nothing_without_credentials(self) -> None:
        assert self.callers[4].allocation is None
        assert self.callers[5].allocation is None
        holders = [caller.allocation for caller in self.callers[:4] if caller.allocation is not None]
        assert set(holders) == set(self.house.relay.allocations)
        assert all(one.grant.key for one in holders)

    @invariant()
    def the_gateway_holds_what_the_relay_counts(self) -> None:
        relay = self.house.relay
        assert set(self.house.opened) == set(relay.allocations)
        assert len(self.house.held) == relay.allocations.reservations
        assert len(relay.allocations) + relay.allocations.reservations <= LIMITS.allocations
        per_user = [one.grant.user for one in relay.allocations]
        assert all(per_user.count(user) <= LIMITS.allocations_per_user for user in per_user)

    @invariant()
    def answers_to_strangers_are_small(self) -> None:
        for action in self.house.to_clients:
            assert stun.parse(action.data).has_integrity or len(action.data) <= MAX_UNAUTHENTICATED_ANSWER

    def teardown(self) -> None:
        """An hour later nothing is left."""
        self.house.wait(3700)
        relay = self.house.relay
        assert (len(relay.allocations), relay.allocations.reservations, relay.next_deadline()) == (0, 0, None)
        assert (self.house.opened, self.house.held) == ({}, {})
        assert relay.allocations._held_by == {}


AnyOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAnyOrder = AnyOrder.TestCase
