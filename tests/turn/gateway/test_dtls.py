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
    SILENCE,
    WITHIN,
    Caller,
    Datagrams,
    Peer,
    address_of,
    certificate,
    code,
    run,
    serving,
    until,
)
from turn.gateway.dtls import MTU, datagrams_of, is_client_hello
from turn.relay import counters
from turn.relay.limits import MAX_STRANGE_MESSAGES
from turn.wire import channel, stun


class Dtls:
    """A client's way over DTLS."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.datagrams = Datagrams(server)
        context = SSL.Context(SSL.DTLS_CLIENT_METHOD)
        context.set_options(SSL.OP_NO_QUERY_MTU)
        self.connection = SSL.Connection(context, None)
        self.connection.set_connect_state()
        self.connection.set_ciphertext_mtu(MTU)

    async def open(self) -> "Dtls":
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
                await self.datagrams.send(datagram)
        except SSL.WantReadError:
            return

    async def close(self) -> None:
        with suppress(SSL.Error):
            self.connection.shutdown()
        await self.flush()
        await self.datagrams.close()

    async def _until_done(self, step: Callable[[], Any]) -> Any:
        while True:
            try:
                done = step()
            except SSL.WantReadError:
                await self.flush()
                async with asyncio.timeout(WITHIN):
                    self.connection.bio_write(await self.datagrams.receive())
            else:
                await self.flush()
                return done


async def exchange(caller: Caller) -> None:
    """Packets of several sizes in both directions."""
    with Peer() as peer:
        await caller.allocate()
        await caller.bind(peer.address)
        for size in (0, 1, 5, 1200):
            await caller.send_data(sent := secrets.token_bytes(size))
            assert await peer.receive() == (sent, caller.relayed)
            peer.send(sent, caller.relayed)
            assert channel.decode(await caller.receive()) == (CHANNEL, sent)
        await caller.send_data(b"nobody", 0x4FFF)


def test_packets_both_ways(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key) as node:
            async with Caller(await Dtls(address_of(node, "dtls")).open()) as caller:
                await exchange(caller)
            await until(lambda: not len(node.gateway.relay.allocations))
            assert node.places.taken == 0

    run(scenario)


def test_a_stranger_gets_a_cookie_and_leaves_nothing_behind(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key) as node:
            way = Dtls(address_of(node, "dtls"))
            with pytest.raises(SSL.WantReadError):
                way.connection.do_handshake()
            hello = way.connection.bio_read(65_536)
            for _ in range(20):
                await way.datagrams.send(hello)
                answer = await way.datagrams.receive()
                assert answer[13] == 3  # HelloVerifyRequest
                assert len(answer) <= len(hello)
            assert node.places.taken == 0
            await way.datagrams.close()

    run(scenario)


def test_a_cookie_is_good_for_its_address_alone(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key) as node:
            way, thief = Dtls(address_of(node, "dtls")), Datagrams(address_of(node, "dtls"))
            with pytest.raises(SSL.WantReadError):
                way.connection.do_handshake()
            await way.flush()
            way.connection.bio_write(await way.datagrams.receive())
            with pytest.raises(SSL.WantReadError):
                way.connection.do_handshake()
            with_cookie = way.connection.bio_read(65_536)
            await thief.send(with_cookie)
            assert (await thief.receive())[13] == 3  # another cookie, for this address
            assert node.places.taken == 0
            await way.datagrams.send(with_cookie)
            await until(lambda: node.places.taken == 1)
            await way.datagrams.close()
            await thief.close()

    run(scenario)


def test_no_more_connections_than_there_is_place_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key, max_connections=1) as node:
            caller, late = Caller(await Dtls(address_of(node, "dtls")).open()), Dtls(address_of(node, "dtls"))
            opening = asyncio.create_task(late.open())
            await until(lambda: node.places.refused > 0)
            opening.cancel()
            await late.datagrams.close()
            assert (await caller.ask(stun.BINDING)).kind == stun.SUCCESS
            await caller.way.close()
            await until(lambda: node.places.taken == 0)

    run(scenario)


def test_an_idle_connection_is_closed(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key, idle_seconds=SILENCE) as node:
            caller = Caller(await Dtls(address_of(node, "dtls")).open())
            assert (await caller.ask(stun.BINDING)).kind == stun.SUCCESS
            await until(lambda: node.places.taken == 0)
            with pytest.raises(SSL.ZeroReturnError):
                await caller.receive()
            await caller.way.close()

    run(scenario)


def test_a_stranger_is_answered_until_it_has_asked_too_much(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key, stranger_rate=1) as node:
            caller = Caller(await Dtls(address_of(node, "dtls")).open())
            for _ in range(MAX_STRANGE_MESSAGES):
                assert (await caller.ask(stun.BINDING)).kind == stun.SUCCESS
            with pytest.raises(SSL.ZeroReturnError):
                await caller.ask(stun.BINDING)
            assert node.places.closed == {counters.STRANGE: 1}
            assert node.places.taken == 0
            await caller.way.close()

    run(scenario)


def test_a_client_that_begins_anew_takes_its_own_place(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key) as node:
            way = await Dtls(address_of(node, "dtls")).open()
            again = Dtls(address_of(node, "dtls"))
            await again.datagrams.close()
            again.datagrams = way.datagrams
            async with Caller(await again.open()) as caller:
                assert code(await caller.allocate()) == 0
                assert node.places.taken == 1

    run(scenario)


def test_a_stranger_leaves_nothing_for_the_next_one(tmp_path: Path) -> None:
    """A hello with a long tail: OpenSSL would keep the tail, more with each, and nobody else would get in."""

    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key) as node:
            way, noise = Dtls(address_of(node, "dtls")), Datagrams(address_of(node, "dtls"))
            with pytest.raises(SSL.WantReadError):
                way.connection.do_handshake()
            hello = way.connection.bio_read(65_536)
            for size in (20_000, 60_000):
                for _ in range(20):
                    await noise.send(hello + bytes(size))
            await way.datagrams.close()
            async with Caller(await Dtls(address_of(node, "dtls")).open()) as caller:
                assert (await caller.ask(stun.BINDING)).kind == stun.SUCCESS
            await noise.close()

    run(scenario)


def test_noise_changes_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key) as node:
            noise = Datagrams(address_of(node, "dtls"))
            hello = bytes((22, 254, 253)) + bytes(8) + b"\0\x20\x01" + secrets.token_bytes(31)
            for data in (b"x", bytes(100), hello, hello[:14]):
                await noise.send(data)
            async with Caller(await Dtls(address_of(node, "dtls")).open()) as caller:
                await caller.way.datagrams.send(b"\x17\xfe\xfd" + bytes(30))
                assert (await caller.ask(stun.BINDING)).kind == stun.SUCCESS
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
