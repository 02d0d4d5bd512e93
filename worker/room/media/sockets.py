"""The room's media sockets: taken from the agent, for in its sandbox a room can make none.

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
"""In one handover; the agent's limit is lower."""
MAX_STOCK: Final = 64
"""Sockets that wait on one address, for viewers who were turned away before they took theirs."""


class MediaSockets:
    """What came from the agent and is not in use yet, by address."""

    def __init__(self, agent: socket.socket) -> None:
        self._agent = agent
        self._agent.setblocking(False)
        self._stock: dict[str, deque[socket.socket]] = {}

    def receive(self) -> tuple[str, ...]:
        """Take what the agent has passed over since the last time; the addresses that it was for, newest first."""
        addresses: dict[str, None] = {}
        while handles := self._next():
            fresh = [socket.socket(fileno=handle) for handle in handles]
            for taken in fresh:
                taken.setblocking(False)
                self._keep(taken)
            addresses = dict.fromkeys((*(taken.getsockname()[0] for taken in fresh), *addresses))
        return tuple(addresses)

    def take(self, address: str) -> socket.socket:
        """A socket on this address. Raises OSError if there is none."""
        waiting = self._stock.get(address)
        if not waiting:
            raise OSError(f"the agent passed over no socket on {address}")
        return waiting.popleft()

    def close(self) -> None:
        """Close what nobody took, and the way to the agent."""
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

    def _keep(self, taken: socket.socket) -> None:
        waiting = self._stock.setdefault(taken.getsockname()[0], deque())
        waiting.append(taken)
        while len(waiting) > MAX_STOCK:
            waiting.popleft().close()


class MediaLoop(uvloop.Loop):
    """An event loop whose datagram endpoints are the agent's sockets."""

    def __init__(self, sockets: MediaSockets) -> None:
        super().__init__()
        self._media_sockets = sockets

    async def create_datagram_endpoint(  # type: ignore[override]  # of the options, aioice uses none
        self, protocol_factory: Callable[[], asyncio.BaseProtocol], local_addr: tuple[str, int] | None = None
    ) -> Any:
        """As always, but on a socket that is bound already. Raises OSError if there is none for this address."""
        if local_addr is None:
            raise OSError("a room has no sockets but those for its viewers")
        return await super().create_datagram_endpoint(protocol_factory, sock=self._media_sockets.take(local_addr[0]))
