"""The gateway of one process: listeners, relay sockets, and the relay that decides what they do.

It carries out what ``Relay`` asks for and keeps its clock. How packets get through is left to relayed.py, udp.py,
tcp.py and dtls.py; which sockets to listen on, and everything that changes while running, to turn/node.py.
"""

import asyncio
import errno
import logging
import socket
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

from turn.datapath.event_loop import close_data_path, open_data_path
from turn.gateway.listener import Listener
from turn.gateway.ports import RelayPorts, address_of
from turn.gateway.relayed import RelayedTransport, transport_of
from turn.gateway.udp import UdpListener
from turn.relay.actions import Action, CloseClient, CloseRelay, DropReservation, OpenRelay, SendToClient, SendToPeer
from turn.relay.allocation import Allocation, Client
from turn.relay.server import Relay
from turn.wire import stun

logger = logging.getLogger(__name__)

CLOCK_CHECK_SECONDS: Final = 60.0
"""Time between two looks at the wall clock, which time-limited names are checked against: somebody may set it."""

FAREWELL_SECONDS: Final = 30.0
"""Time before the end in which clients are sent away, one after the other: not all of them come to the next gateway at
one moment, and each has time to find it. With a short grace it is half of that."""
FAREWELL_STEP_SECONDS: Final = 0.5
"""Time between two farewells to the same peer: a datagram may be lost."""
FAREWELL_SPREAD: Final = 2 / 3
"""The part of that time after which all peers have had a farewell."""

_OUT_OF_FILES: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_SEND_INDICATION: Final = (stun.SEND | stun.INDICATION).to_bytes(2, "big")


class Gateway:
    """A relay with its sockets."""

    def __init__(self, relay: Relay, ports: RelayPorts) -> None:
        self.relay = relay
        self.listeners: list[Listener] = []
        self._ports = ports
        self._loop = asyncio.get_running_loop()
        self._path = open_data_path()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._clock: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()
        self._empty.set()
        self._relayed: dict[Allocation, RelayedTransport] = {}
        relay.families = ports.families
        self._follow_clock()

    def listen(self, listener: Listener) -> None:
        """Serve clients there. Listeners are made with ``handle_message`` and ``client_gone``."""
        self.listeners.append(listener)
        listener.start()

    def listen_udp(self, sock: socket.socket) -> None:
        """Serve clients on UDP by this bound socket."""
        self.listen(UdpListener(sock, self._path, self.handle_message))

    def handle_message(self, data: bytes, client: Client, now: float) -> None:
        """Have the relay decide on a STUN message of a client, and do what it asks for."""
        if not data.startswith(_SEND_INDICATION):  # what goes on to a peer is counted with the allocation
            transport_of(client).traffic.count_received(len(data))
        self._carry_out(self.relay.handle_message(data, client, now), now)

    def client_gone(self, client: Client) -> None:
        """End the allocation of a client whose connection is over."""
        now = time.monotonic()
        self._carry_out(self.relay.client_gone(client, now), now)

    def policy_changed(self) -> None:
        """Decide anew on every peer, after the policy has become another one."""
        self.relay.policy_changed()
        self._path.forget_flows()

    def collect(self) -> None:
        """Bring the counters of all allocations up to date."""
        for relayed in self._relayed.values():
            relayed.collect()

    async def drain(self, grace: float) -> bool:
        """Take no new allocations, and wait for the end of the last, ``grace`` seconds at most. Return whether it came.

        At the end of the time, clients are told by way of their peers to come by another gateway.
        """
        self.relay.draining = True
        farewell = min(FAREWELL_SECONDS, grace / 2)
        if await self._is_empty_within(grace - farewell):
            return True
        ends = time.monotonic() + farewell
        while (left := ends - time.monotonic()) > 0:
            now = time.monotonic()
            share = min(1.0, (1 - left / farewell) / FAREWELL_SPREAD)
            self._carry_out(self.relay.farewells(share, int(left), now), now)
            if await self._is_empty_within(min(FAREWELL_STEP_SECONDS, left)):
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
        """End all allocations and connections, and close all sockets."""
        self._carry_out(self.relay.end_all(), time.monotonic())
        for timer in (self._timer, self._clock):
            if timer:
                timer.cancel()
        for listener in self.listeners:
            await listener.close()
        self._ports.close()
        for listener in self.listeners:
            listener.sock.close()
        close_data_path(self._path)

    def _carry_out(self, actions: Iterable[Action], now: float) -> None:
        """Carry out actions in order; those that follow from one come right after it."""
        waiting = deque(actions)
        while waiting:
            waiting.extendleft(reversed(self._perform(waiting.popleft(), now)))
        self._set_timer(now)

    def _perform(self, action: Action, now: float) -> Sequence[Action]:
        """Carry out one action, and return the actions that follow from it."""
        match action:
            case SendToClient():
                self._send_to_client(action)
            case SendToPeer():
                self._send_to_peer(action)
            case OpenRelay():
                return self._open_relay(action, now)
            case CloseRelay():
                self._close_relay(action)
            case CloseClient():
                transport_of(action.client).close(action.reason)
            case DropReservation():
                self._ports.drop(action.token)
        return ()

    def _send_to_client(self, action: SendToClient) -> None:
        transport = transport_of(action.client)
        if transport.send(action.data):
            transport.traffic.count_sent(len(action.data))

    def _send_to_peer(self, action: SendToPeer) -> None:
        relayed = self._relayed.get(action.allocation)
        if relayed:
            relayed.send_to_peer(action.address, action.data, action.dont_fragment)

    def _open_relay(self, action: OpenRelay, now: float) -> Sequence[Action]:
        allocation = action.allocation
        sock = self._socket_for(action)
        if sock is None:
            return self.relay.relay_opened(allocation, None, now)
        relayed = self._relayed[allocation] = RelayedTransport(self.relay, allocation, sock, self._path)
        transport_of(allocation.client).attach(relayed)
        self._empty.clear()
        return self.relay.relay_opened(allocation, address_of(sock), now)

    def _socket_for(self, action: OpenRelay) -> socket.socket | None:
        if action.reserved is not None:
            return self._ports.claim(action.reserved)
        try:
            return self._ports.open(action.family, even=action.even_port, hold=action.reserve)
        except OSError as error:
            if error.errno in _OUT_OF_FILES:
                logger.warning("! no relay port can be opened: %s", error)
            else:
                logger.error("! the relay address can't be used: %s", error)
            return None

    def _close_relay(self, action: CloseRelay) -> None:
        allocation = action.allocation
        relayed = self._relayed.pop(allocation, None)
        if relayed:
            transport = transport_of(allocation.client)
            transport.detach()
            relayed.close()
            transport.traffic.count_relayed(*relayed_by(allocation))
        self.relay.relay_closed(allocation, action.reason)
        if not len(self.relay.allocations):
            self._empty.set()

    def _set_timer(self, now: float) -> None:
        deadline = self.relay.next_deadline()
        if deadline is None:
            return
        if self._timer is not None:
            if self._timer_at <= deadline:
                return
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = self._loop.call_later(max(0.0, deadline - now), self._handle_timer)

    def _handle_timer(self) -> None:
        self._timer = None
        now = time.monotonic()
        self._carry_out(self.relay.handle_timer(now), now)

    def _follow_clock(self) -> None:
        """Tell the relay what time it is for users, and again after a while."""
        self.relay.auth.epoch = time.time() - time.monotonic()
        self._clock = self._loop.call_later(CLOCK_CHECK_SECONDS, self._follow_clock)


def relayed_by(allocation: Allocation) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the packets and bytes that went to the client, and those that went to its peers."""
    return (
        (allocation.packets_to_client, allocation.bytes_to_client),
        (allocation.packets_to_peer, allocation.bytes_to_peer),
    )
