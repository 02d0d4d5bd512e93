"""The room's media sockets, which the agent passes over, for in its sandbox a room can make none.

aioice asks the event loop for a datagram endpoint on each of the machine's addresses; here the loop gives it a socket
that the agent bound.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import uvloop

MAX_SOCKETS: Final = 64
"""In one message of the agent's, whose own limit is lower."""
MAX_STOCK: Final = 64
"""Unused sockets on one address: those of viewers who were turned away before they needed theirs."""


class MediaSockets:
    """The sockets that came from the agent and are not in use yet, by address."""

    def __init__(self, agent: socket.socket) -> None:
        self._agent = agent
        self._agent.setblocking(False)
        self._stock: dict[str, deque[socket.socket]] = {}

    def receive(self) -> tuple[str, ...]:
        """Receive what the agent has passed over since the last call; return its addresses, the last to come first."""
        addresses: dict[str, None] = {}
        while handles := self._next():
            fresh = [socket.socket(fileno=handle) for handle in handles]
            for received in fresh:
                received.setblocking(False)
                self._keep(received)
            addresses = dict.fromkeys((*(received.getsockname()[0] for received in fresh), *addresses))
        return tuple(addresses)

    def pop(self, address: str) -> socket.socket:
        """Hand out a socket on this address, which is the caller's then. Raises OSError if there is none."""
        waiting = self._stock.get(address)
        if not waiting:
            raise OSError(f"the agent passed over no socket on {address}")
        return waiting.popleft()

    def close(self) -> None:
        """Close the unused sockets, and the one to the agent."""
        for waiting in self._stock.values():
            for left in waiting:
                left.close()
        self._stock.clear()
        self._agent.close()

    def _next(self) -> list[int]:
        try:
            _, handles, _, _ = socket.recv_fds(self._agent, 1, MAX_SOCKETS)
        except BlockingIOError:
            return []
        return handles

    def _keep(self, received: socket.socket) -> None:
        waiting = self._stock.setdefault(received.getsockname()[0], deque())
        waiting.append(received)
        while len(waiting) > MAX_STOCK:
            waiting.popleft().close()


class MediaLoop(uvloop.Loop):
    """An event loop that makes no socket: its datagram endpoints are those of the agent."""

    def __init__(self, sockets: MediaSockets) -> None:
        super().__init__()
        self._media_sockets = sockets

    async def create_datagram_endpoint(  # type: ignore[override]  # of the options, aioice uses none
        self, protocol_factory: Callable[[], asyncio.BaseProtocol], local_addr: tuple[str, int] | None = None
    ) -> Any:
        """Make an endpoint of a socket that the agent bound to this address; ``local_addr``'s port is ignored.

        Raises OSError if there is no such socket.
        """
        if local_addr is None:
            raise OSError("a room has no sockets but those for its viewers")
        return await super().create_datagram_endpoint(protocol_factory, sock=self._media_sockets.pop(local_addr[0]))
