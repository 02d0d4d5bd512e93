"""Clients on TCP and TLS: how many there may be, how long, and what becomes of those who do not behave."""

import asyncio
import errno
import logging
import secrets
from pathlib import Path

import pytest

from tests.turn.live_gateway import (
    WITHIN_SECONDS,
    PeerSocket,
    TcpTransport,
    TurnClient,
    address_of,
    certificate,
    code,
    run,
    serving,
    unverified,
    wait_until,
)
from turn.gateway.relayed import NO_ROOM
from turn.gateway.tcp import IDLE, MAX_UNSENT_ANSWERS, NO_TURN, NOT_READING
from turn.node import Node
from turn.relay import counters
from turn.relay.limits import MAX_STRANGE_MESSAGES
from turn.wire import stun


def test_a_client_that_does_not_read_loses_packets_and_nothing_else() -> None:
    async def scenario() -> None:
        async with serving() as node, TurnClient(await TcpTransport.open(address_of(node, "tcp"))) as client:
            with PeerSocket() as peer:
                await fill(node, client, peer)
                client.transport.writer.transport.resume_reading()
                while len(await client.receive()) != 104:  # what was on its transport, whole packets all of it
                    peer.send(bytes(100), client.relayed)
                assert code(await _ask_again(client)) == 0

    run(scenario)


def test_a_client_that_reads_late_finds_all_its_answers() -> None:
    """A client would not ask again, and would give its allocation up."""

    async def scenario() -> None:
        async with serving() as node, TurnClient(await TcpTransport.open(address_of(node, "tcp"))) as client:
            with PeerSocket() as peer:
                await fill(node, client, peer)
                answers = node.gateway.relay.counters.answers
                ids = [secrets.token_bytes(12) for _ in range(50)]
                for transaction_id in ids:
                    await client.transport.send(stun.Writer(stun.BINDING, stun.REQUEST, transaction_id).finish())
                await wait_until(lambda: answers["Binding", 0] == 50)
                await pour(node, client, peer)  # packets are dropped as before
                client.transport.writer.transport.resume_reading()
                for transaction_id in ids:
                    while (data := await client.receive())[0] >= 4:
                        pass
                    assert stun.parse(data).transaction_id == transaction_id

    run(scenario)


def test_a_client_that_reads_no_answers_is_closed() -> None:
    async def scenario() -> None:
        async with serving() as node, TurnClient(await TcpTransport.open(address_of(node, "tcp"))) as client:
            with PeerSocket() as peer:
                await fill(node, client, peer)
                request = stun.Writer(stun.BINDING, stun.REQUEST, bytes(12)).finish()
                client.transport.writer.write(request * (2 * MAX_UNSENT_ANSWERS // len(request)))
                await wait_until(lambda: node.connection_limit.closed == {NOT_READING: 1})
                await wait_until(lambda: not len(node.gateway.relay.allocations))

    run(scenario)


async def fill(node: Node, client: TurnClient, peer: PeerSocket) -> None:
    """Have the client allocate and stop reading, and send to it until nothing more is taken."""
    await client.allocate()
    await client.bind(peer.address)
    client.transport.writer.transport.pause_reading()
    await pour(node, client, peer)


async def pour(node: Node, client: TurnClient, peer: PeerSocket) -> None:
    """Send to the client until one more packet is dropped."""
    drops, before = node.gateway.relay.counters.drops, node.gateway.relay.counters.drops[NO_ROOM]

    def one_more() -> bool:
        peer.send(bytes(60_000), client.relayed, segment=1000)
        return drops[NO_ROOM] > before

    await wait_until(one_more)


async def is_closed(transport: TcpTransport) -> bool:
    """Tell whether the other side closes, or has closed."""
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            return await transport.receive() == b""
    except ConnectionError:
        return True
    finally:
        await transport.close()


async def _ask_again(client: TurnClient) -> stun.Message:
    """Send a request and return the answer, which comes between ChannelData."""
    transaction_id = secrets.token_bytes(12)
    await client.transport.send(stun.Writer(stun.BINDING, stun.REQUEST, transaction_id).finish())
    while (data := await client.receive())[0] >= 4:
        pass
    return stun.parse(data)


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 8, b"\x00\x01\xff\xfc" + bytes(4)])
def test_what_is_not_turn_is_closed(data: bytes) -> None:
    async def scenario() -> None:
        async with serving() as node:
            transport = await TcpTransport.open(address_of(node, "tcp"))
            transport.writer.write(data)
            assert await is_closed(transport)
            assert node.connection_limit.closed == {NO_TURN: 1}

    run(scenario)


def test_a_message_may_come_byte_by_byte() -> None:
    async def scenario() -> None:
        async with serving() as node, TurnClient(await TcpTransport.open(address_of(node, "tcp"))) as client:
            for byte in stun.Writer(stun.BINDING, stun.REQUEST, bytes(12)).finish():
                client.transport.writer.write(bytes([byte]))
                await client.transport.writer.drain()
                await asyncio.sleep(0)
            assert stun.parse(await client.receive()).kind == stun.SUCCESS

    run(scenario)


def test_no_more_connections_than_there_is_place_for() -> None:
    async def scenario() -> None:
        async with serving(max_connections=2) as node:
            server = address_of(node, "tcp")
            transports = [await TcpTransport.open(server) for _ in range(2)]
            await wait_until(lambda: node.connection_limit.taken == 2)
            refused = await TcpTransport.open(server)
            assert await is_closed(refused)
            assert node.connection_limit.refused == 1
            await transports.pop().close()
            await wait_until(lambda: node.connection_limit.taken == 1)
            async with TurnClient(await TcpTransport.open(server)) as client:
                assert (await client.ask(stun.BINDING)).kind == stun.SUCCESS
            for transport in transports:
                await transport.close()
            await wait_until(lambda: node.connection_limit.taken == 0)

    run(scenario)


def test_a_connection_without_an_allocation_is_closed_after_a_while() -> None:
    async def scenario() -> None:
        async with (
            serving(idle_seconds=0.5) as node,
            TurnClient(await TcpTransport.open(address_of(node, "tcp"))) as client,
        ):
            idle = await TcpTransport.open(address_of(node, "tcp"))
            await client.allocate()
            assert await is_closed(idle)
            assert node.connection_limit.closed == {IDLE: 1}
            assert (await client.ask(stun.BINDING)).kind == stun.SUCCESS
            await client.release()
            assert await is_closed(client.transport)

    run(scenario)


def test_a_stranger_is_answered_until_it_has_asked_too_much(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with (
            serving(stranger_rate=1) as node,
            TurnClient(await TcpTransport.open(address_of(node, "tcp"))) as client,
        ):
            for _ in range(MAX_STRANGE_MESSAGES):
                assert (await client.ask(stun.BINDING)).kind == stun.SUCCESS
            binding = stun.Writer(stun.BINDING, stun.REQUEST, bytes(12)).finish()
            await client.transport.send(binding * 3)
            assert await is_closed(client.transport)
            assert node.connection_limit.closed == {counters.STRANGE: 1}
            assert node.gateway.relay.counters.drops[counters.STRANGE] == 1
            await wait_until(lambda: node.connection_limit.taken == 0)
            async with TurnClient(await TcpTransport.open(address_of(node, "tcp"))) as again:
                assert code(await again.allocate()) == 0

    with caplog.at_level(logging.INFO):
        run(scenario)
    assert "messages without credentials" in caplog.text


def test_the_end_of_a_connection_is_the_end_of_its_allocation() -> None:
    async def scenario() -> None:
        async with serving() as node:
            async with TurnClient(await TcpTransport.open(address_of(node, "tcp"))) as client:
                await client.allocate()
                assert len(node.gateway.relay.allocations) == 1
            await wait_until(lambda: not len(node.gateway.relay.allocations))
            assert node.gateway.relay.counters.ended["client_gone"] == 1

    run(scenario)


def test_a_failed_handshake_gives_its_place_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key) as node:
            plain = await TcpTransport.open(address_of(node, "tls"))
            await wait_until(lambda: node.connection_limit.taken == 1)
            plain.writer.write(b"hello\r\n" * 10)
            await wait_until(lambda: node.connection_limit.taken == 0)
            await plain.close()
            transport = await TcpTransport.open(address_of(node, "tls"), unverified())
            async with TurnClient(transport) as client:
                assert (await client.ask(stun.BINDING)).kind == stun.SUCCESS

    run(scenario)


def test_accepting_goes_on_after_an_error(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        accept, errors = loop.sock_accept, [OSError(errno.EMFILE, "no more files")]

        async def sometimes(sock):
            if errors:
                raise errors.pop()
            return await accept(sock)

        monkeypatch.setattr("turn.gateway.tcp._ACCEPT_PAUSE_SECONDS", 0)
        monkeypatch.setattr(loop, "sock_accept", sometimes)
        async with serving() as node, TurnClient(await TcpTransport.open(address_of(node, "tcp"))) as client:
            assert (await client.ask(stun.BINDING)).kind == stun.SUCCESS

    with caplog.at_level(logging.WARNING):
        run(scenario)
    assert "a connection can't be accepted: " in caplog.text
