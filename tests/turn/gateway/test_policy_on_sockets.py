"""Nothing outside the policy is reached: each way to try it, through real sockets, is refused or dropped, and counted.

Packets go to loopback alone. Where something else is asked for, the refusal comes before anything could be sent.
"""

import asyncio

import pytest

from tests.turn.live_gateway import HOST, Caller, Datagrams, Peer, Stream, address_of, code, run, serving, until
from turn.http.metrics import figures_of
from turn.node import Node
from turn.relay import counters
from turn.relay.policy import SPECIAL
from turn.wire import attributes as attribute
from turn.wire import stun
from turn.wire.attributes import Address

OTHER, THIRD = "127.0.0.2", "127.0.0.3"
"""Also on the loopback interface, but no addresses that this machine calls its own."""


async def is_refused(node: Node, caller: Caller, address: Address) -> None:
    """Both requests are, and the metrics say so."""
    answers = node.gateway.relay.counters.answers
    before = answers["CreatePermission", 403], answers["ChannelBind", 403]
    assert code(await caller.permit(address)) == 403
    assert code(await caller.bind(address)) == 403
    assert (answers["CreatePermission", 403], answers["ChannelBind", 403]) == (before[0] + 1, before[1] + 1)
    refusals = ("coinop_turn_answers_total", ("ChannelBind", "403"), before[1] + 1)
    assert refusals in figures_of(node.gateway, node.places)


@pytest.mark.parametrize(
    ("peers", "address"),
    [
        ("10.1.0.0/16", (HOST, 9)),
        ("0.0.0.0/0", (HOST, 9)),
        ("0.0.0.0/0", ("169.254.169.254", 80)),
        ("0.0.0.0/0", ("169.254.1.1", 80)),
        ("0.0.0.0/0", ("100.100.100.200", 80)),
        ("0.0.0.0/0", ("0.0.0.0", 80)),
        ("0.0.0.0/0", ("255.255.255.255", 80)),
        ("127.0.0.0/8", (HOST, 50_000)),  # its own host, and so all relay addresses
        ("10.0.0.0/8", ("192.168.0.1", 80)),
        ("localhost", (HOST, 9)),  # a name opens nothing special
        ("0.0.0.0/0,::/0", ("::ffff:169.254.169.254", 80)),
        ("0.0.0.0/0,::/0", ("::ffff:127.0.0.1", 9)),
        ("127.0.0.2", (HOST, 9)),
        ("", ("10.1.2.3", 5000)),
    ],
)
def test_who_is_not_admitted_is_refused(peers: str, address: tuple[str, int]) -> None:
    async def scenario() -> None:
        async with serving(peers=peers) as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            await caller.allocate()
            await is_refused(node, caller, address)

    run(scenario)


def test_the_gateways_own_ports_are_no_peers() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            await caller.allocate()
            assert code(await caller.bind(address_of(node, "udp"))) == 403
            assert code(await caller.bind(address_of(node, "tcp"))) == 403

    run(scenario)


def test_a_port_out_of_range_is_dropped_in_both_directions_and_counted() -> None:
    async def scenario() -> None:
        with Peer() as peer, Peer() as stranger:
            admitted = f"{HOST}:{peer.address[1]}"
            async with serving(peers=admitted) as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
                await caller.allocate()
                assert code(await caller.bind(stranger.address)) == 403
                assert code(await caller.permit(stranger.address)) == 0  # a permission is for the host
                await caller.indicate(b"no", stranger.address)
                assert await stranger.is_silent()
                stranger.send(b"no", caller.relayed)
                drops = node.gateway.relay.counters.drops
                await until(lambda: drops[counters.REFUSED_PEER] == 2)
                peer.send(b"yes", caller.relayed)
                assert stun.parse(await caller.receive()).get(attribute.DATA) == b"yes"

    run(scenario)


def test_a_peer_without_a_permission_is_dropped() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer() as peer:
                await caller.allocate()
                peer.send(b"hello", caller.relayed)
                drops = node.gateway.relay.counters.drops
                await until(lambda: drops[counters.NO_PERMISSION] == 1)
                await caller.send_data(b"nobody")
                await until(lambda: drops[counters.NO_PERMISSION] == 2)
                assert await peer.is_silent()

    run(scenario)


@pytest.mark.parametrize(
    "host",
    ["::1", "::", "::7f00:1", "fe80::1", "ff02::1", "fd00:ec2::254", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1"],
)
def test_who_is_not_admitted_over_ipv6_is_refused(host: str) -> None:
    async def scenario() -> None:
        peers = "::/0" if host != "2001:db8::1" else "2001:db8:1::/48"
        async with serving(host="::1", peers=peers) as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            family = (attribute.REQUESTED_ADDRESS_FAMILY, bytes((attribute.IPV6, 0, 0, 0)))
            assert code(await caller.allocate(family)) == 0
            await is_refused(node, caller, (host, 9))
            assert code(await caller.bind((f"::ffff:{HOST}", 9))) == 443  # it is an IPv4 address, whatever its form

    run(scenario)


def test_another_clients_relay_address_is_no_peer_of_a_network() -> None:
    async def scenario() -> None:
        async with serving(peers="127.0.0.0/8") as node:
            server = address_of(node, "udp")
            async with Caller(Datagrams(server)) as one, Caller(await Stream.open(address_of(node, "tcp"))) as other:
                await one.allocate()
                await other.allocate()
                await is_refused(node, one, other.relayed)
                await is_refused(node, other, one.relayed)

    run(scenario)


def test_another_host_is_dropped_and_counted_when_it_sends() -> None:
    async def scenario() -> None:
        async with serving() as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer() as peer, Peer(OTHER) as stranger:
                await caller.allocate()
                await caller.bind(peer.address)
                stranger.send(b"no", caller.relayed)
                drops = node.gateway.relay.counters.drops
                await until(lambda: drops[counters.NO_PERMISSION] == 1)
                await caller.indicate(b"no", stranger.address)
                await until(lambda: drops[counters.NO_PERMISSION] == 2)
                assert await stranger.is_silent()
                peer.send(b"yes", caller.relayed)
                assert (await caller.receive())[4:] == b"yes"

    run(scenario)


def test_a_name_whose_address_changes_takes_its_old_one_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback stands in for the workers' network here: a test may send nowhere else."""
    hosts = {"workers.example": OTHER}

    async def getaddrinfo(loop: object, host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", (hosts[host], 0))]

    async def scenario() -> None:
        async with serving(peers="workers.example") as node, Caller(Datagrams(address_of(node, "udp"))) as caller:
            with Peer(OTHER) as old, Peer(THIRD) as new:
                await caller.allocate()
                assert code(await caller.bind(old.address, 0x4001)) == 0
                assert code(await caller.bind(new.address, 0x4002)) == 403
                await caller.send_data(b"yes", 0x4001)
                assert await old.receive() == (b"yes", caller.relayed)
                hosts["workers.example"] = THIRD
                await node._names.refresh()
                await is_refused(node, caller, old.address)
                drops, before = node.gateway.relay.counters.drops, node.gateway.relay.counters.drops.total()
                await caller.send_data(b"no", 0x4001)
                await caller.indicate(b"no", old.address)
                old.send(b"no", caller.relayed)
                await until(lambda: drops.total() == before + 3)
                assert await old.is_silent()
                assert code(await caller.bind(new.address, 0x4002)) == 0
                await caller.send_data(b"yes", 0x4002)
                assert await new.receive() == (b"yes", caller.relayed)
                hosts["workers.example"] = HOST  # the gateway's own: whoever can change the entry can't choose that
                await node._names.refresh()
                await is_refused(node, caller, (HOST, 9))

    monkeypatch.setattr("turn.relay.policy.SPECIAL", tuple(each for each in SPECIAL if not each.is_loopback))
    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    run(scenario)
