"""The client's address, behind proxies too."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.http.client_address import client_address, owner_of

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["203.0.113.9"], "192.0.2.1"),  # anybody may write the header
        ("10.1.2.3", ["203.0.113.9"], "203.0.113.9"),
        ("10.1.2.3", ["198.51.100.1, 203.0.113.9"], "203.0.113.9"),  # what the client wrote itself is to the left
        ("10.1.2.3", ["198.51.100.1, 203.0.113.9, 10.9.9.9"], "203.0.113.9"),
        ("10.1.2.3", ["198.51.100.1", "203.0.113.9 ,10.9.9.9"], "203.0.113.9"),
        ("10.1.2.3", ["10.2.2.2"], "10.2.2.2"),
        ("10.1.2.3", [], "10.1.2.3"),
        ("::ffff:10.1.2.3", ["203.0.113.9"], "203.0.113.9"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("10.1.2.3", ["nonsense"], ""),
        ("10.1.2.3", [""], ""),
        (None, [], ""),
    ],
)
def test_the_last_one_that_no_trusted_proxy_has(peer, forwarded, address):
    assert client_address(peer, forwarded, PROXIES) == address


def test_without_trusted_proxies_it_is_the_peer():
    assert client_address("10.1.2.3", ["203.0.113.9"], ()) == "10.1.2.3"


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_a_household_is_one_owner_and_this_machine_none(address, owner):
    assert owner_of(address) == owner


@given(peer=st.none() | st.text(max_size=60), forwarded=st.lists(st.text(max_size=60), max_size=4))
def test_any_header_gives_an_owner(peer, forwarded):
    assert isinstance(owner_of(client_address(peer, forwarded, (ip_network("0.0.0.0/0"),))), str)
