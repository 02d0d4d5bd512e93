"""Hours of protocol: renewals come in time, and what is not renewed leaves nothing behind."""

import tracemalloc

import pytest

from tests.turn.simulation import PEER, SimulatedClient, code, simulate
from turn.relay.actions import CloseRelay, OpenRelay, SendToPeer
from turn.relay.server import OPENING_SECONDS
from turn.wire import attributes as attribute
from turn.wire import stun
from turn.wire.credentials import issue
from turn.wire.farewell import seconds_left


@pytest.fixture
def gateway():
    return simulate()


@pytest.fixture
def client(gateway):
    client = SimulatedClient(gateway)
    client.allocate()
    return client


def test_an_allocation_ends(client) -> None:
    client.gateway.wait(599)
    assert client.gateway.opened
    client.gateway.wait(1)
    assert (client.allocation, client.gateway.opened) == (None, {})
    assert client.gateway.relay.counters.ended == {"expired": 1}


def test_everything_is_freed(gateway) -> None:
    clients = [SimulatedClient(gateway, ("203.0.113.9", port)) for port in range(1, 50)]
    for client in clients:
        client.allocate((attribute.EVEN_PORT, b"\x80"))
        client.permit(PEER)
        client.bind(0x4000)
        client.send_data(b"x", ("10.1.0.5", 9))
    allocation = clients[0].allocation
    gateway.wait(601)
    assert (gateway.opened, gateway.held) == ({}, {})
    assert (len(gateway.relay.allocations), gateway.relay.allocations.reservations) == (0, 0)
    assert gateway.relay.next_deadline() is None
    assert (allocation.peers, allocation.channels, allocation.permissions) == ({}, {}, {})
    assert all(client.allocation is None for client in clients)


def test_hours_of_a_browsers_game(gateway) -> None:
    """Permissions every 4 minutes, channels every 9, the allocation every 9: data passes all of the time."""
    client = SimulatedClient(gateway)
    client.allocate()
    client.bind(0x4000)

    def insist(ask) -> None:
        answer = ask()
        assert code(ask() if code(answer) == 438 else answer) == 0

    for minute in range(1, 5 * 60):
        gateway.wait(60)
        assert gateway.now < client.allocation.channels[0x4000].open_until
        assert client.send_data(b"x")
        if minute % 4 == 0:
            insist(lambda: client.permit(PEER))
        if minute % 9 == 0:
            insist(client.refresh)
            insist(lambda: client.bind(0x4000))
    assert gateway.relay.counters.answers["Refresh", 438] + gateway.relay.counters.answers["CreatePermission", 438] >= 4
    assert gateway.relay.counters.allocated == 1


def test_hours_of_aioices_game(gateway) -> None:
    """Channels every 500 s, the allocation every 500 s, and never a permission."""
    credentials = issue("a secret of the coordinator", "worker", 600, gateway.now)
    client = SimulatedClient(gateway, username=credentials.username, password=credentials.password)
    client.allocate()
    client.bind(0x4000)
    for _ in range(30):
        for _ in range(10):
            gateway.wait(50)
            assert gateway.now < client.allocation.channels[0x4000].open_until
        if code(client.refresh(600)) == 438:
            assert code(client.refresh(600)) == 0
        assert code(client.bind(0x4000)) == 0


def test_a_late_timer_is_made_up_for(client) -> None:
    client.gateway.now += 600
    assert code(client.request(stun.BINDING)) == 0
    assert (client.allocation, client.gateway.opened) == (None, {})
    assert code(client.allocate()) == 0


def test_a_port_that_is_never_opened(gateway) -> None:
    client = SimulatedClient(gateway)
    client.request_nonce()
    request = client.build(stun.ALLOCATE, (attribute.REQUESTED_TRANSPORT, b"\x11\0\0\0"))
    (wanted,) = gateway.relay.handle_message(request, client.relay_client, gateway.now)
    assert isinstance(wanted, OpenRelay)
    assert gateway.relay.handle_message(request, client.relay_client, gateway.now) == ()  # it comes again meanwhile
    assert code(client.refresh()) == 437
    gateway.wait(OPENING_SECONDS)
    assert len(gateway.relay.allocations) == 0
    (late,) = gateway.relay.relay_opened(wanted.allocation, ("198.51.100.1", 5), gateway.now)
    assert isinstance(late, CloseRelay)


def test_idle_allocations_are_small() -> None:
    """10,000 of them are to stay under 100 MB, so each of 500 under 10 KB; the gateway's sockets come on top."""

    gateway = simulate()
    clients = [SimulatedClient(gateway, ("203.0.113.9", port)) for port in range(1, 501)]
    for client in clients:
        client.request_nonce()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for client in clients:
            client.allocate()
            client.bind(0x4000)
        used = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert used / len(clients) < 6000


def test_the_peers_of_a_share_of_the_allocations_are_told() -> None:
    gateway = simulate()
    for at in range(3):
        client = SimulatedClient(gateway, ("203.0.113.9", 1001 + at))
        client.allocate()
        client.bind(0x4000, ("10.1.0.5", 5000 + at))

    def told(share: float) -> list[int]:
        actions = gateway.relay.farewells(share, 12, gateway.now)
        assert all(isinstance(action, SendToPeer) and seconds_left(action.data) == 12 for action in actions)
        return [action.address[1] for action in actions if isinstance(action, SendToPeer)]

    assert told(0) == []
    assert told(0.5) == [5000, 5001]
    assert told(1) == [5000, 5001, 5002]
    gateway.wait(601)  # the permissions are over: nobody may be sent anything
    assert told(1) == []
