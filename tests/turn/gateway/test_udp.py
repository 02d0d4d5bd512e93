"""Clients on UDP, seen from the socket that they share."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.turn.live_gateway import LOOPS, Caller, Datagrams, Peer, address_of, code, run, serving, until
from turn.gateway.udp import DatagramListener
from turn.relay.allocation import CHANNEL_LIFETIME
from turn.wire import stun

both_loops = pytest.mark.parametrize("loop", LOOPS)


def listener_of(node) -> DatagramListener:
    return next(each for each in node.gateway.listeners if isinstance(each, DatagramListener))


def test_strangers_leave_nothing_behind() -> None:
    async def scenario() -> None:
        async with serving() as node:
            listener = listener_of(node)
            for _ in range(20):
                async with Caller(Datagrams(listener.address)) as caller:
                    assert (await caller.ask(stun.BINDING)).kind == stun.SUCCESS
                    await caller.send_data(b"no allocation")
            await until(lambda: listener.traffic.strays == 20)
            assert listener.connections == 0

    run(scenario)


def test_channel_data_that_is_cut_off_goes_nowhere() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer() as peer:
                await caller.allocate()
                await caller.bind(peer.address)
                await caller.way.send(b"\x40\x01\x00\x09short")
                await until(lambda: listener_of(node).traffic.strays == 1)
                await caller.way.send(b"\x40\x01\x00\x04longer than that")
                assert (await peer.receive())[0] == b"long"  # what follows is padding

    run(scenario)


async def flood(callers: list[Caller], peers: list[Peer], last: int) -> None:
    """All is sent before the gateway is read, so it finds the packets of all side by side."""
    packets = b"a" * 100, b"b" * 100, b"c" * last
    for caller in callers:
        for number in range(len(peers)):
            for packet in packets:
                await caller.send_data(packet, 0x4000 + number)
    for peer in peers:
        received = [await peer.receive() for _ in range(len(packets) * len(callers))]
        for caller in callers:
            assert tuple(data for data, source in received if source == caller.relayed) == packets


@both_loops
def test_bursts_to_several_peers_of_several_clients(loop: str) -> None:
    async def scenario() -> None:
        async with serving() as node, AsyncExitStack() as stack:
            callers = [await stack.enter_async_context(Caller(Datagrams(address_of(node, "udp")))) for _ in range(4)]
            peers = [stack.enter_context(Peer()) for _ in range(4)]
            for caller in callers:
                await caller.allocate()
                for number, peer in enumerate(peers):
                    await caller.bind(peer.address, 0x4000 + number)
            for last in (1, 50, 100):
                await flood(callers, peers, last)

    run(scenario, loop)


def test_a_channel_whose_time_is_over_is_no_way_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer() as peer:
                await caller.allocate()
                await caller.bind(peer.address)
                await caller.send_data(b"first")
                assert (await peer.receive())[0] == b"first"
                (allocation,) = node.gateway.relay.allocations
                (bound,) = allocation.channels.values()
                bound.channel_until -= CHANNEL_LIFETIME
                node.gateway.policy_changed()  # flows remember the time that it had
                await caller.send_data(b"late")
                await until(lambda: node.gateway.relay.counters.drops["no_permission"] == 1)
                assert await peer.is_silent()
                assert code(await caller.bind(peer.address)) == 0
                await caller.send_data(b"again")
                assert (await peer.receive())[0] == b"again"

    run(scenario)


def test_the_end_of_an_allocation_is_the_end_of_its_way() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer() as peer:
                await caller.allocate()
                await caller.bind(peer.address)
                assert listener_of(node).connections == 1
                await caller.release()
                assert listener_of(node).connections == 0
                await caller.send_data(b"nobody")
                await until(lambda: listener_of(node).traffic.strays == 1)
                assert await peer.is_silent()
                await asyncio.sleep(0)
                assert code(await caller.allocate()) == 0

    run(scenario)
