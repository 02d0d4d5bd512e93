"""aioice's TURN client, which is the far side of aiortc: over UDP, TCP and TLS, alone and within ICE."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aioice import Candidate, Connection, TransportPolicy, stun

from tests.turn.peers.aioice_client import WITHIN, Echo, endpoint
from tests.turn.peers.servers import HOST, PASSWORD, USER, Server

TRANSPORTS = ("udp", "tcp", "tls")
SIZES = (1, 2, 3, 4, 5, 160, 1199, 1200)
"""Bytes: all paddings, and what media packets have."""


@pytest_asyncio.fixture
async def echo() -> AsyncIterator[tuple[str, int]]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Echo, local_addr=(HOST, 0))
    yield transport.get_extra_info("sockname")
    transport.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_packets_of_any_size_go_there_and_back(gateway: Server, echo: tuple[str, int], transport: str) -> None:
    async with endpoint(gateway, transport) as (client, receiver):
        assert client.get_extra_info("sockname")[0] == HOST
        for size in SIZES:
            sent = bytes(place % 251 for place in range(size))
            client.sendto(sent, echo)
            async with asyncio.timeout(WITHIN):
                assert await receiver.received.get() == (sent, echo)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_two_clients_meet_through_their_relay_addresses(
    gateway: Server, echo: tuple[str, int], transport: str
) -> None:
    async with (
        endpoint(gateway, transport) as (one, one_receives),
        endpoint(gateway, transport) as (other, other_receives),
        asyncio.timeout(WITHIN),
    ):
        one_address, other_address = (client.get_extra_info("sockname") for client in (one, other))
        for client, receiver in ((one, one_receives), (other, other_receives)):
            client.sendto(b"permit this address", echo)  # which is the other's too: a permission is for all its ports
            assert await receiver.received.get() == (b"permit this address", echo)
        other.sendto(b"hello", one_address)
        assert await one_receives.received.get() == (b"hello", other_address)
        one.sendto(b"good day", other_address)
        assert await other_receives.received.get() == (b"good day", one_address)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("wrong", [{"password": "guessed"}, {"username": "stranger"}])
async def test_wrong_credentials_are_401(gateway: Server, transport: str, wrong: dict[str, str]) -> None:
    before = open_files()
    with pytest.raises(stun.TransactionFailed) as refused:
        async with endpoint(gateway, transport, **wrong):
            pass
    assert refused.value.response.error_code == 401
    async with asyncio.timeout(WITHIN):  # aioice begins to close its connection and does not wait for the end of it
        while open_files() > before:  # noqa: ASYNC110  (nobody tells)
            await asyncio.sleep(0.01)


def open_files() -> int:
    """Count the gateway's file descriptors, sockets among them."""
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_peer_that_is_not_granted_is_403(gateway: Server, transport: str) -> None:
    async with endpoint(gateway, transport) as (client, receiver):
        client.sendto(b"anybody there?", ("127.0.0.2", 9))
        async with asyncio.timeout(WITHIN):
            error = await receiver.errors.get()
        assert isinstance(error, stun.TransactionFailed)
        assert error.response.error_code == 403


async def test_channels_and_allocation_are_refreshed(gateway: Server, echo: tuple[str, int]) -> None:
    async with endpoint(gateway, "udp", channel_refresh_time=0) as (client, receiver):
        for _ in range(5):  # each of them binds the channel anew
            client.sendto(b"again", echo)
            async with asyncio.timeout(WITHIN):
                assert await receiver.received.get() == (b"again", echo)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_ice_through_the_gateway_alone(gateway: Server, transport: str) -> None:
    """Relay candidates on both sides: what `iceTransportPolicy: "relay"` leaves of a connection."""
    sides = [connection(gateway, transport, controlling) for controlling in (True, False)]
    async with asyncio.timeout(2 * WITHIN):
        await asyncio.gather(*(side.gather_candidates() for side in sides))
        for side, other in (sides, reversed(sides)):
            assert [candidate.type for candidate in side.local_candidates] == ["relay"]
            await tell(other, side.local_candidates)
            other.remote_username, other.remote_password = side.local_username, side.local_password
        await asyncio.gather(*(side.connect() for side in sides))
        await sides[0].send(b"through the gateway")
        assert await sides[1].recv() == b"through the gateway"
        await asyncio.gather(*(side.close() for side in sides))


def connection(server: Server, transport: str, controlling: bool) -> Connection:
    return Connection(
        ice_controlling=controlling,
        turn_server=server.address,
        turn_username=USER,
        turn_password=PASSWORD,
        turn_transport=transport,
        transport_policy=TransportPolicy.RELAY,
    )


async def tell(side: Connection, candidates: list[Candidate]) -> None:
    for candidate in candidates:
        await side.add_remote_candidate(candidate)
    await side.add_remote_candidate(None)
