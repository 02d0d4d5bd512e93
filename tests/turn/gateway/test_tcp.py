"""Clients on TCP and TLS: how many there may be, how long, and what becomes of those who do not behave."""

import asyncio
import errno
import logging
import secrets
from pathlib import Path

import pytest

from tests.turn.live_gateway import (
    WITHIN,
    Caller,
    Peer,
    Stream,
    address_of,
    certificate,
    code,
    run,
    serving,
    until,
    unverified,
)
from turn.gateway.relayed import NO_ROOM
from turn.gateway.tcp import IDLE, MAX_UNSENT_ANSWERS, NO_TURN, NOT_READING
from turn.node import Node
from turn.relay import counters
from turn.relay.limits import MAX_STRANGE_MESSAGES
from turn.wire import stun


def test_a_client_that_does_not_read_loses_packets_and_nothing_else() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(await Stream.open(address_of(node, "tcp"))) as caller:
            with Peer() as peer:
                await fill(node, caller, peer)
                caller.way.writer.transport.resume_reading()
                while len(await caller.receive()) != 104:  # what was on its way, whole packets all of it
                    peer.send(bytes(100), caller.relayed)
                assert code(await _ask_again(caller)) == 0

    run(scenario)


def test_a_client_that_reads_late_finds_all_its_answers() -> None:
    """It would not ask again, and give its allocation up."""

    async def scenario() -> None:
        async with serving() as node, Caller(await Stream.open(address_of(node, "tcp"))) as caller:
            with Peer() as peer:
                await fill(node, caller, peer)
                answers = node.gateway.relay.counters.answers
                ids = [secrets.token_bytes(12) for _ in range(50)]
                for transaction_id in ids:
                    await caller.way.send(stun.Writer(stun.BINDING, stun.REQUEST, transaction_id).finish())
                await until(lambda: answers["Binding", 0] == 50)
                await pour(node, caller, peer)  # packets are dropped as before
                caller.way.writer.transport.resume_reading()
                for transaction_id in ids:
                    while (data := await caller.receive())[0] >= 4:
                        pass
                    assert stun.parse(data).transaction_id == transaction_id

    run(scenario)


def test_a_client_that_reads_no_answers_is_closed() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(await Stream.open(address_of(node, "tcp"))) as caller:
            with Peer() as peer:
                await fill(node, caller, peer)
                request = stun.Writer(stun.BINDING, stun.REQUEST, bytes(12)).finish()
                caller.way.writer.write(request * (2 * MAX_UNSENT_ANSWERS // len(request)))
                await until(lambda: node.places.closed == {NOT_READING: 1})
                await until(lambda: not len(node.gateway.relay.allocations))

    run(scenario)


async def fill(node: Node, caller: Caller, peer: Peer) -> None:
    """Have the client allocate and stop reading, and send to it until nothing more is taken."""
    await caller.allocate()
    await caller.bind(peer.address)
    caller.way.writer.transport.pause_reading()
    await pour(node, caller, peer)


async def pour(node: Node, caller: Caller, peer: Peer) -> None:
    """Send until something more is dropped."""
    drops, before = node.gateway.relay.counters.drops, node.gateway.relay.counters.drops[NO_ROOM]

    def one_more() -> bool:
        peer.send(bytes(60_000), caller.relayed, segment=1000)
        return drops[NO_ROOM] > before

    await until(one_more)


async def is_closed(way: Stream) -> bool:
    """Whether the other side closes, or has closed."""
    try:
        async with asyncio.timeout(WITHIN):
            return await way.receive() == b""
    except ConnectionError:
        return True
    finally:
        await way.close()


async def _ask_again(caller: Caller) -> stun.Message:
    """A request between ChannelData that still comes."""
    transaction_id = secrets.token_bytes(12)
    await caller.way.send(stun.Writer(stun.BINDING, stun.REQUEST, transaction_id).finish())
    while (data := await caller.receive())[0] >= 4:
        pass
    return stun.parse(data)


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 8, b"\x00\x01\xff\xfc" + bytes(4)])
def test_what_is_not_turn_is_closed(data: bytes) -> None:
    async def scenario() -> None:
        async with serving() as node:
            way = await Stream.open(address_of(node, "tcp"))
            way.writer.write(data)
            assert await is_closed(way)
            assert node.places.closed == {NO_TURN: 1}

    run(scenario)


def test_a_message_may_come_byte_by_byte() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(await Stream.open(address_of(node, "tcp"))) as caller:
            for byte in stun.Writer(stun.BINDING, stun.REQUEST, bytes(12)).finish():
                caller.way.writer.write(bytes([byte]))
                await caller.way.writer.drain()
                await asyncio.sleep(0)
            assert stun.parse(await caller.receive()).kind == stun.SUCCESS

    run(scenario)


def test_no_more_connections_than_there_is_place_for() -> None:
    async def scenario() -> None:
        async with serving(max_connections=2) as node:
            server = address_of(node, "tcp")
            ways = [await Stream.open(server) for _ in range(2)]
            await until(lambda: node.places.taken == 2)
            refused = await Stream.open(server)
            assert await is_closed(refused)
            assert node.places.refused == 1
            await ways.pop().close()
            await until(lambda: node.places.taken == 1)
            async with Caller(await Stream.open(server)) as caller:
                assert (await caller.ask(stun.BINDING)).kind == stun.SUCCESS
            for way in ways:
                await way.close()
            await until(lambda: node.places.taken == 0)

    run(scenario)


def test_a_connection_without_an_allocation_is_closed_after_a_while() -> None:
    async def scenario() -> None:
        async with serving(idle_seconds=0.5) as node, Caller(await Stream.open(address_of(node, "tcp"))) as caller:
            idle = await Stream.open(address_of(node, "tcp"))
            await caller.allocate()
            assert await is_closed(idle)
            assert node.places.closed == {IDLE: 1}
            assert (await caller.ask(stun.BINDING)).kind == stun.SUCCESS
            await caller.release()
            assert await is_closed(caller.way)

    run(scenario)


def test_a_stranger_is_answered_until_it_has_asked_too_much(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with serving(stranger_rate=1) as node, Caller(await Stream.open(address_of(node, "tcp"))) as caller:
            for _ in range(MAX_STRANGE_MESSAGES):
                assert (await caller.ask(stun.BINDING)).kind == stun.SUCCESS
            binding = stun.Writer(stun.BINDING, stun.REQUEST, bytes(12)).finish()
            await caller.way.send(binding * 3)
            assert await is_closed(caller.way)
            assert node.places.closed == {counters.STRANGE: 1}
            assert node.gateway.relay.counters.drops[counters.STRANGE] == 1
            await until(lambda: node.places.taken == 0)
            async with Caller(await Stream.open(address_of(node, "tcp"))) as again:
                assert code(await again.allocate()) == 0

    with caplog.at_level(logging.INFO):
        run(scenario)
    assert "messages without credentials" in caplog.text


def test_the_end_of_a_connection_is_the_end_of_its_allocation() -> None:
    async def scenario() -> None:
        async with serving() as node:
            async with Caller(await Stream.open(address_of(node, "tcp"))) as caller:
                await caller.allocate()
                assert len(node.gateway.relay.allocations) == 1
            await until(lambda: not len(node.gateway.relay.allocations))
            assert node.gateway.relay.counters.ended["client_gone"] == 1

    run(scenario)


def test_a_failed_handshake_gives_its_place_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key) as node:
            plain = await Stream.open(address_of(node, "tls"))
            await until(lambda: node.places.taken == 1)
            plain.writer.write(b"hello\r\n" * 10)
            await until(lambda: node.places.taken == 0)
            await plain.close()
            way = await Stream.open(address_of(node, "tls"), unverified())
            async with Caller(way) as caller:
                assert (await caller.ask(stun.BINDING)).kind == stun.SUCCESS

    run(scenario)


def test_accepting_goes_on_after_an_error(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        accept, errors = loop.sock_accept, [OSError(errno.EMFILE, "no more files")]

        async def sometimes(sock):
            if errors:
                raise errors.pop()
            return await accept(sock)

        monkeypatch.setattr("turn.gateway.tcp._ACCEPT_PAUSE", 0)
        monkeypatch.setattr(loop, "sock_accept", sometimes)
        async with serving() as node, Caller(await Stream.open(address_of(node, "tcp"))) as caller:
            assert (await caller.ask(stun.BINDING)).kind == stun.SUCCESS

    with caplog.at_level(logging.WARNING):
        run(scenario)
    assert "a connection can't be accepted: " in caplog.text
