"""The gateway as clients and peers see it: every way in, both directions, on both kinds of loops."""

import asyncio
import logging
import secrets
import socket
from pathlib import Path

import pytest

from tests.turn.live_gateway import (
    CHANNEL,
    LOOPS,
    WITHIN,
    Caller,
    Datagrams,
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
from turn.relay import counters
from turn.wire import attributes as attribute
from turn.wire import channel, stun
from turn.wire.farewell import seconds_left

both_loops = pytest.mark.parametrize("loop", LOOPS)


@both_loops
def test_a_client_on_udp_and_its_peer_hear_each_other(loop: str) -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer() as peer:
                assert code(await caller.allocate()) == 0
                assert code(await caller.bind(peer.address)) == 0
                for size in (0, 1, 160, 1200, 9000):
                    await caller.send_data(sent := secrets.token_bytes(size))
                    assert await peer.receive() == (sent, caller.relayed)
                    peer.send(back := secrets.token_bytes(size), caller.relayed)
                    assert channel.decode(await caller.receive()) == (CHANNEL, back)
                assert code(await caller.release()) == 0
                assert not len(node.gateway.relay.allocations)

    run(scenario, loop)


@both_loops
@pytest.mark.parametrize(("count", "last"), [(2, 100), (4, 7), (12, 1100), (40, 1)])
def test_a_burst_in_one_piece_arrives_packet_by_packet(loop: str, count: int, last: int) -> None:
    async def scenario() -> None:
        packets = [secrets.token_bytes(1100) for _ in range(count - 1)] + [secrets.token_bytes(last)]
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer() as peer:
                await caller.allocate()
                await caller.bind(peer.address)
                peer.send(b"".join(packets), caller.relayed, segment=1100)
                assert [channel.decode(await caller.receive())[1] for _ in packets] == packets

    run(scenario, loop)


@both_loops
def test_packets_that_come_one_by_one_keep_size_and_order(loop: str) -> None:
    async def scenario() -> None:
        packets = [secrets.token_bytes(size) for size in (100, 100, 40, 100, 300, 300, 300, 1, 0, 5, 5) * 3]
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer() as peer:
                await caller.allocate()
                await caller.bind(peer.address)
                for packet in packets:
                    peer.send(packet, caller.relayed)
                assert [channel.decode(await caller.receive())[1] for _ in packets] == packets
                for packet in packets:
                    await caller.send_data(packet)
                assert [(await peer.receive())[0] for _ in packets] == packets

    run(scenario, loop)


def test_peers_of_one_client_are_kept_apart() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer() as one, Peer() as other:
                await caller.allocate()
                await caller.bind(one.address, 0x4001)
                await caller.bind(other.address, 0x4FFF)
                for number, peer in ((0x4001, one), (0x4FFF, other)) * 3:
                    await caller.send_data(b"%d" % number, number)
                    assert (await peer.receive())[0] == b"%d" % number
                one.send(b"1", caller.relayed)
                other.send(b"2", caller.relayed)
                assert {channel.decode(await caller.receive()) for _ in range(2)} == {(0x4001, b"1"), (0x4FFF, b"2")}

    run(scenario)


async def exchange(caller: Caller) -> None:
    """Packets of several sizes in both directions, and a burst."""
    with Peer() as peer:
        await caller.allocate()
        await caller.bind(peer.address)
        for size in (0, 1, 2, 3, 4, 1200):
            await caller.send_data(sent := secrets.token_bytes(size))
            assert await peer.receive() == (sent, caller.relayed)
            peer.send(sent, caller.relayed)
            assert channel.decode(await caller.receive()) == (CHANNEL, sent)
        peer.send(bytes(4000), caller.relayed, segment=1000)
        for _ in range(4):
            assert channel.decode(await caller.receive()) == (CHANNEL, bytes(1000))


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
@both_loops
def test_clients_on_streams(tmp_path: Path, protocol: str, loop: str) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key) as node:
            way = await Stream.open(address_of(node, protocol), unverified() if protocol == "tls" else None)
            async with Caller(way) as caller:
                await exchange(caller)
            await until(lambda: not len(node.gateway.relay.allocations))
            assert node.places.taken == 0

    run(scenario, loop)


def test_a_peer_with_a_permission_alone_comes_as_an_indication() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer() as peer:
                await caller.allocate()
                assert code(await caller.permit(peer.address)) == 0
                await caller.indicate(b"there", peer.address)
                assert await peer.receive() == (b"there", caller.relayed)
                await caller.indicate(b"whole", peer.address, (attribute.DONT_FRAGMENT, b""))
                assert await peer.receive() == (b"whole", caller.relayed)
                peer.send(b"back", caller.relayed)
                message = stun.parse(await caller.receive())
                assert (message.method, message.kind) == (stun.DATA, stun.INDICATION)
                assert message.get(attribute.DATA) == b"back"

    run(scenario)


def test_ipv6_from_end_to_end() -> None:
    async def scenario() -> None:
        async with serving(host="::1", peers="::1") as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer("::1") as peer:
                family = (attribute.REQUESTED_ADDRESS_FAMILY, bytes((attribute.IPV6, 0, 0, 0)))
                assert code(await caller.allocate()) == 440
                assert code(await caller.allocate(family)) == 0
                await caller.bind(peer.address)
                await caller.send_data(b"six")
                assert await peer.receive() == (b"six", caller.relayed)
                peer.send(b"666" * 400, caller.relayed, segment=300)
                assert [len(await caller.receive()) for _ in range(4)] == [304] * 4

    run(scenario)


def test_what_fits_into_no_indication_is_dropped_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    """IPv6 allows a datagram of 65,527 bytes."""

    async def scenario() -> None:
        async with (
            serving(host="::1", peers="::1") as node,
            Caller(await Stream.open(address_of(node, "tcp"))) as caller,
        ):
            with Peer("::1") as peer:
                peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
                await caller.allocate((attribute.REQUESTED_ADDRESS_FAMILY, bytes((attribute.IPV6, 0, 0, 0))))
                await caller.permit(peer.address)
                for size in (65_527, 65_504):
                    peer.send(bytes(size), caller.relayed)
                assert stun.parse(await caller.receive()).get(attribute.DATA) == bytes(65_504)
                assert node.gateway.relay.counters.drops == {NO_ROOM: 1}

    run(scenario)
    assert "could not be dealt with" not in caplog.text


def test_more_than_the_bandwidth_is_dropped_and_counted() -> None:
    async def scenario() -> None:
        async with serving(allocation_kbps=8) as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer() as peer:
                await caller.allocate()
                await caller.bind(peer.address)
                drops = node.gateway.relay.counters.drops

                def dropped() -> int:
                    node.gateway.collect()
                    return drops[counters.BANDWIDTH]

                def one_more() -> bool:
                    peer.send(bytes(50_000), caller.relayed, segment=1000)
                    return dropped() > 0

                await until(one_more)
                assert dropped() % 50 == 0  # datagrams are counted, not the messages that they come in
                before = dropped()
                async with asyncio.timeout(WITHIN):
                    while dropped() == before:
                        await caller.send_data(bytes(1000))
                        await asyncio.sleep(0)  # sending waits for nobody

    run(scenario)


def test_no_port_is_an_answer() -> None:
    async def scenario() -> None:
        with Peer() as taken:
            ports = f"{taken.address[1]}-{taken.address[1]}"
            async with serving(relay_ports=ports) as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
                assert code(await caller.allocate()) == 508
                assert not len(node.gateway.relay.allocations)

    run(scenario)


def test_a_reserved_port_is_the_next_one() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            answer = await caller.allocate((attribute.EVEN_PORT, b"\x80"))
            token = answer.get(attribute.RESERVATION_TOKEN)
            assert caller.relayed[1] % 2 == 0
            assert token is not None
            async with Caller(Datagrams(address_of(node, "udp"))) as other:
                assert code(await other.allocate((attribute.RESERVATION_TOKEN, token))) == 0
                assert other.relayed == (caller.relayed[0], caller.relayed[1] + 1)

    run(scenario)


@pytest.mark.parametrize(
    ("protocol", "release", "reason"),
    [("udp", True, "deleted"), ("udp", False, "gateway_ends"), ("tcp", True, "deleted"), ("tcp", False, "client_gone")],
)
def test_the_log_has_an_allocations_totals(
    protocol: str, release: bool, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with serving() as node:
            server = address_of(node, protocol)
            async with Caller(Datagrams(server) if protocol == "udp" else await Stream.open(server)) as caller:
                with Peer() as peer:
                    await caller.allocate()
                    await caller.bind(peer.address)
                    for size in (100, 1000, 0):
                        await caller.send_data(bytes(size))
                        await peer.receive()
                        peer.send(bytes(size // 2), caller.relayed)
                        await caller.receive()
                    peer.send(bytes(4400), caller.relayed, segment=1100)
                    for _ in range(4):
                        await caller.receive()
                    await caller.indicate(b"over", peer.address)
                    await peer.receive()
                if release:
                    await caller.release()
            if reason != "gateway_ends":
                await until(lambda: not len(node.gateway.relay.allocations))

    with caplog.at_level(logging.INFO, "turn"):
        run(scenario)
    (end,) = (record for record in caplog.records if "over (" in record.getMessage())
    assert end.getMessage().endswith(
        f"over ({reason}); 4 packets (1104 bytes) to peers, 7 (4950) to the client, 0 dropped"
    )


def test_draining_serves_those_who_are_there() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer() as peer:
                await caller.allocate()
                await caller.bind(peer.address)
                draining = asyncio.create_task(node.gateway.drain(60))
                await until(lambda: node.gateway.relay.draining)
                async with Caller(Datagrams(address_of(node, "udp"))) as late:
                    assert code(await late.allocate()) == 508
                await caller.send_data(b"on")
                assert await peer.receive() == (b"on", caller.relayed)
                assert not draining.done()
                await caller.release()
                assert await draining

    run(scenario)


def test_draining_ends_when_the_time_is_over() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            await caller.allocate()
            assert not await node.gateway.drain(0.01)

    run(scenario)


def test_before_the_time_is_over_peers_are_told_that_it_will_be() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer() as peer:
                await caller.allocate()
                await caller.bind(peer.address)
                draining = asyncio.create_task(node.gateway.drain(2))
                said, sender = await peer.receive()
                assert seconds_left(said) is not None
                assert sender == caller.relayed
                assert not draining.done()
                await caller.send_data(b"on")  # it serves on until then
                await caller.release()
                assert await draining

    run(scenario)


def test_bytes_that_mean_nothing_do_nothing() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            for data in (b"\0", b"\xff" * 50, b"\x40", b"\x40\x01\x00\x05abc", b"\x80" + bytes(30), bytes(20)):
                await caller.way.send(data)
            answer = await caller.ask(stun.BINDING)
            assert answer.kind == stun.SUCCESS

    run(scenario)
