"""Ports for programs that are told theirs before they start."""

import os
import random
import socket
from contextlib import ExitStack, suppress
from itertools import cycle

FIRST, LAST = 10_000, 32_000
"""Below those that Linux gives out by itself: nobody comes by one of these by chance while its program starts."""
SHARES = 8
"""Of these ports, one for each process of a run with several (`pytest -n`)."""
STEP = 2
"""coturn's programs take the port behind theirs, too."""

_SHARE = (LAST - FIRST) // SHARES
_first = FIRST + _SHARE * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % SHARES)
_ports = list(range(_first, _first + _SHARE, STEP))
_begin = random.randrange(len(_ports))  # runs beside each other are unlikely to meet
_next = cycle(_ports[_begin:] + _ports[:_begin])


def free_port() -> int:
    """Return a port that is free for TCP and UDP now, and that was not returned before."""
    (port,) = free_ports(1)
    return port


def free_ports(count: int) -> list[int]:
    """Return so many of them."""
    with ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            port = next(_next)
            with suppress(OSError):
                held.enter_context(socket.create_server(("", port)))
                datagrams = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                datagrams.bind(("", port))
                ports.append(port)
        return ports
