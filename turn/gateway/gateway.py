"""The gateway of one process: listeners, relay sockets, and the relay that decides what they do.

It carries out what ``Relay`` asks for and keeps its clock. How packets get through is legs.py, datagrams.py, streams.py
and dtls.py; which sockets to listen on, and everything that changes while running, is server.py's business.
"""

import asyncio
import errno
import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

from turn.datapath.event_loop import data_path, leave
from turn.gateway.dtls import DtlsListener
from turn.gateway.ports import RelayPorts, address_of
from turn.gateway.relayed import Leg, Transport
from turn.gateway.tcp import StreamListener
from turn.gateway.udp import DatagramListener
from turn.relay.actions import Action, CloseClient, CloseRelay, DropReservation, OpenRelay, SendToClient, SendToPeer
from turn.relay.allocation import Allocation, Client
from turn.relay.server import Relay
from turn.wire import stun

logger = logging.getLogger(__name__)

CLOCK_CHECK: Final = 60.0
"""Seconds between two looks at the wall clock, which time-limited names are checked against: somebody may set it."""

FAREWELL_SECONDS: Final = 30.0
"""Before the end, clients are sent away for so long, one after the other: not all of them come to the next gateway at
one moment, and each has time to find it. With a short grace it is half of that."""
FAREWELL_STEP: Final = 0.5
"""Between two words to those who are to go: a datagram may be lost."""
LAST_SHARE: Final = 2 / 3
"""The part of that time after which everybody has been told."""

_OUT_OF_FILES: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_SEND_INDICATION: Final = (stun.SEND | stun.INDICATION).to_bytes(2, "big")

Listener: TypeAlias = DatagramListener | StreamListener | DtlsListener


class Gateway:
    """A relay with its sockets."""

    def __init__(self, relay: Relay, ports: RelayPorts) -> None:
        self.relay = relay
        self.listeners: list[Listener] = []
        self._ports = ports
        self._loop = asyncio.get_running_loop()
        self._path = data_path()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._clock: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()
        self._empty.set()
        self._handlers: dict[type[Any], Callable[[Any, float], Sequence[Action]]] = {
            SendToClient: self._send_to_client,
            SendToPeer: self._send_to_peer,
            OpenRelay: self._open_relay,
            CloseRelay: self._close_relay,
            CloseClient: self._close_client,
            DropReservation: self._drop_reservation,
        }
        relay.families = ports.families
        self._set_clock()

    def listen(self, listener: Listener) -> None:
        """Serve clients there. Listeners are made with ``from_client`` and ``client_gone``."""
        self.listeners.append(listener)
        listener.start()

    def listen_datagrams(self, sock: socket.socket) -> None:
        """Serve clients on UDP."""
        self.listen(DatagramListener(sock, self._path, self.from_client))

    def from_client(self, data: bytes, client: Client, now: float) -> None:
        """A STUN message came."""
        if not data.startswith(_SEND_INDICATION):  # what goes on to a peer is counted with the allocation
            client.transport.traffic.received(len(data))
        self._perform(self.relay.from_client(data, client, now), now)

    def client_gone(self, client: Client) -> None:
        """A client's connection is over."""
        now = time.monotonic()
        self._perform(self.relay.client_gone(client, now), now)

    def policy_changed(self) -> None:
        """The policy is another one now."""
        self.relay.policy_changed()
        self._path.forget_flows()

    def collect(self) -> None:
        """Bring the counters of all allocations up to date."""
        for allocation in self.relay.allocations:
            if allocation.socket is not None:
                allocation.socket.collect()

    async def drain(self, grace: float) -> bool:
        """Take no new allocations, and wait until the last is over, or the time is. Whether the last is.

        At the end of the time, clients are told by way of their peers to come by another gateway.
        """
        self.relay.draining = True
        farewell = min(FAREWELL_SECONDS, grace / 2)
        if await self._is_empty_within(grace - farewell):
            return True
        ends = time.monotonic() + farewell
        while (left := ends - time.monotonic()) > 0:
            now = time.monotonic()
            share = min(1.0, (1 - left / farewell) / LAST_SHARE)
            self._perform(self.relay.farewells(share, int(left), now), now)
            if await self._is_empty_within(min(FAREWELL_STEP, left)):
                return True
        return False

    async def _is_empty_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """End everything."""
        self._perform(self.relay.end_all(), time.monotonic())
        for timer in (self._timer, self._clock):
            if timer:
                timer.cancel()
        for listener in self.listeners:
            await listener.close()
        self._ports.close()
        for listener in self.listeners:
            listener.sock.close()
        leave(self._path)

    def _perform(self, actions: Iterable[Action], now: float) -> None:
        waiting = deque(actions)
        while waiting:
            action = waiting.popleft()
            waiting.extendleft(reversed(self._handlers[type(action)](action, now)))
        self._set_timer(now)

    def _send_to_client(self, action: SendToClient, now: float) -> Sequence[Action]:
        transport: Transport = action.client.transport
        if transport.send(action.data):
            transport.traffic.sent(len(action.data))
        return ()

    def _send_to_peer(self, action: SendToPeer, now: float) -> Sequence[Action]:
        leg: Leg | None = action.allocation.socket
        if leg:
            leg.send_to_peer(action.address, action.data, action.dont_fragment)
        return ()

    def _open_relay(self, action: OpenRelay, now: float) -> Sequence[Action]:
        allocation = action.allocation
        sock = self._socket_for(action)
        if sock is None:
            return self.relay.relay_opened(allocation, None, now)
        leg = allocation.socket = Leg(self.relay, allocation, sock, self._path)
        allocation.client.transport.attach(leg)
        self._empty.clear()
        return self.relay.relay_opened(allocation, address_of(sock), now)

    def _socket_for(self, action: OpenRelay) -> socket.socket | None:
        if action.reserved is not None:
            return self._ports.take(action.reserved)
        try:
            return self._ports.open(action.family, even=action.even_port, hold=action.reserve)
        except OSError as error:
            if error.errno in _OUT_OF_FILES:
                logger.warning("! no relay port can be opened: %s", error)
            else:
                logger.error("! the relay address can't be used: %s", error)
            return None

    def _close_relay(self, action: CloseRelay, now: float) -> Sequence[Action]:
        allocation = action.allocation
        leg: Leg | None = allocation.socket
        if leg:
            allocation.socket = None
            allocation.client.transport.detach()
            leg.close()
            allocation.client.transport.traffic.relayed(*relayed_by(allocation))
        self.relay.relay_closed(allocation, action.reason)
        if not len(self.relay.allocations):
            self._empty.set()
        return ()

    def _close_client(self, action: CloseClient, now: float) -> Sequence[Action]:
        action.client.transport.close(action.reason)
        return ()

    def _drop_reservation(self, action: DropReservation, now: float) -> Sequence[Action]:
        self._ports.drop(action.token)
        return ()

    def _set_timer(self, now: float) -> None:
        deadline = self.relay.next_deadline()
        if deadline is None:
            return
        if self._timer is not None:
            if self._timer_at <= deadline:
                return
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = self._loop.call_later(max(0.0, deadline - now), self._time_is_up)

    def _time_is_up(self) -> None:
        self._timer = None
        now = time.monotonic()
        self._perform(self.relay.handle_timer(now), now)

    def _set_clock(self) -> None:
        self.relay.auth.epoch = time.time() - time.monotonic()
        self._clock = self._loop.call_later(CLOCK_CHECK, self._set_clock)


def relayed_by(allocation: Allocation) -> tuple[tuple[int, int], tuple[int, int]]:
    """Packets and bytes to the client, and to its peers."""
    return (
        (allocation.packets_to_client, allocation.bytes_to_client),
        (allocation.packets_to_peer, allocation.bytes_to_peer),
    )
