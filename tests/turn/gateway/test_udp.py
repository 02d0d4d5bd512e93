"""Clients on UDP, seen from the socket that they share."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.turn.live_gateway import (
    LOOPS,
    PeerSocket,
    TurnClient,
    UdpTransport,
    address_of,
    code,
    run,
    serving,
    wait_until,
)
from turn.gateway.relayed import transport_of
from turn.gateway.udp import UdpListener
from turn.relay.allocation import CHANNEL_LIFETIME_SECONDS
from turn.wire import stun

both_loops = pytest.mark.parametrize("loop", LOOPS)


def listener_of(node) -> UdpListener:
    return next(each for each in node.gateway.listeners if isinstance(each, UdpListener))


def test_strangers_leave_nothing_behind() -> None:
    async def scenario() -> None:
        async with serving() as node:
            listener = listener_of(node)
            for _ in range(20):
                async with TurnClient(UdpTransport(listener.address)) as client:
                    assert (await client.ask(stun.BINDING)).kind == stun.SUCCESS
                    await client.send_data(b"no allocation")
            await wait_until(lambda: listener.traffic.strays == 20)
            assert listener.connections == 0

    run(scenario)


def test_channel_data_that_is_cut_off_goes_nowhere() -> None:
    async def scenario() -> None:
        async with serving() as node, TurnClient(UdpTransport(address_of(node, "udp"))) as client:
            with PeerSocket() as peer:
                await client.allocate()
                await client.bind(peer.address)
                await client.transport.send(b"\x40\x01\x00\x09short")
                await wait_until(lambda: listener_of(node).traffic.strays == 1)
                await client.transport.send(b"\x40\x01\x00\x04longer than that")
                assert (await peer.receive())[0] == b"long"  # what follows is padding

    run(scenario)


async def flood(clients: list[TurnClient], peers: list[PeerSocket], last: int) -> None:
    """Send everything before the gateway reads, so that it finds the packets of all clients side by side."""
    packets = b"a" * 100, b"b" * 100, b"c" * last
    for client in clients:
        for number in range(len(peers)):
            for packet in packets:
                await client.send_data(packet, 0x4000 + number)
    for peer in peers:
        received = [await peer.receive() for _ in range(len(packets) * len(clients))]
        for client in clients:
            assert tuple(data for data, source in received if source == client.relayed) == packets


@both_loops
def test_bursts_to_several_peers_of_several_clients(loop: str) -> None:
    async def scenario() -> None:
        async with serving() as node, AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(TurnClient(UdpTransport(address_of(node, "udp")))) for _ in range(4)
            ]
            peers = [stack.enter_context(PeerSocket()) for _ in range(4)]
            for client in clients:
                await client.allocate()
                for number, peer in enumerate(peers):
                    await client.bind(peer.address, 0x4000 + number)
            for last in (1, 50, 100):
                await flood(clients, peers, last)

    run(scenario, loop)


def test_a_channel_whose_time_is_over_is_no_way_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with serving() as node, TurnClient(UdpTransport(address_of(node, "udp"))) as client:
            with PeerSocket() as peer:
                await client.allocate()
                await client.bind(peer.address)
                await client.send_data(b"first")
                assert (await peer.receive())[0] == b"first"
                (allocation,) = node.gateway.relay.allocations
                (bound,) = allocation.channels.values()
                bound.channel_until -= CHANNEL_LIFETIME_SECONDS
                node.gateway.policy_changed()  # flows remember the time that it had
                await client.send_data(b"late")
                await wait_until(lambda: node.gateway.relay.counters.drops["no_permission"] == 1)
                assert await peer.is_silent()
                assert code(await client.bind(peer.address)) == 0
                await client.send_data(b"again")
                assert (await peer.receive())[0] == b"again"

    run(scenario)


def test_the_end_of_an_allocation_is_the_end_of_its_way() -> None:
    async def scenario() -> None:
        async with serving() as node, TurnClient(UdpTransport(address_of(node, "udp"))) as client:
            with PeerSocket() as peer:
                await client.allocate()
                await client.bind(peer.address)
                assert listener_of(node).connections == 1
                await client.release()
                assert listener_of(node).connections == 0
                await client.send_data(b"nobody")
                await wait_until(lambda: listener_of(node).traffic.strays == 1)
                assert await peer.is_silent()
                await asyncio.sleep(0)
                assert code(await client.allocate()) == 0

    run(scenario)


def test_a_client_on_udp_has_no_connection_to_close() -> None:
    async def scenario() -> None:
        async with serving() as node, TurnClient(UdpTransport(address_of(node, "udp"))) as client:
            await client.allocate()
            (allocation,) = node.gateway.relay.allocations
            with pytest.raises(RuntimeError, match="no connection"):
                transport_of(allocation.client).close("idle")

    run(scenario)
