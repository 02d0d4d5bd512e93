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
    WITHIN_SECONDS,
    PeerSocket,
    TcpTransport,
    TurnClient,
    UdpTransport,
    address_of,
    certificate,
    code,
    run,
    serving,
    unverified,
    wait_until,
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
        async with serving() as node, TurnClient(UdpTransport(address_of(node, "udp"))) as client:
            with PeerSocket() as peer:
                assert code(await client.allocate()) == 0
                assert code(await client.bind(peer.address)) == 0
                for size in (0, 1, 160, 1200, 9000):
                    await client.send_data(sent := secrets.token_bytes(size))
                    assert await peer.receive() == (sent, client.relayed)
                    peer.send(back := secrets.token_bytes(size), client.relayed)
                    assert channel.decode(await client.receive()) == (CHANNEL, back)
                assert code(await client.release()) == 0
                assert not len(node.gateway.relay.allocations)

    run(scenario, loop)


@both_loops
@pytest.mark.parametrize(("count", "last"), [(2, 100), (4, 7), (12, 1100), (40, 1)])
def test_a_burst_in_one_piece_arrives_packet_by_packet(loop: str, count: int, last: int) -> None:
    async def scenario() -> None:
        packets = [secrets.token_bytes(1100) for _ in range(count - 1)] + [secrets.token_bytes(last)]
        async with serving() as node, TurnClient(UdpTransport(address_of(node, "udp"))) as client:
            with PeerSocket() as peer:
                await client.allocate()
                await client.bind(peer.address)
                peer.send(b"".join(packets), client.relayed, segment=1100)
                assert [channel.decode(await client.receive())[1] for _ in packets] == packets

    run(scenario, loop)


@both_loops
def test_packets_that_come_one_by_one_keep_size_and_order(loop: str) -> None:
    async def scenario() -> None:
        packets = [secrets.token_bytes(size) for size in (100, 100, 40, 100, 300, 300, 300, 1, 0, 5, 5) * 3]
        async with serving() as node, TurnClient(UdpTransport(address_of(node, "udp"))) as client:
            with PeerSocket() as peer:
                await client.allocate()
                await client.bind(peer.address)
                for packet in packets:
                    peer.send(packet, client.relayed)
                assert [channel.decode(await client.receive())[1] for _ in packets] == packets
                for packet in packets:
                    await client.send_data(packet)
                assert [(await peer.receive())[0] for _ in packets] == packets

    run(scenario, loop)


def test_peers_of_one_client_are_kept_apart() -> None:
    async def scenario() -> None:
        async with serving() as node, TurnClient(UdpTransport(address_of(node, "udp"))) as client:
            with PeerSocket() as one, PeerSocket() as other:
                await client.allocate()
                await client.bind(one.address, 0x4001)
                await client.bind(other.address, 0x4FFF)
                for number, peer in ((0x4001, one), (0x4FFF, other)) * 3:
                    await client.send_data(b"%d" % number, number)
                    assert (await peer.receive())[0] == b"%d" % number
                one.send(b"1", client.relayed)
                other.send(b"2", client.relayed)
                assert {channel.decode(await client.receive()) for _ in range(2)} == {(0x4001, b"1"), (0x4FFF, b"2")}

    run(scenario)


async def exchange(client: TurnClient) -> None:
    """Send packets of several sizes in both directions, and a burst."""
    with PeerSocket() as peer:
        await client.allocate()
        await client.bind(peer.address)
        for size in (0, 1, 2, 3, 4, 1200):
            await client.send_data(sent := secrets.token_bytes(size))
            assert await peer.receive() == (sent, client.relayed)
            peer.send(sent, client.relayed)
            assert channel.decode(await client.receive()) == (CHANNEL, sent)
        peer.send(bytes(4000), client.relayed, segment=1000)
        for _ in range(4):
            assert channel.decode(await client.receive()) == (CHANNEL, bytes(1000))


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
@both_loops
def test_clients_on_streams(tmp_path: Path, protocol: str, loop: str) -> None:
    async def scenario() -> None:
        cert, key = certificate(tmp_path)
        async with serving(certificate=cert, key=key) as node:
            transport = await TcpTransport.open(address_of(node, protocol), unverified() if protocol == "tls" else None)
            async with TurnClient(transport) as client:
                await exchange(client)
            await wait_until(lambda: not len(node.gateway.relay.allocations))
            assert node.connection_limit.taken == 0

    run(scenario, loop)


def test_a_peer_with_a_permission_alone_comes_as_an_indication() -> None:
    async def scenario() -> None:
        async with serving() as node, TurnClient(UdpTransport(address_of(node, "udp"))) as client:
            with PeerSocket() as peer:
                await client.allocate()
                assert code(await client.permit(peer.address)) == 0
                await client.indicate(b"there", peer.address)
                assert await peer.receive() == (b"there", client.relayed)
                await client.indicate(b"whole", peer.address, (attribute.DONT_FRAGMENT, b""))
                assert await peer.receive() == (b"whole", client.relayed)
                peer.send(b"back", client.relayed)
                message = stun.parse(await client.receive())
                assert (message.method, message.kind) == (stun.DATA, stun.INDICATION)
                assert message.get(attribute.DATA) == b"back"

    run(scenario)


def test_ipv6_from_end_to_end() -> None:
    async def scenario() -> None:
        async with (
            serving(host="::1", peers="::1") as node,
            TurnClient(UdpTransport(address_of(node, "udp"))) as client,
        ):
            with PeerSocket("::1") as peer:
                family = (attribute.REQUESTED_ADDRESS_FAMILY, bytes((attribute.IPV6, 0, 0, 0)))
                assert code(await client.allocate()) == 440
                assert code(await client.allocate(family)) == 0
                await client.bind(peer.address)
                await client.send_data(b"six")
                assert await peer.receive() == (b"six", client.relayed)
                peer.send(b"666" * 400, client.relayed, segment=300)
                assert [len(await client.receive()) for _ in range(4)] == [304] * 4

    run(scenario)


def test_what_fits_into_no_indication_is_dropped_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    """IPv6 allows a datagram of 65,527 bytes."""

    async def scenario() -> None:
        async with (
            serving(host="::1", peers="::1") as node,
            TurnClient(await TcpTransport.open(address_of(node, "tcp"))) as client,
        ):
            with PeerSocket("::1") as peer:
                peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
                await client.allocate((attribute.REQUESTED_ADDRESS_FAMILY, bytes((attribute.IPV6, 0, 0, 0))))
                await client.permit(peer.address)
                for size in (65_527, 65_504):
                    peer.send(bytes(size), client.relayed)
                assert stun.parse(await client.receive()).get(attribute.DATA) == bytes(65_504)
                assert node.gateway.relay.counters.drops == {NO_ROOM: 1}

    run(scenario)
    assert "could not be dealt with" not in caplog.text


def test_more_than_the_bandwidth_is_dropped_and_counted() -> None:
    async def scenario() -> None:
        async with serving(allocation_kbps=8) as node, TurnClient(UdpTransport(address_of(node, "udp"))) as client:
            with PeerSocket() as peer:
                await client.allocate()
                await client.bind(peer.address)
                drops = node.gateway.relay.counters.drops

                def dropped() -> int:
                    node.gateway.collect()
                    return drops[counters.BANDWIDTH]

                def one_more() -> bool:
                    peer.send(bytes(50_000), client.relayed, segment=1000)
                    return dropped() > 0

                await wait_until(one_more)
                assert dropped() % 50 == 0  # datagrams are counted, not the messages that they come in
                before = dropped()
                async with asyncio.timeout(WITHIN_SECONDS):
                    while dropped() == before:
                        await client.send_data(bytes(1000))
                        await asyncio.sleep(0)  # sending waits for nobody

    run(scenario)


def test_no_port_is_an_answer() -> None:
    async def scenario() -> None:
        with PeerSocket() as taken:
            ports = f"{taken.address[1]}-{taken.address[1]}"
            async with serving(relay_ports=ports) as node, TurnClient(UdpTransport(address_of(node, "udp"))) as client:
                assert code(await client.allocate()) == 508
                assert not len(node.gateway.relay.allocations)

    run(scenario)


def test_a_reserved_port_is_the_next_one() -> None:
    async def scenario() -> None:
        async with serving() as node, TurnClient(UdpTransport(address_of(node, "udp"))) as client:
            answer = await client.allocate((attribute.EVEN_PORT, b"\x80"))
            token = answer.get(attribute.RESERVATION_TOKEN)
            assert client.relayed[1] % 2 == 0
            assert token is not None
            async with TurnClient(UdpTransport(address_of(node, "udp"))) as other:
                assert code(await other.allocate((attribute.RESERVATION_TOKEN, token))) == 0
                assert other.relayed == (client.relayed[0], client.relayed[1] + 1)

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
            async with TurnClient(
                UdpTransport(server) if protocol == "udp" else await TcpTransport.open(server)
            ) as client:
                with PeerSocket() as peer:
                    await client.allocate()
                    await client.bind(peer.address)
                    for size in (100, 1000, 0):
                        await client.send_data(bytes(size))
                        await peer.receive()
                        peer.send(bytes(size // 2), client.relayed)
                        await client.receive()
                    peer.send(bytes(4400), client.relayed, segment=1100)
                    for _ in range(4):
                        await client.receive()
                    await client.indicate(b"over", peer.address)
                    await peer.receive()
                if release:
                    await client.release()
            if reason != "gateway_ends":
                await wait_until(lambda: not len(node.gateway.relay.allocations))

    with caplog.at_level(logging.INFO, "turn"):
        run(scenario)
    (end,) = (record for record in caplog.records if "over (" in record.getMessage())
    assert end.getMessage().endswith(
        f"over ({reason}); 4 packets (1104 bytes) to peers, 7 (4950) to the client, 0 dropped"
    )


def test_draining_serves_those_who_are_there() -> None:
    async def scenario() -> None:
        async with serving() as node, TurnClient(UdpTransport(address_of(node, "udp"))) as client:
            with PeerSocket() as peer:
                await client.allocate()
                await client.bind(peer.address)
                draining = asyncio.create_task(node.gateway.drain(60))
                await wait_until(lambda: node.gateway.relay.draining)
                async with TurnClient(UdpTransport(address_of(node, "udp"))) as late:
                    assert code(await late.allocate()) == 508
                await client.send_data(b"on")
                assert await peer.receive() == (b"on", client.relayed)
                assert not draining.done()
                await client.release()
                assert await draining

    run(scenario)


def test_draining_ends_when_the_time_is_over() -> None:
    async def scenario() -> None:
        async with serving() as node, TurnClient(UdpTransport(address_of(node, "udp"))) as client:
            await client.allocate()
            assert not await node.gateway.drain(0.01)

    run(scenario)


def test_before_the_time_is_over_peers_are_told_that_it_will_be() -> None:
    async def scenario() -> None:
        async with serving() as node, TurnClient(UdpTransport(address_of(node, "udp"))) as client:
            with PeerSocket() as peer:
                await client.allocate()
                await client.bind(peer.address)
                draining = asyncio.create_task(node.gateway.drain(2))
                said, sender = await peer.receive()
                assert seconds_left(said) is not None
                assert sender == client.relayed
                assert not draining.done()
                await client.send_data(b"on")  # it serves on until then
                await client.release()
                assert await draining

    run(scenario)


def test_bytes_that_mean_nothing_do_nothing() -> None:
    async def scenario() -> None:
        async with serving() as node, TurnClient(UdpTransport(address_of(node, "udp"))) as client:
            for data in (b"\0", b"\xff" * 50, b"\x40", b"\x40\x01\x00\x05abc", b"\x80" + bytes(30), bytes(20)):
                await client.transport.send(data)
            answer = await client.ask(stun.BINDING)
            assert answer.kind == stun.SUCCESS

    run(scenario)
