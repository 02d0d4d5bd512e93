"""A gateway in this process, on real sockets of loopback, and clients that speak to it byte by byte."""

import asyncio
import secrets
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from turn.config import Config
from turn.datapath.event_loop import new_event_loop
from turn.gateway.sockets import bind
from turn.node import Node
from turn.relay.auth import long_term_key
from turn.wire import attributes as attribute
from turn.wire import stun
from turn.wire.channel import Deframer, encode
from turn.wire.stun import Message, Writer

HOST = "127.0.0.1"
USER, PASSWORD = "user", "password"
SECRET = "a secret that is long enough"
WITHIN = 30.0
"""Seconds for anything that is waited for."""
SILENCE = 0.15
"""Seconds in which nothing may come: long for loopback. A late packet can only make a wrong test pass, not a right
one fail."""

LOOPS = {"ours": new_event_loop, "asyncio": asyncio.new_event_loop}
CHANNEL = 0x4001


def run(scenario: Callable[[], Awaitable[None]], loop: str = "ours") -> None:
    """Run a coroutine function on one of the loops that the gateway knows."""

    async def limited() -> None:
        async with asyncio.timeout(3 * WITHIN):
            await scenario()

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(limited())


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(WITHIN):
        while not condition():  # noqa: ASYNC110  (what is waited for is in the gateway, which tells nobody)
            await asyncio.sleep(0.005)


def settings(**changes: Any) -> Config:
    """Settings of a gateway on free ports of loopback, which may reach loopback unless told otherwise."""
    values = {
        "host": HOST,
        "port": 0,
        "tls_port": 0,
        "users": {USER: PASSWORD},
        "peers": HOST,
        "metrics_port": 0,
        "health_port": 0,
        "grace_seconds": 0,
    }
    return Config(**values | changes)


@asynccontextmanager
async def serving(**changes: Any) -> AsyncIterator[Node]:
    """A running gateway."""
    config = settings(**changes)
    node = Node(config, bind(config)[0], bytes(16))
    try:
        await node.start()
        yield node
    finally:
        await node.close()


def address_of(node: Node, protocol: str) -> tuple[str, int]:
    """Where clients of a protocol come in."""
    return next(each.sock.getsockname()[:2] for each in node.gateway.listeners if each.protocol == protocol)


def certificate(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """A self-signed certificate and its key."""
    paths = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "30", "-out", str(paths[0]), "-keyout", str(paths[1]), "-subj", f"/CN={name}"),
        ],
        check=True,
        capture_output=True,
    )
    return paths


def unverified() -> ssl.SSLContext:
    """For certificates that nobody has signed."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Peer:
    """A UDP socket at the far side."""

    def __init__(self, host: str = HOST, port: int = 0) -> None:
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, port))
        self.socket.setblocking(False)
        self.address: tuple[str, int] = self.socket.getsockname()[:2]

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *exception: object) -> None:
        self.socket.close()

    def send(self, data: bytes, to: tuple[str, int], segment: int = 0) -> None:
        """One datagram, or several of ``segment`` bytes in one piece."""
        ancillary = [(17, 103, segment.to_bytes(2, "little"))] if segment else []
        self.socket.sendmsg([data], ancillary, 0, to)

    async def receive(self) -> tuple[bytes, tuple[str, int]]:
        """The next datagram and where it came from."""
        async with asyncio.timeout(WITHIN):
            data, source = await asyncio.get_running_loop().sock_recvfrom(self.socket, 65_536)
        return data, source[:2]

    async def is_silent(self) -> bool:
        """Whether nothing comes for a while."""
        try:
            await asyncio.wait_for(asyncio.get_running_loop().sock_recvfrom(self.socket, 65_536), SILENCE)
        except TimeoutError:
            return True
        return False


class Datagrams:
    """A client's way over UDP."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.socket = socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(server)
        self.socket.setblocking(False)

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def receive(self) -> bytes:
        return await asyncio.get_running_loop().sock_recv(self.socket, 65_536)

    async def close(self) -> None:
        self.socket.close()


class Stream:
    """A client's way over TCP or TLS."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._frames: list[bytes] = []
        self._deframer = Deframer(1 << 17)

    @classmethod
    async def open(cls, server: tuple[str, int], context: ssl.SSLContext | None = None) -> "Stream":
        return cls(*await asyncio.open_connection(*server, ssl=context))

    async def send(self, data: bytes) -> None:
        self.writer.write(data + bytes(-len(data) % 4))
        await self.writer.drain()

    async def receive(self) -> bytes:
        """The next frame; b"" at the end."""
        while not self._frames:
            data = await self.reader.read(65_536)
            if not data:
                return b""
            self._frames += map(bytes, self._deframer.feed(data))
        return self._frames.pop(0)

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError, ssl.SSLError):
            await self.writer.wait_closed()


class Caller:
    """A TURN client over one of the ways."""

    def __init__(self, way: Any, username: str = USER, password: str = PASSWORD) -> None:
        self.way = way
        self.relayed: tuple[str, int] = ("", 0)
        self._username, self._password = username, password
        self._known: list[tuple[int, bytes]] = []
        self._key = b""

    async def __aenter__(self) -> "Caller":
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.way.close()

    async def receive(self) -> bytes:
        """The next message, whatever it is."""
        async with asyncio.timeout(WITHIN):
            return await self.way.receive()

    async def ask(self, method: int, *attributes: tuple[int, bytes]) -> Message:
        """Send a request, with credentials once there was a challenge, and return the answer."""
        request = Writer(method, stun.REQUEST, secrets.token_bytes(12))
        for number, value in (*attributes, *self._known):
            request.add(number, value)
        await self.way.send(request.finish(self._key))
        answer = stun.parse(await self.receive())
        if code(answer) == (438 if self._key else 401) and answer.get(attribute.NONCE):
            realm, nonce = answer.get(attribute.REALM) or b"", answer.get(attribute.NONCE) or b""
            name = self._username.encode()
            self._known = [(attribute.USERNAME, name), (attribute.REALM, realm), (attribute.NONCE, nonce)]
            self._key = long_term_key(self._username, realm.decode(), self._password, attribute.MD5)
            return await self.ask(method, *attributes)
        return answer

    async def allocate(self, *attributes: tuple[int, bytes]) -> Message:
        """Ask for a relay address; it is in ``relayed`` then."""
        answer = await self.ask(stun.ALLOCATE, (attribute.REQUESTED_TRANSPORT, b"\x11\0\0\0"), *attributes)
        value = answer.get(attribute.XOR_RELAYED_ADDRESS)
        if value is not None:
            self.relayed = attribute.decode_xor_address(value, answer.transaction_id)
        return answer

    async def release(self) -> Message:
        """Give it back."""
        return await self.ask(stun.REFRESH, (attribute.LIFETIME, bytes(4)))

    async def permit(self, address: tuple[str, int]) -> Message:
        """Ask for a permission."""
        return await self._about(stun.CREATE_PERMISSION, address)

    async def bind(self, address: tuple[str, int], channel: int = CHANNEL) -> Message:
        """Bind a channel."""
        return await self._about(
            stun.CHANNEL_BIND, address, (attribute.CHANNEL_NUMBER, channel.to_bytes(2, "big") + bytes(2))
        )

    async def _about(self, method: int, address: tuple[str, int], *attributes: tuple[int, bytes]) -> Message:
        request = Writer(method, stun.REQUEST, transaction_id := secrets.token_bytes(12))
        peer = (attribute.XOR_PEER_ADDRESS, attribute.encode_xor_address(address, transaction_id))
        for number, value in (peer, *attributes, *self._known):
            request.add(number, value)
        await self.way.send(request.finish(self._key))
        return stun.parse(await self.receive())

    async def send_data(self, payload: bytes, channel: int = CHANNEL) -> None:
        """Send ChannelData."""
        await self.way.send(encode(channel, payload))

    async def indicate(self, payload: bytes, address: tuple[str, int], *more: tuple[int, bytes]) -> None:
        """Send a Send indication."""
        transaction_id = secrets.token_bytes(12)
        message = Writer(stun.SEND, stun.INDICATION, transaction_id)
        message.add(attribute.XOR_PEER_ADDRESS, attribute.encode_xor_address(address, transaction_id))
        for number, value in more:
            message.add(number, value)
        await self.way.send(message.add(attribute.DATA, payload).finish())


def code(answer: Message) -> int:
    """The error code of an answer; 0 for a success."""
    value = answer.get(attribute.ERROR_CODE)
    return 0 if value is None else attribute.decode_error(value)[0]
