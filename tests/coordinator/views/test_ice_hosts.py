"""The host that a page came by, in URLs that leave it open."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.messages import GATEWAY_URL
from coordinator.views.ice_hosts import fill, host_of

OPEN = "turn:{host}:3478?transport=udp"
FIXED = "turn:gateway.example:3478?transport=udp"


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("localhost:8000", "localhost"),
        ("arcade.example", "arcade.example"),
        ("xn--spielhlle-v2a.example:443", "xn--spielhlle-v2a.example"),
        ("192.168.1.2:8000", "192.168.1.2"),
        ("[2001:db8::1]:8000", "[2001:db8::1]"),
        ("[::1]", "[::1]"),
        ("2001:db8::1", ""),
        ("[::1::2]", ""),
        ("[fe80::1%25eth0]:8000", ""),
        ("user@arcade.example", ""),
        ("arcade.example/path", ""),
        ("arcade.example:port", ""),
        ("arcade.example?transport=tcp", ""),
        ("{host}", ""),
        ("a" * 201, ""),
        ("", ""),
    ],
)
def test_the_host_is_what_a_browser_may_have_written(header: str, host: str) -> None:
    assert host_of(header) == host


def test_the_host_goes_where_it_is_left_open() -> None:
    assert fill((OPEN, FIXED), "[::1]") == ("turn:[::1]:3478?transport=udp", FIXED)


def test_without_a_host_what_needs_one_is_left_out() -> None:
    assert fill((OPEN, FIXED), "") == (FIXED,)


@given(st.text() | st.from_regex(r"\A[A-Za-z0-9._\-\[\]:]{0,60}\Z"))
def test_whatever_the_header_says_pages_get_gateway_urls_without_an_open_host(header: str) -> None:
    for url in fill((OPEN, "stun:{host}", "turns:{host}:5349?transport=tcp"), host_of(header)):
        assert re.fullmatch(GATEWAY_URL, url)
        assert "{host}" not in url
