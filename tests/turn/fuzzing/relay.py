"""A relay under any sequence of messages, packets and times: nothing is raised, no limit is passed, all of it expires.

The input is a script: a byte for what happens, then what it happens with. Requests by a user who knows the password are
sealed here, since no fuzzer would guess their integrity.
"""

from collections.abc import Callable, Iterable

from turn.relay.actions import Action, CloseClient, CloseRelay, DropReservation, OpenRelay, SendToClient, SendToPeer
from turn.relay.allocation import MAX_PEERS, MAX_PERMISSIONS, Client
from turn.relay.auth import Auth, long_term_key
from turn.relay.limits import MAX_STRANGE_MESSAGES, MAX_UNAUTHENTICATED_ANSWER, Limits
from turn.relay.policy import Policy, rule
from turn.relay.server import Relay
from turn.wire import attributes, stun

REALM, USER, PASSWORD = "fuzz", "user", "password"
KEY = long_term_key(USER, REALM, PASSWORD, attributes.MD5)
LIMITS = Limits(allocations=4, allocations_per_user=3, unauthenticated_burst=16, bytes_per_second=10_000)
PEERS = (rule("127.0.0.1"), rule("10.0.0.0/8", 1000, 2000), rule("2001:db8::/64"))

METHODS = (stun.BINDING, stun.ALLOCATE, stun.REFRESH, stun.SEND, stun.DATA, stun.CREATE_PERMISSION, stun.CHANNEL_BIND)
NUMBERS = (
    *sorted(attributes.UNDERSTOOD),
    attributes.ADDITIONAL_ADDRESS_FAMILY,
    attributes.SOFTWARE,
    attributes.PASSWORD_ALGORITHMS,
)
WANTED = {
    stun.ALLOCATE: (attributes.REQUESTED_TRANSPORT,),
    stun.SEND: (attributes.XOR_PEER_ADDRESS, attributes.DATA),
    stun.CREATE_PERMISSION: (attributes.XOR_PEER_ADDRESS,),
    stun.CHANNEL_BIND: (attributes.CHANNEL_NUMBER, attributes.XOR_PEER_ADDRESS),
}
"""What a message of the method has to have; most get it."""

PROTOCOLS = ("udp", "tcp", "dtls")
CLIENTS = len(PROTOCOLS)
DAY = 86_400.0


class Script:
    """Bytes that are used up from the front; zeros when there are none left."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def goes_on(self) -> bool:
        return self._at < len(self._data)

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken + bytes(count - len(taken))


class World:
    """A relay, its clients, and a clock."""

    def __init__(self, script: Script) -> None:
        auth = Auth(REALM, users={USER: PASSWORD}, secrets=("secret",), nonce_key=bytes(16))
        self.policy = Policy(PEERS)
        self.relay = Relay(auth, self.policy, limits=LIMITS)
        self.clients = [new_client(place) for place in range(CLIENTS)]
        self.now = 1000.0
        self.script = script
        self.next_port = 50_000
        self.tokens: list[bytes] = []
        """Of ports that were held, some of them a long time ago."""

    def step(self) -> None:
        """Let the next thing happen."""
        happenings: tuple[Callable[[], Iterable[Action]], ...] = (
            self.raw_message,
            self.request,
            self.sealed_request,
            self.sealed_request,
            self.packet,
            self.time_passes,
            self.policy_changes,
            self.client_leaves,
        )
        for action in happenings[self.script.byte() % len(happenings)]():
            self.carry_out(action)
        self.check()

    def client(self) -> Client:
        return self.clients[self.script.byte() % CLIENTS]

    def raw_message(self) -> Iterable[Action]:
        client = self.client()
        actions = self.relay.from_client(self.script.take(self.script.byte()), client, self.now)
        assert_small(actions)
        return actions

    def request(self) -> Iterable[Action]:
        client = self.client()
        actions = self.relay.from_client(self._writer().finish(), client, self.now)
        assert_small(actions)
        return actions

    def sealed_request(self) -> Iterable[Action]:
        client, writer = self.client(), self._writer()
        writer.add(attributes.USERNAME, USER.encode())
        for number, value in self.relay.auth.challenge(client, self.now):
            if number != attributes.PASSWORD_ALGORITHMS:
                writer.add(number, value)
        return self.relay.from_client(writer.finish(KEY), client, self.now)

    def _writer(self) -> stun.Writer:
        kind = stun.INDICATION if (what := self.script.byte()) & 0x80 else stun.REQUEST
        method, transaction = METHODS[what % len(METHODS)], self.script.take(1) * 12
        writer = stun.Writer(method, kind, transaction)
        if not what & 0x40:
            for number in WANTED.get(method, ()):
                writer.add(number, self._good_value(number, transaction))
        for _ in range(self.script.byte() % 6):
            number = NUMBERS[self.script.byte() % len(NUMBERS)]
            size = self.script.byte()
            good = size & 0x80
            writer.add(number, self._good_value(number, transaction) if good else self.script.take(size % 40))
        return writer

    def _good_value(self, number: int, transaction: bytes) -> bytes:
        """What the attribute should hold, more or less."""
        choice = self.script.byte()
        if number == attributes.XOR_PEER_ADDRESS:
            host = ("127.0.0.1", f"10.0.0.{choice}", "192.0.2.1", "2001:db8::1")[choice % 4]
            return attributes.encode_xor_address((host, 990 + self.script.byte()), transaction)
        if number == attributes.RESERVATION_TOKEN and self.tokens:
            return self.tokens[choice % len(self.tokens)]
        values = {
            attributes.REQUESTED_TRANSPORT: b"\x11\0\0\0",
            attributes.CHANNEL_NUMBER: bytes((0x40, choice, 0, 0)),
            attributes.LIFETIME: (choice * 16).to_bytes(4, "big"),
            attributes.EVEN_PORT: bytes((choice & 0x80,)),
            attributes.REQUESTED_ADDRESS_FAMILY: bytes((choice % 3, 0, 0, 0)),
            attributes.ADDITIONAL_ADDRESS_FAMILY: bytes((choice % 3, 0, 0, 0)),
        }
        return values.get(number, bytes(choice % 9))

    def packet(self) -> Iterable[Action]:
        """Data from a peer, or for one, as the gateway handles it."""
        allocation, address = self.client().allocation, (f"10.0.0.{self.script.byte()}", 990 + self.script.byte())
        if allocation is not None and allocation.address is not None:
            peer = self.relay.peer_of(allocation, address, self.now)
            assert peer is None or self.policy.allows(*address)
            self.relay.data_indication(address, self.script.take(self.script.byte()))
        return ()

    def time_passes(self) -> Iterable[Action]:
        self.now += self.script.byte() ** 2 / 50
        return self.relay.handle_timer(self.now)

    def policy_changes(self) -> Iterable[Action]:
        self.policy.replace(PEERS[: self.script.byte() % (len(PEERS) + 1)])
        self.relay.policy_changed()
        return ()

    def client_leaves(self) -> Iterable[Action]:
        return self.leaves(self.client())

    def leaves(self, client: Client) -> Iterable[Action]:
        """Its connection is over; somebody else comes from the same place."""
        place = self.clients.index(client)
        self.clients[place] = new_client(place)
        return self.relay.client_gone(client, self.now)

    def carry_out(self, action: Action) -> None:
        """What the gateway would do, with ports that are there or not."""
        if isinstance(action, OpenRelay):
            self.next_port += 2
            self.tokens += [action.reserve] if action.reserve is not None else []
            address = ("127.0.0.1", self.next_port) if self.script.byte() % 8 else None
            for following in self.relay.relay_opened(action.allocation, address, self.now):
                self.carry_out(following)
        elif isinstance(action, SendToPeer):
            assert self.policy.allows(*action.address)
        elif isinstance(action, CloseClient):
            assert action.client.protocol != "udp"
            for following in self.leaves(action.client):
                self.carry_out(following)
        elif isinstance(action, CloseRelay):
            assert action.allocation not in self.relay.allocations
            self.relay.relay_closed(action.allocation, action.reason)
        else:
            assert isinstance(action, SendToClient | DropReservation)

    def check(self) -> None:
        """What holds at any time."""
        relay = self.relay
        assert all(client.strange <= MAX_STRANGE_MESSAGES for client in self.clients)
        assert len(relay.allocations) + relay.allocations.reservations <= LIMITS.allocations
        for allocation in relay.allocations:
            assert allocation.client.allocation is allocation
            assert len(allocation.permissions) <= MAX_PERMISSIONS
            assert len(allocation.peers) <= MAX_PEERS + MAX_PERMISSIONS
            for address, peer in allocation.peers.items():
                assert self.policy.allows(*address) or self.now >= peer.open_until

    def end(self) -> None:
        """After a day everything has been forgotten."""
        self.now += DAY
        for action in self.relay.handle_timer(self.now):
            self.carry_out(action)
        assert len(self.relay.allocations) == self.relay.allocations.reservations == 0
        assert all(client.allocation is None for client in self.clients)
        assert self.relay.next_deadline() is None


def new_client(place: int) -> Client:
    return Client(PROTOCOLS[place], ("127.0.0.1", 5000 + place), ("127.0.0.1", 3478))


def assert_small(actions: Iterable[Action]) -> None:
    """Nobody who has not shown a password gets more than the fixed size."""
    for action in actions:
        assert not isinstance(action, SendToClient) or len(action.data) <= MAX_UNAUTHENTICATED_ANSWER


def one_input(data: bytes) -> None:
    """Play the script."""
    world = World(Script(data))
    while world.script.goes_on:
        world.step()
    world.end()
