"""Clients on DTLS: first they show that they are there, then they are like those on UDP."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from tests.turn.live_gateway import (
    CHANNEL,
    SILENCE_SECONDS,
    WITHIN_SECONDS,
    PeerSocket,
    TurnClient,
    UdpTransport,
    address_of,
    certificate,
    code,
    run,
    serving,
    wait_until,
)
from turn.gateway.dtls import MTU, datagrams_of, is_client_hello
from turn.relay import counters
from turn.relay.limits import MAX_STRANGE_MESSAGES
from turn.wire import channel, stun


class DtlsTransport:
    """A client's way over DTLS."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.udp = UdpTransport(server)
        context = SSL.Context(SSL.DTLS_CLIENT_METHOD)
        context.set_options(SSL.OP_NO_QUERY_MTU)
        self.connection = SSL.Connection(context, None)
        self.connection.set_connect_state()
        self.connection.set_ciphertext_mtu(MTU)

    async def open(self) -> "DtlsTransport":
        await self._until_done(self.connection.do_handshake)
        return self

    async def send(self, data: bytes) -> None:
        self.connection.send(data)
        await self.flush()

    async def receive(self) -> bytes:
        received: bytes = await self._until_done(lambda: self.connection.recv(65_536))
        return received

    async def flush(self) -> None:
        try:
            for datagram in datagrams_of(self.connection.bio_read(65_536)):
                await self.udp.send(datagram)
        except SSL.WantReadError:
            return

    async def close(self) -> None:
        with suppress(SSL.Error):
            self.connection.shutdown()
        await self.flush()
        await self.udp.close()

    async def _until_done(self, step: Callable[[], Any]) -> Any:
        while True:
            try:
                done = step()
            except SSL.WantReadError:
                await self.flush()
                async with asyncio.timeout(WITHIN_SECONDS):
                    self.connection.bio_write(await self.udp.receive())
            else:
                await self.flush()
                return done


async def exchange(client: TurnClient) -> None:
    """Send packets of several sizes in both directions."""
    with PeerSocket() as peer:
        await client.allocate()
        await client.bind(peer.address)
        for size in (0, 1, 5, 1200):
            await client.send_data(sent := secrets.token_bytes(size))
            assert await peer.receive() == (sent, client.relayed)
            peer.send(sent, client.relayed)
            assert channel.decode(await client.receive()) == (CHANNEL, sent)
        await client.send_data(b"nobody", 0x4FFF)


def test_packets_both_ways(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key) as node:
            async with TurnClient(await DtlsTransport(address_of(node, "dtls")).open()) as client:
                await exchange(client)
            await wait_until(lambda: not len(node.gateway.relay.allocations))
            assert node.connection_limit.taken == 0

    run(scenario)


def test_a_stranger_gets_a_cookie_and_leaves_nothing_behind(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key) as node:
            transport = DtlsTransport(address_of(node, "dtls"))
            with pytest.raises(SSL.WantReadError):
                transport.connection.do_handshake()
            hello = transport.connection.bio_read(65_536)
            for _ in range(20):
                await transport.udp.send(hello)
                answer = await transport.udp.receive()
                assert answer[13] == 3  # HelloVerifyRequest
                assert len(answer) <= len(hello)
            assert node.connection_limit.taken == 0
            await transport.udp.close()

    run(scenario)


def test_a_cookie_is_good_for_its_address_alone(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key) as node:
            transport, thief = DtlsTransport(address_of(node, "dtls")), UdpTransport(address_of(node, "dtls"))
            with pytest.raises(SSL.WantReadError):
                transport.connection.do_handshake()
            await transport.flush()
            transport.connection.bio_write(await transport.udp.receive())
            with pytest.raises(SSL.WantReadError):
                transport.connection.do_handshake()
            with_cookie = transport.connection.bio_read(65_536)
            await thief.send(with_cookie)
            assert (await thief.receive())[13] == 3  # another cookie, for this address
            assert node.connection_limit.taken == 0
            await transport.udp.send(with_cookie)
            await wait_until(lambda: node.connection_limit.taken == 1)
            await transport.udp.close()
            await thief.close()

    run(scenario)


def test_no_more_connections_than_there_is_place_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key, max_connections=1) as node:
            client = TurnClient(await DtlsTransport(address_of(node, "dtls")).open())
            late = DtlsTransport(address_of(node, "dtls"))
            opening = asyncio.create_task(late.open())
            await wait_until(lambda: node.connection_limit.refused > 0)
            opening.cancel()
            await late.udp.close()
            assert (await client.ask(stun.BINDING)).kind == stun.SUCCESS
            await client.transport.close()
            await wait_until(lambda: node.connection_limit.taken == 0)

    run(scenario)


def test_an_idle_connection_is_closed(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key, idle_seconds=SILENCE_SECONDS) as node:
            client = TurnClient(await DtlsTransport(address_of(node, "dtls")).open())
            assert (await client.ask(stun.BINDING)).kind == stun.SUCCESS
            await wait_until(lambda: node.connection_limit.taken == 0)
            with pytest.raises(SSL.ZeroReturnError):
                await client.receive()
            await client.transport.close()

    run(scenario)


def test_a_stranger_is_answered_until_it_has_asked_too_much(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key, stranger_rate=1) as node:
            client = TurnClient(await DtlsTransport(address_of(node, "dtls")).open())
            for _ in range(MAX_STRANGE_MESSAGES):
                assert (await client.ask(stun.BINDING)).kind == stun.SUCCESS
            with pytest.raises(SSL.ZeroReturnError):
                await client.ask(stun.BINDING)
            assert node.connection_limit.closed == {counters.STRANGE: 1}
            assert node.connection_limit.taken == 0
            await client.transport.close()

    run(scenario)


def test_a_client_that_begins_anew_takes_its_own_place(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key) as node:
            transport = await DtlsTransport(address_of(node, "dtls")).open()
            again = DtlsTransport(address_of(node, "dtls"))
            await again.udp.close()
            again.udp = transport.udp
            async with TurnClient(await again.open()) as client:
                assert code(await client.allocate()) == 0
                assert node.connection_limit.taken == 1

    run(scenario)


def test_a_stranger_leaves_nothing_for_the_next_one(tmp_path: Path) -> None:
    """A hello with a long tail: OpenSSL would keep the tail, more with each, and nobody else would get in."""

    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key) as node:
            transport, noise = DtlsTransport(address_of(node, "dtls")), UdpTransport(address_of(node, "dtls"))
            with pytest.raises(SSL.WantReadError):
                transport.connection.do_handshake()
            hello = transport.connection.bio_read(65_536)
            for size in (20_000, 60_000):
                for _ in range(20):
                    await noise.send(hello + bytes(size))
            await transport.udp.close()
            async with TurnClient(await DtlsTransport(address_of(node, "dtls")).open()) as client:
                assert (await client.ask(stun.BINDING)).kind == stun.SUCCESS
            await noise.close()

    run(scenario)


def test_noise_changes_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key) as node:
            noise = UdpTransport(address_of(node, "dtls"))
            hello = bytes((22, 254, 253)) + bytes(8) + b"\0\x20\x01" + secrets.token_bytes(31)
            for data in (b"x", bytes(100), hello, hello[:14]):
                await noise.send(data)
            async with TurnClient(await DtlsTransport(address_of(node, "dtls")).open()) as client:
                await client.transport.udp.send(b"\x17\xfe\xfd" + bytes(30))
                assert (await client.ask(stun.BINDING)).kind == stun.SUCCESS
            await noise.close()

    run(scenario)


record = st.binary(max_size=600).map(lambda body: bytes(11) + len(body).to_bytes(2, "big") + body)


@given(st.lists(record, max_size=20))
def test_records_are_not_torn(records: list[bytes]) -> None:
    datagrams = list(datagrams_of(b"".join(records)))
    assert b"".join(datagrams) == b"".join(records)
    assert all(len(datagram) <= MTU for datagram in datagrams)


@given(st.binary(max_size=100))
def test_any_bytes_are_a_hello_or_not(data: bytes) -> None:
    assert is_client_hello(data) in (True, False)
    assert b"".join(datagrams_of(data)) == data
