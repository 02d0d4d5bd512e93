"""A relay with a gateway of plain dictionaries around it, and clients that speak to it: no sockets, no clock."""

from dataclasses import dataclass, field
from itertools import count

from turn.relay.actions import CloseClient, CloseRelay, DropReservation, OpenRelay, SendToClient, SendToPeer
from turn.relay.allocation import Client
from turn.relay.auth import Auth, long_term_key, userhash
from turn.relay.limits import Limits
from turn.relay.policy import Policy, rule
from turn.relay.server import Relay
from turn.wire import attributes as attribute
from turn.wire import stun
from turn.wire.stun import Message, Writer, parse

REALM = "example.org"
SECRET = "a secret of the coordinator"
USERS = {"user-1": "pass-1", "user-2": "pass-2"}
NONCE_KEY = bytes(range(16))
SERVER = ("198.51.100.1", 3478)
RELAY_HOSTS = {attribute.IPV4: "198.51.100.1", attribute.IPV6: "2001:db8::1"}
PEER = ("10.1.0.5", 40_000)
PEER6 = ("fd00:1::5", 40_000)
FORBIDDEN_PEER = ("10.2.0.5", 40_000)
RULES = (rule("10.1.0.0/16"), rule("fd00:1::/64"), rule("10.3.0.1", 5000, 5010))
UDP_TRANSPORT = (attribute.REQUESTED_TRANSPORT, bytes((17, 0, 0, 0)))

STANDARD = Limits(unauthenticated_rate=0)


@dataclass
class House:
    """The relay, what its gateway holds, and what has been sent."""

    relay: Relay
    now: float = 1000.0
    opened: dict = field(default_factory=dict)
    """Allocation to relay address."""
    held: dict = field(default_factory=dict)
    """Reservation token to port."""
    closed: list[CloseClient] = field(default_factory=list)
    to_clients: list[SendToClient] = field(default_factory=list)
    to_peers: list[SendToPeer] = field(default_factory=list)
    no_ports: bool = False
    _ports: count = field(default_factory=lambda: count(50_001))

    def carry_out(self, actions) -> None:
        """Do what a gateway does."""
        for action in actions:
            match action:
                case OpenRelay():
                    self.carry_out(self.relay.relay_opened(action.allocation, self._open(action), self.now))
                case CloseRelay():
                    self.opened.pop(action.allocation, None)
                    self.relay.relay_closed(action.allocation, action.reason)
                case CloseClient():
                    self.closed.append(action)
                case DropReservation():
                    self.held.pop(action.token, None)
                case SendToClient():
                    self.to_clients.append(action)
                case SendToPeer():
                    self.to_peers.append(action)

    def _open(self, action: OpenRelay):
        if self.no_ports:
            return None
        if action.reserved is not None:
            port = self.held.pop(action.reserved)
        else:
            port = next(port for port in self._ports if not action.even_port or port % 2 == 0)
        if action.reserve is not None:
            self.held[action.reserve] = next(self._ports)
        self.opened[action.allocation] = RELAY_HOSTS[action.family], port
        return self.opened[action.allocation]

    def feed(self, data: bytes, client: Client) -> Message | None:
        """Hand the bytes in, and return what the client is told for it."""
        self.to_clients.clear()
        self.carry_out(self.relay.from_client(data, client, self.now))
        assert len(self.to_clients) <= 1
        return parse(self.to_clients[0].data) if self.to_clients else None

    def wait(self, seconds: float) -> None:
        """Let time pass, with the timer called whenever it asks to be."""
        end = self.now + seconds
        while (deadline := self.relay.next_deadline()) is not None and deadline <= end:
            self.now = max(deadline, self.now)
            self.carry_out(self.relay.handle_timer(self.now))
        self.now = end


def house(rules=RULES, limits: Limits = STANDARD, **auth) -> House:
    """A house with two users and one secret. Its clock shows 1000, and that is Unix time, too."""
    settings = {"users": USERS, "secrets": [SECRET], "nonce_key": NONCE_KEY} | auth
    return House(Relay(Auth(REALM, **settings), Policy(rules), limits=limits))


class Caller:
    """A client that knows the protocol: it takes over realm and nonce when it is told them."""

    def __init__(
        self, place: House, address=("203.0.113.9", 1024), username="user-1", password="pass-1", protocol="udp"
    ):
        self.house = place
        self.client = Client(protocol, address, SERVER)
        self.username = username
        self.password = password
        self.nonce = b""
        self.sha256 = False
        self.userhash = False
        self.fingerprint = True
        self.last_request = b""
        self.last_answer = b""
        self._ids = count(int.from_bytes(repr(address).encode()[-8:].rjust(8), "big") << 24)

    @property
    def allocation(self):
        return self.client.allocation

    def transaction_id(self) -> bytes:
        return next(self._ids).to_bytes(12, "big")

    @property
    def key(self) -> bytes:
        algorithm = attribute.SHA256 if self.sha256 else attribute.MD5
        return long_term_key(self.username, REALM, self.password, algorithm)

    def build(self, method: int, *attributes, transaction_id=None, sign=True) -> bytes:
        """A request; with credentials as far as a nonce is known."""
        request = Writer(method, stun.REQUEST, transaction_id or self.transaction_id())
        for number, value in attributes:
            request.add(number, value)
        if not sign or not self.nonce:
            return request.finish(fingerprint=self.fingerprint)
        if self.userhash:
            request.add(attribute.USERHASH, userhash(self.username, REALM))
        else:
            request.add(attribute.USERNAME, self.username.encode())
        request.add(attribute.REALM, REALM.encode()).add(attribute.NONCE, self.nonce)
        if self.sha256:
            request.add(attribute.PASSWORD_ALGORITHMS, bytes.fromhex("0002000000010000"))
            request.add(attribute.PASSWORD_ALGORITHM, bytes.fromhex("00020000"))
        return request.finish(self.key, sha256=self.sha256, fingerprint=self.fingerprint)

    def send(self, data: bytes) -> Message | None:
        """Send the bytes; the answer, whose nonce is taken over."""
        self.last_request = data
        answer = self.house.feed(data, self.client)
        self.last_answer = answer.raw if answer else b""
        if answer and (nonce := answer.get(attribute.NONCE)):
            self.nonce = nonce
        return answer

    def request(self, method: int, *attributes, **how) -> Message | None:
        """One request, one answer."""
        return self.send(self.build(method, *attributes, **how))

    def knock(self) -> Message | None:
        """Ask without credentials, to get a nonce."""
        return self.request(stun.ALLOCATE, UDP_TRANSPORT, sign=False)

    def allocate(self, *attributes, **how) -> Message | None:
        """Allocate with credentials."""
        if not self.nonce:
            self.knock()
        return self.request(stun.ALLOCATE, UDP_TRANSPORT, *attributes, **how)

    def refresh(self, lifetime: int | None = None, *attributes) -> Message | None:
        wish = () if lifetime is None else ((attribute.LIFETIME, attribute.encode_number(lifetime)),)
        return self.request(stun.REFRESH, *wish, *attributes)

    def permit(self, *peers) -> Message | None:
        transaction_id = self.transaction_id()
        addresses = (peer_attribute(peer, transaction_id) for peer in peers)
        return self.request(stun.CREATE_PERMISSION, *addresses, transaction_id=transaction_id)

    def bind(self, channel: int, peer=PEER) -> Message | None:
        transaction_id = self.transaction_id()
        return self.request(
            stun.CHANNEL_BIND,
            (attribute.CHANNEL_NUMBER, channel.to_bytes(2, "big") + b"\0\0"),
            peer_attribute(peer, transaction_id),
            transaction_id=transaction_id,
        )

    def send_data(self, payload: bytes, peer=PEER, *attributes) -> list[SendToPeer]:
        """A Send indication; what comes of it."""
        transaction_id = self.transaction_id()
        indication = Writer(stun.SEND, stun.INDICATION, transaction_id)
        indication.add(*peer_attribute(peer, transaction_id)).add(attribute.DATA, payload)
        for number, value in attributes:
            indication.add(number, value)
        self.house.to_peers.clear()
        assert self.house.feed(indication.finish(), self.client) is None
        return list(self.house.to_peers)


def peer_attribute(peer, transaction_id: bytes) -> tuple[int, bytes]:
    return attribute.XOR_PEER_ADDRESS, attribute.encode_xor_address(peer, transaction_id)


def code(answer: Message | None) -> int | None:
    """The error code of an answer; 0 for success, None for silence."""
    if answer is None:
        return None
    value = answer.get(attribute.ERROR_CODE)
    assert (value is not None) == (answer.kind == stun.ERROR)
    return 0 if value is None else attribute.decode_error(value)[0]
