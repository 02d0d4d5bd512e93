"""Permissions, channels and peers in time."""

import pytest

from turn.relay.allocation import (
    CHANNEL_LIFETIME,
    CLOSED,
    MAX_PERMISSIONS,
    PERMISSION_LIFETIME,
    Allocation,
    Client,
    Grant,
    Peer,
)
from turn.wire.attributes import IPV4

PEER = ("10.1.0.5", 40_000)


@pytest.fixture
def allocation() -> Allocation:
    client = Client("udp", ("203.0.113.9", 1024), ("198.51.100.1", 3478))
    allocation = Allocation("a1", client, Grant("ann", "ann", 1, b"key"), IPV4, 0.0)
    allocation.expires = 3600.0
    return allocation


def test_a_permission_is_for_a_host_and_ends(allocation: Allocation) -> None:
    allocation.permit("10.1.0.5", 0)
    assert allocation.permits("10.1.0.5", PERMISSION_LIFETIME - 0.1)
    assert not allocation.permits("10.1.0.5", PERMISSION_LIFETIME)
    assert not allocation.permits("10.1.0.6", 0)


def test_a_permission_that_is_refreshed_reaches_its_peers(allocation: Allocation) -> None:
    peer = allocation.peers[PEER] = Peer(PEER, 300.0)
    other = allocation.peers["10.1.0.6", 1] = Peer(("10.1.0.6", 1), 300.0)
    allocation.permit("10.1.0.5", 200.0)
    assert peer.open_until == 500.0
    assert other.open_until == 300.0


def test_a_channel_keeps_its_peer_open_for_its_whole_life(allocation: Allocation) -> None:
    """aioice never asks for a permission, and refreshes channels only after 500 s."""
    allocation.bind(Peer(PEER, 0), 0x4000, 0)
    peer = allocation.channels[0x4000]
    assert allocation.peers[PEER] is peer
    assert peer.open_until == CHANNEL_LIFETIME
    allocation.sweep(PERMISSION_LIFETIME + 1)
    assert not allocation.permits("10.1.0.5", PERMISSION_LIFETIME + 1)
    assert allocation.channels[0x4000].open_until == CHANNEL_LIFETIME


def test_after_its_channel_a_peer_may_still_be_permitted(allocation: Allocation) -> None:
    allocation.bind(Peer(PEER, 0), 0x4000, 0)
    allocation.permit("10.1.0.5", 500.0)
    allocation.sweep(CHANNEL_LIFETIME)
    assert allocation.channels == {}
    peer = allocation.peers[PEER]
    assert (peer.channel, peer.channel_until) == (None, CLOSED)
    assert peer.open_until == 800.0


def test_sweeping_leaves_nothing(allocation: Allocation) -> None:
    allocation.bind(Peer(PEER, 0), 0x4000, 0)
    allocation.permit("10.1.0.6", 0)
    allocation.sweep(CHANNEL_LIFETIME)
    assert (allocation.permissions, allocation.channels, allocation.peers) == ({}, {}, {})


def test_deadlines(allocation: Allocation) -> None:
    assert allocation.deadline() == 3600.0
    allocation.bind(Peer(PEER, 0), 0x4000, 0)
    assert allocation.deadline() == PERMISSION_LIFETIME
    allocation.sweep(PERMISSION_LIFETIME)
    assert allocation.deadline() == CHANNEL_LIFETIME
    allocation.sweep(CHANNEL_LIFETIME)
    assert allocation.deadline() == 3600.0


def test_a_peer_that_the_policy_refuses_is_closed() -> None:
    peer = Peer(PEER, 300.0, allowed=False)
    peer.bind(0x4000, 600.0)
    assert peer.open_until == CLOSED
    peer.allowed = True
    peer.revise()
    assert peer.open_until == 600.0


def test_permissions_are_limited(allocation: Allocation) -> None:
    for number in range(MAX_PERMISSIONS):
        allocation.permit(f"10.1.1.{number}", 0)
    assert not allocation.room_for({"10.1.0.5"})
    assert allocation.room_for({"10.1.1.7"})


def test_names_for_the_log(allocation: Allocation) -> None:
    assert repr(allocation) == "a1"
    assert repr(allocation.client) == "udp:203.0.113.9:1024"
    assert allocation.username == "ann"
    assert "key" not in repr(allocation.grant).removeprefix("Grant")
