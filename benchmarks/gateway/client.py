"""The least of a TURN client that a load generator needs: UDP, long-term credentials, one channel (RFC 8489, RFC 8656).

It shares no code with ``turn/``, so that a fault there does not cancel out. It is strict in what it expects on loopback
and forgives nothing: whatever is not the answer that was asked for is a RelayError.
"""

import hashlib
import hmac
import os
import socket
import struct
from dataclasses import dataclass

Address = tuple[str, int]

COOKIE = 0x2112A442
ALLOCATE, REFRESH, CHANNEL_BIND = 0x0003, 0x0004, 0x0009
SUCCESS, ERROR = 0x0100, 0x0110
"""Added to a method: the class of the answer."""

USERNAME, MESSAGE_INTEGRITY, ERROR_CODE, CHANNEL_NUMBER, LIFETIME = 0x0006, 0x0008, 0x0009, 0x000C, 0x000D
XOR_PEER_ADDRESS, REALM, NONCE, XOR_RELAYED_ADDRESS, REQUESTED_TRANSPORT = 0x0012, 0x0014, 0x0015, 0x0016, 0x0019

UDP = struct.pack("!I", 17 << 24)
CHANNEL = 0x4000
"""Each allocation binds this one."""

UNAUTHORIZED, MISMATCH, STALE_NONCE = 401, 437, 438

ANSWER_WITHIN, ATTEMPTS = 0.5, 6
"""Seconds, and times that a request is sent: a server that starts up or is overloaded may lose one."""
DATAGRAM = 65536
BUFFER = 1 << 20
"""Bytes of a socket's buffers: some milliseconds of the heaviest load, while the generator does something else."""

_HEADER = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")

Attributes = dict[int, bytes]


class RelayError(Exception):
    """The server did not answer as a TURN server does. The text is a sentence."""

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.code = code
        """The error that it answered with, if it answered."""


@dataclass(frozen=True)
class Credentials:
    """A user of the server; ``realm`` and ``nonce`` come from it."""

    username: str
    password: str
    realm: bytes = b""
    nonce: bytes = b""

    @property
    def key(self) -> bytes:
        """RFC 8489, 9.2.2: the key of MESSAGE-INTEGRITY."""
        text = b":".join((self.username.encode(), self.realm, self.password.encode()))
        return hashlib.md5(text, usedforsecurity=False).digest()


def request(method: int, attributes: Attributes, credentials: Credentials, transaction: bytes) -> bytes:
    """Build a request; with integrity as soon as the server's nonce is known."""
    if credentials.nonce:
        attributes |= {USERNAME: credentials.username.encode(), NONCE: credentials.nonce, REALM: credentials.realm}
    body = b"".join(_attribute(kind, value) for kind, value in attributes.items())
    if not credentials.nonce:
        return _HEADER.pack(method, len(body), COOKIE, transaction) + body
    # RFC 8489, 14.5: the length that is signed counts the attribute that the signature will be in
    signed = _HEADER.pack(method, len(body) + 24, COOKIE, transaction) + body
    return signed + _attribute(MESSAGE_INTEGRITY, hmac.digest(credentials.key, signed, "sha1"))


def _attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(kind, len(value)) + value + bytes(-len(value) % 4)


def parse(data: bytes) -> tuple[int, bytes, Attributes]:
    """Type, transaction and attributes of a message. Raises RelayError."""
    try:
        kind, length, cookie, transaction = _HEADER.unpack_from(data)
        if cookie != COOKIE or length + _HEADER.size > len(data):
            raise RelayError("The server sent something that is not STUN.")
        attributes, at = {}, _HEADER.size
        while at < _HEADER.size + length:
            name, size = _ATTRIBUTE.unpack_from(data, at)
            attributes[name] = data[at + 4 : at + 4 + size]
            at += 4 + size + -size % 4
    except struct.error as error:
        raise RelayError("The server sent a STUN message that is cut off.") from error
    return kind, transaction, attributes


def error_code(attributes: Attributes) -> int:
    """Read the number in ERROR-CODE; 0 without one."""
    value = attributes.get(ERROR_CODE, b"").ljust(4, b"\0")
    return value[2] * 100 + value[3]


def pack_address(address: Address) -> bytes:
    """Encode an IPv4 address as the XOR-... attributes hold it."""
    host = struct.unpack("!I", socket.inet_aton(address[0]))[0]
    return struct.pack("!xBHI", 1, address[1] ^ (COOKIE >> 16), host ^ COOKIE)


def unpack_address(value: bytes) -> Address:
    """Decode an IPv4 address of an XOR-... attribute."""
    _, port, host = struct.unpack("!xBHI", value)
    return socket.inet_ntoa(struct.pack("!I", host ^ COOKIE)), port ^ (COOKIE >> 16)


def client_host(place: int) -> str:
    """Give each client a loopback address of its own, since servers count requests by address."""
    return f"127.1.{place >> 8 & 0xFF}.{place & 0xFF}"


def udp_socket(host: str = "127.0.0.1") -> socket.socket:
    """Open a UDP socket on loopback, with room for the load."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    made.bind((host, 0))
    return made


class Client:
    """One client with at most one allocation. Blocking: nothing else is to be done meanwhile."""

    def __init__(self, server: Address, credentials: Credentials, host: str = "127.0.0.1") -> None:
        self.server = server
        self.credentials = credentials
        self.relayed: Address = ("", 0)
        self.socket = udp_socket(host)
        self.socket.connect(server)
        self.socket.settimeout(ANSWER_WITHIN)

    def allocate(self) -> None:
        """Allocate a UDP relay address. Raises RelayError."""
        answer = self._ask(ALLOCATE, {REQUESTED_TRANSPORT: UDP})
        self.relayed = unpack_address(answer[XOR_RELAYED_ADDRESS])

    def bind(self, peer: Address) -> None:
        """Bind the channel to a peer, which permits that peer as well. Raises RelayError."""
        number = struct.pack("!Hxx", CHANNEL)
        self._ask(CHANNEL_BIND, {CHANNEL_NUMBER: number, XOR_PEER_ADDRESS: pack_address(peer)})

    def release(self) -> None:
        """Give the allocation back. Raises RelayError."""
        self._ask(REFRESH, {LIFETIME: bytes(4)})

    def _ask(self, method: int, attributes: Attributes) -> Attributes:
        for _ in range(3):  # as it is, with the first nonce, with the one after a stale one
            kind, answer = self._round_trip(method, dict(attributes))
            if kind == method | SUCCESS:
                return answer
            code = error_code(answer)
            if code not in (UNAUTHORIZED, STALE_NONCE) or NONCE not in answer:
                break
            self.credentials = Credentials(
                self.credentials.username, self.credentials.password, answer[REALM], answer[NONCE]
            )
        raise RelayError(f"{self.server[0]}:{self.server[1]} refused method {method:#06x} with error {code}.", code)

    def _round_trip(self, method: int, attributes: Attributes) -> tuple[int, Attributes]:
        transaction = os.urandom(12)
        asked = request(method, attributes, self.credentials, transaction)
        for _ in range(ATTEMPTS):
            try:
                self.socket.send(asked)
                while True:
                    data = self.socket.recv(DATAGRAM)
                    if data[0] >= 0x40:  # ChannelData that was still on its way
                        continue
                    kind, answered, found = parse(data)
                    if answered == transaction:
                        return kind, found
            except (TimeoutError, ConnectionRefusedError):
                continue
        raise RelayError(f"{self.server[0]}:{self.server[1]} did not answer method {method:#06x}.")


def allocated(server: Address, credentials: Credentials, host: str) -> Client:
    """Make a client with an allocation. Raises RelayError.

    coturn forgets an allocation some time after it was given back: a client whose port had one takes another port.
    """
    while True:
        client = Client(server, credentials, host)
        try:
            client.allocate()
        except RelayError as error:
            client.socket.close()
            if error.code != MISMATCH:
                raise
        else:
            return client
