"""Media sockets for a room, which may not make any itself: bound here, one for each address, and passed over.

They go over a socket pair of their own, before the message that needs them; the room takes them in that order. What the
room does with them is ``worker/room/media/sockets.py``'s business.
"""

import logging
import socket
from collections.abc import Iterable
from contextlib import ExitStack

import ifaddr

logger = logging.getLogger(__name__)

MAX_SOCKETS = 16
"""In one message: more addresses than that are a container host's inner networks."""


class MediaSocketSender:
    """The agent's end of the socket pair; ``room_end`` goes to the room's process.

    Sockets are bound to ``addresses``, or to all of the machine's.
    """

    def __init__(self, addresses: Iterable[str] = ()) -> None:
        self._addresses = tuple(addresses)
        self._near, self.room_end = socket.socketpair()
        self._near.setblocking(False)

    def send(self) -> None:
        """Pass over sockets for one more viewer. Without them it can't connect, which its room finds out in time."""
        with ExitStack() as stack:
            sockets = []
            for address in (self._addresses or own_addresses())[:MAX_SOCKETS]:
                try:
                    sockets.append(stack.enter_context(bind_socket(address)))
                except OSError as error:
                    logger.warning("! no media socket on %s: %s", address, error.strerror)
            try:
                if sockets:
                    socket.send_fds(self._near, [b"\0"], [opened.fileno() for opened in sockets])
            except OSError as error:  # the room is gone, or reads nothing any more
                logger.debug("! no media sockets passed over: %s", error.strerror)

    def close(self) -> None:
        """Close both ends, as far as they are open here."""
        self._near.close()
        self.room_end.close()


def bind_socket(address: str) -> socket.socket:
    """Bind a UDP socket to any free port of this address. Raises OSError."""
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        made.bind((address, 0))
    except BaseException:
        made.close()
        raise
    return made


def own_addresses() -> tuple[str, ...]:
    """List this machine's addresses that other machines may reach, without IPv6's link-local ones."""
    ips = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    v4 = [ip for ip in ips if isinstance(ip, str) and ip != "127.0.0.1"]
    v6 = [ip[0] for ip in ips if not isinstance(ip, str) and ip[0] != "::1" and ip[2] == 0]
    return (*v4, *v6)
