"""The host by which a page reached the arcade, put into gateway URLs that leave theirs open.

A gateway on the machine that also serves the page is announced as ``turn:{host}:3478``: it is reached by the same name
or address as the page, which need not be configured. Pure functions.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv6Address

from coordinator.messages import OPEN_HOST

_HOST = re.compile(r"(?P<host>[A-Za-z0-9._-]{1,200}|\[(?P<ipv6>[0-9A-Fa-f:.]{2,45})\])(?::[0-9]{1,5})?")
"""What a browser writes into a request's Host header (RFC 9110 section 7.2), names in ASCII."""


def host_of(header: str) -> str:
    """Read the host from a request's Host header, IPv6 in brackets; empty if it can't be one."""
    found = _HOST.fullmatch(header)
    if found is None:
        return ""
    if found["ipv6"]:
        try:
            IPv6Address(found["ipv6"])
        except ValueError:
            return ""
    return found["host"]


def fill(urls: Iterable[str], host: str) -> tuple[str, ...]:
    """Fill a page's host into URLs. Without a host, those that need one are left out: a browser that is given a single
    wrong URL makes no connection at all."""
    return tuple(url.replace(OPEN_HOST, host, 1) for url in urls if host or OPEN_HOST not in url)
