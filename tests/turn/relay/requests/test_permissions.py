"""CreatePermission: all of the hosts, or none."""

import pytest

from tests.turn.simulation import FORBIDDEN_PEER, PEER, PEER6, Caller, code, house
from turn.relay.allocation import MAX_PERMISSIONS
from turn.wire import attributes as attribute
from turn.wire import stun


@pytest.fixture
def caller():
    caller = Caller(house())
    caller.allocate()
    return caller


def test_several_hosts(caller) -> None:
    assert code(caller.permit(PEER, ("10.1.0.6", 0))) == 0
    assert caller.allocation.permissions == {"10.1.0.5": 1300.0, "10.1.0.6": 1300.0}


def test_the_port_does_not_matter(caller) -> None:
    assert code(caller.permit(("10.3.0.1", 80))) == 0  # the rule names other ports, which data will be held to


def test_one_denied_host_denies_all(caller) -> None:
    assert code(caller.permit(PEER, FORBIDDEN_PEER)) == 403
    assert caller.allocation.permissions == {}


def test_a_denied_host_leaves_older_permissions(caller) -> None:
    caller.permit(PEER)
    caller.house.wait(100)
    assert code(caller.permit(PEER, FORBIDDEN_PEER)) == 403
    assert caller.allocation.permissions == {"10.1.0.5": 1300.0}


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255"])
def test_dangerous_hosts(caller, host) -> None:
    assert code(caller.permit((host, 80))) == 403


def test_another_family(caller) -> None:
    assert code(caller.permit(PEER6)) == 443
    assert code(caller.permit(PEER, PEER6)) == 443
    assert caller.allocation.permissions == {}


def test_ipv6() -> None:
    caller = Caller(house())
    caller.allocate((attribute.REQUESTED_ADDRESS_FAMILY, b"\2\0\0\0"))
    assert code(caller.permit(PEER6)) == 0
    assert code(caller.permit(PEER)) == 443
    assert code(caller.permit(("::1", 80))) == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "10.2.0.5", "10.1.0.5"])
@pytest.mark.parametrize(("family", "allowed"), [(attribute.IPV4, 0), (attribute.IPV6, 443)])
def test_ipv4_in_the_clothes_of_ipv6(host, family, allowed) -> None:
    """::ffff:127.0.0.1 is 127.0.0.1, and is judged as that; over IPv6, there is no way to it."""
    caller = Caller(house())
    caller.allocate((attribute.REQUESTED_ADDRESS_FAMILY, bytes((family, 0, 0, 0))))
    transaction_id = caller.transaction_id()
    packed = bytes(10) + b"\xff\xff" + bytes(int(part) for part in host.split("."))
    mask = attribute.MAGIC_COOKIE.to_bytes(4, "big") + transaction_id
    value = b"\0\2\0\0" + bytes(a ^ b for a, b in zip(packed, mask, strict=True))
    answer = caller.request(stun.CREATE_PERMISSION, (attribute.XOR_PEER_ADDRESS, value), transaction_id=transaction_id)
    expected = allowed or (0 if host == "10.1.0.5" else 403)
    assert code(answer) == expected


def test_no_peer(caller) -> None:
    assert code(caller.permit()) == 400


@pytest.mark.parametrize("value", [b"", bytes(8), b"\0\1" + bytes(18), b"\0\3" + bytes(6)])
def test_a_peer_that_is_none(caller, value) -> None:
    assert code(caller.request(stun.CREATE_PERMISSION, (attribute.XOR_PEER_ADDRESS, value))) == 400


def test_not_more_than_fit(caller) -> None:
    hosts = [(f"10.1.1.{number}", 1) for number in range(MAX_PERMISSIONS)]
    assert code(caller.permit(*hosts)) == 0
    assert code(caller.permit(PEER)) == 508
    assert code(caller.permit(hosts[0])) == 0
    caller.house.wait(300)
    assert code(caller.permit(PEER)) == 0


def test_without_an_allocation() -> None:
    caller = Caller(house())
    caller.knock()
    assert code(caller.permit(PEER)) == 437
