"""``coinop turn probe``: is the gateway there, and does it do its work? For container probes, and for people.

A real Binding request over UDP, TCP, TLS; with credentials, a real allocation, which is given back. One sentence and an
exit code. It asks in the simplest way there is: blocking, one request after another.
"""

import asyncio
import secrets
import socket
import ssl
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, CliSuppress, SettingsConfigDict

from turn.config import split_secrets
from turn.relay.auth import long_term_key
from turn.wire import attributes as attribute
from turn.wire import credentials, stun
from turn.wire.attributes import UDP_TRANSPORT, encode_number
from turn.wire.channel import MAX_FRAME, Deframer
from turn.wire.credentials import Credentials
from turn.wire.errors import Malformed
from turn.wire.stun import Message, Writer

RESEND_SECONDS: Final = 0.5
"""Until a request is sent again over UDP (RFC 8489 section 6.2.1)."""

TTL: Final = 60
"""Seconds that the probe's own credentials are good for."""


class Config(BaseSettings):
    """Ask a gateway for what a browser asks it for."""

    model_config = SettingsConfigDict(env_prefix="COINOP_TURN_PROBE_", frozen=True, populate_by_name=True)

    host: str = Field("127.0.0.1", description="name or address of the gateway")
    port: int | None = Field(None, ge=1, le=65535, description="its port, where it is not COINOP_TURN_PORT")
    gateway_port: CliSuppress[int] = Field(
        3478, ge=1, le=65535, validation_alias="COINOP_TURN_PORT", description="its port, as the gateway itself is told"
    )
    transport: Literal["udp", "tcp", "tls"] = Field("udp", description="udp, tcp or tls, whose certificate may be any")
    # Not shown as options: a command line can be read by everybody on the machine.
    secret: CliSuppress[SecretStr] = Field(
        SecretStr(""), validation_alias="COINOP_TURN_SECRET", description="the gateway's secret, to try an allocation"
    )
    username: str = Field("", description="user to try an allocation as, instead of by the secret")
    password: CliSuppress[SecretStr] = Field(SecretStr(""), description="the user's password")
    seconds: float = Field(3, gt=0, description="seconds until the probe has failed")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.host, self.port or self.gateway_port

    @property
    def place(self) -> str:
        """What is probed, for people."""
        return f"{attribute.text_of(self.address)}/{self.transport}"


class Failed(Exception):  # noqa: N818
    """The gateway does not do its work. Its text is a sentence."""


async def serve(config: Config, stop: asyncio.Event) -> int:
    """Probe once. The exit code: 0 if all is well, 1 if not."""
    try:
        print(await asyncio.to_thread(probe, config))  # noqa: T201
    except Failed as failed:
        print(f"{config.place}: {failed}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def probe(config: Config) -> str:
    """What was found, as a sentence. Raises Failed."""
    try:
        return _probe(config)
    except (Malformed, UnicodeDecodeError) as error:
        raise Failed(f"its answers make no sense: {error}") from error


def _probe(config: Config) -> str:
    began = time.monotonic()
    with Connection(config, began + config.seconds) as connection:
        answer = connection.ask(Writer(stun.BINDING, stun.REQUEST, _transaction_id()))
        mapped = answer.get(attribute.XOR_MAPPED_ADDRESS)
        if answer.kind != stun.SUCCESS or mapped is None:
            raise Failed("it refuses a Binding request")
        seen = attribute.text_of(attribute.decode_xor_address(mapped, answer.transaction_id))
        known = _credentials(config)
        relayed = f", and relays from {_allocate(connection, known)}" if known else ""
    milliseconds = 1000 * (time.monotonic() - began)
    return f"{config.place} sees {seen}{relayed} ({milliseconds:.1f} ms)"


class Connection:
    """A way to the gateway, over which one request at a time is answered."""

    def __init__(self, config: Config, deadline: float) -> None:
        self._config = config
        self._deadline = deadline
        self._stack = ExitStack()
        self._deframer = Deframer(MAX_FRAME)
        self._socket: socket.socket

    def __enter__(self) -> "Connection":
        try:
            self._socket = self._stack.enter_context(self._connect())
        except ssl.SSLError as error:
            raise Failed(f"it can't be reached by TLS, which nobody seems to speak there ({error.reason})") from error
        except OSError as error:
            raise Failed(f"it can't be reached: {error.strerror or error}") from error
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def _connect(self) -> socket.socket:
        config = self._config
        if config.transport == "udp":
            family, kind, number, _, address = socket.getaddrinfo(*config.address, type=socket.SOCK_DGRAM)[0]
            sock = socket.socket(family, kind, number)
            sock.connect(address)
            return sock
        sock = socket.create_connection(config.address, self._left())
        if config.transport == "tcp":
            return sock
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # is it there, not: is it the right one
        try:
            return context.wrap_socket(sock, server_hostname=config.host)
        except BaseException:
            sock.close()
            raise

    def ask(self, request: Writer, key: bytes = b"") -> Message:
        """Send a request until there is an answer to it. Raises Failed."""
        data = request.finish(key, fingerprint=True)
        try:
            while True:
                self._socket.settimeout(self._left())
                self._socket.sendall(data)
                answer = self._answer(data[8:20])
                if answer:
                    return answer
        except OSError as error:
            raise Failed(f"it does not answer: {error.strerror or error}") from error

    def _answer(self, transaction_id: bytes) -> Message | None:
        """The answer, or None if it is time to ask again."""
        stream = self._config.transport != "udp"
        while True:
            self._socket.settimeout(self._left() if stream else min(RESEND_SECONDS, self._left()))
            try:
                received = self._socket.recv(MAX_FRAME)
            except TimeoutError:
                return None
            if stream and not received:
                raise Failed("it closes the connection")
            for frame in self._frames(received, stream):
                if frame.transaction_id == transaction_id:
                    return frame

    def _frames(self, received: bytes, stream: bool) -> list[Message]:
        try:
            return [stun.parse(bytes(frame)) for frame in (self._deframer.feed(received) if stream else [received])]
        except Malformed as error:
            raise Failed(f"what answers there is no gateway: {error}") from error

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise Failed(f"it does not answer within {self._config.seconds:g} seconds")
        return left


def _allocate(connection: Connection, known: Credentials) -> str:
    """Where the allocation was that the gateway gave; it has been given back."""

    def allocate(method: int) -> Writer:
        request = Writer(method, stun.REQUEST, _transaction_id())
        if method == stun.REFRESH:
            return request.add(attribute.LIFETIME, encode_number(0))
        return request.add(attribute.REQUESTED_TRANSPORT, bytes((UDP_TRANSPORT, 0, 0, 0)))

    challenge = connection.ask(allocate(stun.ALLOCATE))
    realm, nonce = challenge.get(attribute.REALM), challenge.get(attribute.NONCE)
    if realm is None or nonce is None:
        raise Failed(f"it answers an Allocate request {_error_of(challenge)}")
    key = long_term_key(known.username, realm.decode(), known.password, attribute.MD5)

    def signed(method: int) -> Message:
        request = allocate(method).add(attribute.USERNAME, known.username.encode())
        answer = connection.ask(request.add(attribute.REALM, realm).add(attribute.NONCE, nonce), key)
        if answer.kind != stun.SUCCESS:
            raise Failed(f"it answers a request with credentials {_error_of(answer)}")
        return answer

    return _relayed(signed)


def _relayed(signed: Callable[[int], Message]) -> str:
    answer = signed(stun.ALLOCATE)
    relayed = answer.get(attribute.XOR_RELAYED_ADDRESS)
    signed(stun.REFRESH)
    if relayed is None:
        raise Failed("it gives an allocation without an address")
    return attribute.text_of(attribute.decode_xor_address(relayed, answer.transaction_id))


def _credentials(config: Config) -> Credentials | None:
    if config.username:
        return Credentials(config.username, config.password.get_secret_value())
    for secret in split_secrets(config.secret):
        return credentials.issue(secret, "probe", TTL, time.time())
    return None


def _error_of(answer: Message) -> str:
    value = answer.get(attribute.ERROR_CODE)
    if value is None:
        return "in a way that makes no sense"
    code, reason = attribute.decode_error(value)
    return f"with {code} {reason}"


def _transaction_id() -> bytes:
    return secrets.token_bytes(stun.TRANSACTION_ID_SIZE)
