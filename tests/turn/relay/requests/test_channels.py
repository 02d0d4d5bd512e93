"""ChannelBind: one number for one peer."""

import pytest

from tests.turn.simulation import FORBIDDEN_PEER, PEER, PEER6, Caller, code, house
from turn.relay import allocation
from turn.relay.requests.channels import MAX_CHANNELS
from turn.wire import attributes as attribute
from turn.wire import stun

OTHER = ("10.1.0.6", 40_000)


@pytest.fixture
def caller():
    caller = Caller(house())
    caller.allocate()
    return caller


def test_bound(caller) -> None:
    assert code(caller.bind(0x4000)) == 0
    peer = caller.allocation.channels[0x4000]
    assert peer.address == PEER
    assert caller.allocation.peers[PEER] is peer
    assert (peer.permitted_until, peer.channel_until, peer.open_until) == (1300.0, 1600.0, 1600.0)
    assert caller.allocation.permits(PEER[0], 1299)


@pytest.mark.parametrize("number", [0x4000, 0x4FFF, 0x5000, 0x7FFF])
def test_numbers(caller, number) -> None:
    """coturn's clients use the whole of RFC 5766's range."""
    assert code(caller.bind(number)) == 0


@pytest.mark.parametrize("number", [0, 0x3FFF, 0x8000, 0xFFFF])
def test_numbers_that_are_none(caller, number) -> None:
    assert code(caller.bind(number)) == 400
    assert caller.allocation.channels == {}


def test_refreshed(caller) -> None:
    caller.bind(0x4000)
    caller.house.wait(500)
    assert code(caller.bind(0x4000)) == 0
    peer = caller.allocation.channels[0x4000]
    assert (peer.permitted_until, peer.channel_until) == (1800.0, 2100.0)
    assert len(caller.allocation.peers) == 1


def test_another_peer_for_the_same_channel(caller) -> None:
    caller.bind(0x4000)
    assert code(caller.bind(0x4000, OTHER)) == 400
    assert code(caller.bind(0x4000, (PEER[0], 40_001))) == 400
    assert caller.allocation.channels[0x4000].address == PEER


def test_another_channel_for_the_same_peer(caller) -> None:
    caller.bind(0x4000)
    assert code(caller.bind(0x4001)) == 400
    assert list(caller.allocation.channels) == [0x4000]


def test_two_ports_of_a_host_have_two_channels(caller) -> None:
    assert code(caller.bind(0x4000)) == 0
    assert code(caller.bind(0x4001, (PEER[0], 40_001))) == 0


@pytest.mark.parametrize("wait", [600, 599.5])
def test_free_again_after_its_time(caller, wait) -> None:
    caller.bind(0x4000)
    caller.refresh(3600)
    caller.house.now += wait  # the timer is late
    expected = 0 if wait == 600 else 400
    assert code(caller.bind(0x4000, OTHER)) == expected
    assert code(caller.bind(0x4001)) == expected


def test_denied(caller) -> None:
    assert code(caller.bind(0x4000, FORBIDDEN_PEER)) == 403
    assert code(caller.bind(0x4000, ("10.3.0.1", 4999))) == 403
    assert code(caller.bind(0x4000, ("10.3.0.1", 5000))) == 0
    assert code(caller.bind(0x4001, ("127.0.0.1", 80))) == 403


def test_a_channel_to_port_0(caller) -> None:
    assert code(caller.bind(0x4000, (PEER[0], 0))) == 400


def test_another_family(caller) -> None:
    assert code(caller.bind(0x4000, PEER6)) == 443


@pytest.mark.parametrize(
    "attributes",
    [(), ((attribute.CHANNEL_NUMBER, b"\x40\0\0\0"),), ((attribute.CHANNEL_NUMBER, b"\x40\0"), (0x12, bytes(8)))],
)
def test_bad_requests(caller, attributes) -> None:
    assert code(caller.request(stun.CHANNEL_BIND, *attributes)) == 400


def test_not_more_than_fit(caller) -> None:
    caller.refresh(3600)
    for number in range(MAX_CHANNELS):
        assert code(caller.bind(0x4000 + number, (f"10.1.1.{number % 100}", 1000 + number))) == 0
    assert code(caller.bind(0x5000, OTHER)) == 508
    assert code(caller.bind(0x4000, ("10.1.1.0", 1000))) == 0
    caller.house.wait(600)
    assert code(caller.bind(0x5000, OTHER)) == 0


def test_without_an_allocation() -> None:
    caller = Caller(house())
    caller.knock()
    assert code(caller.bind(0x4000)) == 437


def test_not_more_hosts_than_an_allocation_may_permit(caller, monkeypatch) -> None:
    monkeypatch.setattr(allocation, "MAX_PERMISSIONS", 1)
    assert code(caller.bind(0x4000)) == 0
    assert code(caller.bind(0x4001, OTHER)) == 508
    assert code(caller.bind(0x4001, (PEER[0], 40_001))) == 0
