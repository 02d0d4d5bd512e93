"""The gateway of ``coinop play``: where it is, whom it reaches, and what the others are told of it."""

import json
import logging
import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"

TRIES = 8
"""A port that is free for TCP is hardly ever taken for UDP."""


@dataclass(frozen=True)
class Gateway:
    """A gateway that is to be started."""

    host: str
    """The one IPv4 address that it listens on, and that browsers know."""
    port: int
    """UDP and TCP. No TLS: browsers refuse a certificate that this machine has signed itself, for TURN as for pages."""
    health_port: int
    peers: tuple[str, ...]
    """Where the rooms are. Named one by one, since a gateway reaches its own machine in no other way."""

    @property
    def urls(self) -> tuple[str, ...]:
        """For browsers' ICE servers."""
        return tuple(f"turn:{self.host}:{self.port}?transport={transport}" for transport in ("udp", "tcp"))

    @property
    def ready_url(self) -> str:
        """Where it says whether clients may come."""
        return f"http://{LOOPBACK}:{self.health_port}/ready"

    def environment(self, secret: str, log_level: str) -> dict[str, str]:
        """Make the environment variables that set the gateway up."""
        return {
            "COINOP_TURN_HOST": self.host,
            "COINOP_TURN_PORT": str(self.port),
            "COINOP_TURN_PEERS": json.dumps(self.peers),
            "COINOP_TURN_SECRET": secret,
            "COINOP_TURN_METRICS_PORT": "0",
            "COINOP_TURN_HEALTH_PORT": str(self.health_port),
            "COINOP_TURN_GRACE_SECONDS": "0",  # the rooms end as well, so there is nothing to wait for
            "COINOP_TURN_LOG_LEVEL": log_level,
        }


def find(page: IPv4Address | IPv6Address, port: int) -> Gateway:
    """Choose where the gateway of a page on this address listens; on another port if this one is in use.

    A page for other machines has a gateway for them, on the address that they reach this one by. It leads to no other
    of our addresses, since what listens on the loopback is not for them. Raises OSError.
    """
    own = own_addresses()
    if page.is_loopback:
        host, peers = LOOPBACK, own
    else:
        host = str(page) if page.version == 4 and not page.is_unspecified else own[-1]
        peers = (host,)
    found = usable_port(host, port)
    if found != port:
        logger.info("= the gateway is on port %d instead of %d", found, port)
    with socket.create_server((LOOPBACK, 0)) as health:
        return Gateway(host, found, health.getsockname()[1], peers)


def own_addresses() -> tuple[str, ...]:
    """Where a browser on this machine finds the rooms.

    Firefox does not pair a loopback address with one of its own, which ICE says are none (RFC 8445, 5.1.1.1); without
    any network there is nothing else. So both, where there are both; a room answers nobody who hasn't its password.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, suppress(OSError):
        udp.connect(("192.0.2.1", 9))  # sends nothing: it asks the routing table, for an address of the documentation
        return (LOOPBACK, udp.getsockname()[0])
    return (LOOPBACK,)


def usable_port(host: str, port: int) -> int:
    """Take this port if UDP and TCP are free there, or another one: nobody types it, so it may differ."""
    for candidate in (port, *[0] * TRIES):
        with suppress(OSError):
            return _free(host, candidate)
    return _free(host, 0)


def _free(host: str, port: int) -> int:
    with socket.create_server((host, port)) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        chosen: int = tcp.getsockname()[1]
        udp.bind((host, chosen))
        return chosen
