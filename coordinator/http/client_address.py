"""The client's address of a request, also behind proxies that are trusted to say it.

Pure functions. By default nobody is trusted, because anybody can write an ``X-Forwarded-For``.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

IPV6_PREFIX = 64
"""Bits that a client's IPv6 addresses share: a household has a whole /64, and so has a rented server."""


def client_address(peer: str | None, forwarded: Iterable[str], trusted: Sequence[Network]) -> str:
    """Find the address of the client: the last one that no trusted proxy has. Empty if it can't be known.

    ``forwarded``: the values of the request's X-Forwarded-For headers, in their order.
    """
    hops = [hop.strip() for value in forwarded for hop in value.split(",")]
    address = peer or ""
    while hops and _is_among(address, trusted):
        address = hops.pop()
    return _plain(address)


def owner_of(address: str) -> str:
    """Reduce an address to what tells one client from another; empty for one of this machine's own.

    Requests of this machine are ``coinop play``'s, a test's, or those of a proxy that is not declared: one limit for
    all its clients would lock them out.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if parsed.is_loopback:
        return ""
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, IPV6_PREFIX), strict=False))
    return address


def _is_among(address: str, networks: Sequence[Network]) -> bool:
    try:
        parsed = ip_address(_plain(address))
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _plain(address: str) -> str:
    """Strip an IPv6 zone, and unmap an IPv4 address in IPv6; empty if it is no address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)
