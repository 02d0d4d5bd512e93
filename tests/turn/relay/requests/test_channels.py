"""ChannelBind: one number for one peer."""

import pytest

from tests.turn.simulation import FORBIDDEN_PEER, PEER, PEER6, SimulatedClient, code, simulate
from turn.relay import allocation
from turn.relay.requests.channels import MAX_CHANNELS
from turn.wire import attributes as attribute
from turn.wire import stun

OTHER = ("10.1.0.6", 40_000)


@pytest.fixture
def client():
    client = SimulatedClient(simulate())
    client.allocate()
    return client


def test_bound(client) -> None:
    assert code(client.bind(0x4000)) == 0
    peer = client.allocation.channels[0x4000]
    assert peer.address == PEER
    assert client.allocation.peers[PEER] is peer
    assert (peer.permitted_until, peer.channel_until, peer.open_until) == (1300.0, 1600.0, 1600.0)
    assert client.allocation.permits(PEER[0], 1299)


@pytest.mark.parametrize("number", [0x4000, 0x4FFF, 0x5000, 0x7FFF])
def test_numbers(client, number) -> None:
    """coturn's clients use the whole of RFC 5766's range."""
    assert code(client.bind(number)) == 0


@pytest.mark.parametrize("number", [0, 0x3FFF, 0x8000, 0xFFFF])
def test_numbers_that_are_none(client, number) -> None:
    assert code(client.bind(number)) == 400
    assert client.allocation.channels == {}


def test_refreshed(client) -> None:
    client.bind(0x4000)
    client.gateway.wait(500)
    assert code(client.bind(0x4000)) == 0
    peer = client.allocation.channels[0x4000]
    assert (peer.permitted_until, peer.channel_until) == (1800.0, 2100.0)
    assert len(client.allocation.peers) == 1


def test_another_peer_for_the_same_channel(client) -> None:
    client.bind(0x4000)
    assert code(client.bind(0x4000, OTHER)) == 400
    assert code(client.bind(0x4000, (PEER[0], 40_001))) == 400
    assert client.allocation.channels[0x4000].address == PEER


def test_another_channel_for_the_same_peer(client) -> None:
    client.bind(0x4000)
    assert code(client.bind(0x4001)) == 400
    assert list(client.allocation.channels) == [0x4000]


def test_two_ports_of_a_host_have_two_channels(client) -> None:
    assert code(client.bind(0x4000)) == 0
    assert code(client.bind(0x4001, (PEER[0], 40_001))) == 0


@pytest.mark.parametrize("wait", [600, 599.5])
def test_free_again_after_its_time(client, wait) -> None:
    client.bind(0x4000)
    client.refresh(3600)
    client.gateway.now += wait  # the timer is late
    expected = 0 if wait == 600 else 400
    assert code(client.bind(0x4000, OTHER)) == expected
    assert code(client.bind(0x4001)) == expected


def test_denied(client) -> None:
    assert code(client.bind(0x4000, FORBIDDEN_PEER)) == 403
    assert code(client.bind(0x4000, ("10.3.0.1", 4999))) == 403
    assert code(client.bind(0x4000, ("10.3.0.1", 5000))) == 0
    assert code(client.bind(0x4001, ("127.0.0.1", 80))) == 403


def test_a_channel_to_port_0(client) -> None:
    assert code(client.bind(0x4000, (PEER[0], 0))) == 400


def test_another_family(client) -> None:
    assert code(client.bind(0x4000, PEER6)) == 443


@pytest.mark.parametrize(
    "attributes",
    [(), ((attribute.CHANNEL_NUMBER, b"\x40\0\0\0"),), ((attribute.CHANNEL_NUMBER, b"\x40\0"), (0x12, bytes(8)))],
)
def test_bad_requests(client, attributes) -> None:
    assert code(client.request(stun.CHANNEL_BIND, *attributes)) == 400


def test_not_more_than_fit(client) -> None:
    client.refresh(3600)
    for number in range(MAX_CHANNELS):
        assert code(client.bind(0x4000 + number, (f"10.1.1.{number % 100}", 1000 + number))) == 0
    assert code(client.bind(0x5000, OTHER)) == 508
    assert code(client.bind(0x4000, ("10.1.1.0", 1000))) == 0
    client.gateway.wait(600)
    assert code(client.bind(0x5000, OTHER)) == 0


def test_without_an_allocation() -> None:
    client = SimulatedClient(simulate())
    client.request_nonce()
    assert code(client.bind(0x4000)) == 437


def test_not_more_hosts_than_an_allocation_may_permit(client, monkeypatch) -> None:
    monkeypatch.setattr(allocation, "MAX_PERMISSIONS", 1)
    assert code(client.bind(0x4000)) == 0
    assert code(client.bind(0x4001, OTHER)) == 508
    assert code(client.bind(0x4001, (PEER[0], 40_001))) == 0
