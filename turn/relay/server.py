"""The server: datagrams and ``now`` in, actions and deadlines out (RFC 8656).

This is the slow path, for requests and indications. ChannelData and packets from peers don't come here: the gateway
relays those by the fields of ``Allocation``. Sockets, and carrying out actions, are left to turn/gateway/gateway.py.
"""

import logging
import math
import secrets
from collections.abc import Callable, Sequence
from typing import Final

from turn.relay import counters
from turn.relay.actions import Action, CloseClient, CloseRelay, DropReservation, OpenRelay, SendToPeer
from turn.relay.allocation import MAX_PEERS, Allocation, Client, Grant, Peer
from turn.relay.allocation_table import AllocationTable, Reservation
from turn.relay.auth import Auth
from turn.relay.counters import Counters
from turn.relay.limits import MAX_STRANGE_MESSAGES, Limits
from turn.relay.policy import Policy
from turn.relay.requests import allocate
from turn.relay.requests.channels import channel_bind
from turn.relay.requests.permissions import create_permission
from turn.relay.requests.refresh import refresh
from turn.relay.responder import Responder, not_understood
from turn.relay.token_bucket import TokenBucket
from turn.wire import attributes as attribute
from turn.wire import stun
from turn.wire.attributes import Address, text_of
from turn.wire.errors import MalformedError, RefusedError
from turn.wire.farewell import farewell
from turn.wire.stun import Message, Writer

logger = logging.getLogger(__name__)

OPENING_SECONDS: Final = 10.0
"""Time after which an allocation is given up whose port was never opened."""

Granted = tuple[Writer, Sequence[Action]]
"""A success response that is not sealed yet, and the actions that follow it."""


class Relay:
    """All clients and allocations of one process."""

    def __init__(self, auth: Auth, policy: Policy, *, limits: Limits | None = None, software: str = "coinop") -> None:
        self.auth = auth
        self.policy = policy
        self.limits = limits or Limits()
        self.counters = Counters()
        self.allocations = AllocationTable(self.limits)
        """All allocations: to count and to go through, not to change."""
        self.families = attribute.FAMILIES
        """The address families that relay addresses can be opened in."""
        self.draining = False
        """No new allocations; those that are there go on, and Binding is answered."""
        self._pending: dict[Allocation, allocate.Pending] = {}
        """Allocate requests whose port is being opened."""
        self._responder = Responder(self.limits, software, self.counters)
        self._handlers: dict[int, Callable[[Allocation, Message, float], Granted]] = {
            stun.REFRESH: self._refresh,
            stun.CREATE_PERMISSION: self._create_permission,
            stun.CHANNEL_BIND: self._channel_bind,
        }

    def handle_message(self, data: bytes | memoryview, client: Client, now: float) -> Sequence[Action]:
        """Handle a client's message whose first two bits are 0. Raises nothing, whatever the message holds."""
        over = self._end_if_over(client, now)
        if self._asks_too_much(client):
            return (*over, CloseClient(client, counters.STRANGE))
        try:
            message = stun.parse(bytes(data))
            logger.debug("< %s %s", client, message)
            return (*over, *self._receive(message, client, now))
        except MalformedError as error:
            self.counters.drops[counters.MALFORMED] += 1
            logger.debug("! %s: %s", client, error)
        return over

    def relay_opened(self, allocation: Allocation, address: Address | None, now: float) -> Sequence[Action]:
        """Answer the Allocate request whose ``OpenRelay`` has been carried out.

        ``address`` is the one that peers see; None if no port could be had. Then none is held under a token either.
        """
        pending = self._pending.pop(allocation, None)
        if allocation not in self.allocations or pending is None:
            return (CloseRelay(allocation, "too_late"),)
        request, client, grant = pending.request, allocation.client, allocation.grant
        if address is None:
            self.allocations.cancel(pending.token)
            refused = self._responder.refusal(RefusedError(508, "no port could be bound"), request, client, grant, now)
            return refused, self._end(allocation, "no_port")
        allocation.address = address
        allocation.expires = now + pending.options.lifetime
        self.allocations.schedule(allocation)
        self.counters.allocated += 1
        self._log(allocation, "%s for %s, user %s", text_of(address), client, grant.user)
        answer = allocate.success(pending, address, client.address)
        return (self._responder.success(answer, request, client, grant, now),)

    def relay_closed(self, allocation: Allocation, reason: str) -> None:
        """Log the totals of an allocation whose ``CloseRelay`` has been carried out, with all counts up to date."""
        counts = {
            "packets_to_peer": allocation.packets_to_peer,
            "bytes_to_peer": allocation.bytes_to_peer,
            "packets_to_client": allocation.packets_to_client,
            "bytes_to_client": allocation.bytes_to_client,
            "dropped": allocation.dropped,
        }
        sentence = "over (%s); %d packets (%d bytes) to peers, %d (%d) to the client, %d dropped"
        self._log(allocation, sentence, reason, *counts.values(), reason=reason, **counts)

    def end_all(self) -> Sequence[Action]:
        """End all allocations, because the gateway ends."""
        return [self._end(allocation, "gateway_ends") for allocation in tuple(self.allocations)]

    def farewells(self, share: float, seconds: int, now: float) -> Sequence[Action]:
        """Tell the peers of a share of the allocations, the oldest, that the gateway ends in so many seconds."""
        leaving = list(self.allocations)[: math.ceil(share * len(self.allocations))]
        data = farewell(seconds, secrets.token_bytes(stun.TRANSACTION_ID_SIZE))
        return [
            SendToPeer(allocation, peer.address, data)
            for allocation in leaving
            if allocation.address is not None
            for peer in allocation.peers.values()
            if now < peer.open_until
        ]

    def client_gone(self, client: Client, now: float) -> Sequence[Action]:
        """End the allocation of a client whose stream is closed."""
        return () if client.allocation is None else (self._end(client.allocation, "client_gone"),)

    def next_deadline(self) -> float | None:
        """Return the time at which to call ``handle_timer``; None if nothing can expire."""
        deadlines = self.allocations.next(), self._responder.next()
        return min((when for when in deadlines if when is not None), default=None)

    def handle_timer(self, now: float) -> Sequence[Action]:
        """Forget all that has expired. May be called at any time."""
        self._responder.expire(now)
        actions: list[Action] = []
        for item in self.allocations.due(now):
            if isinstance(item, Reservation):
                actions.append(DropReservation(item.token))
            elif item.expires <= now:
                actions.append(self._end(item, "expired"))
            else:
                item.sweep(now)
                self.allocations.schedule(item)
        return actions

    def policy_changed(self) -> None:
        """Decide anew on every peer, after the policy has changed. Nothing is closed; no data passes any more."""
        for allocation in self.allocations:
            for peer in allocation.peers.values():
                peer.allowed = self.policy.allows(*peer.address)
                peer.revise()

    def peer_of(self, allocation: Allocation, address: Address, now: float) -> Peer | None:
        """Return the peer at this address, for data in either direction; None to drop it, which is counted.

        The gateway asks when ``allocation.peers`` has no such address. A permission is for a host, so each of its ports
        becomes a peer with its first packet.
        """
        peer = allocation.peers.get(address)
        if peer is None and allocation.permits(address[0], now):
            peer = Peer(address, allocation.permissions[address[0]], self.policy.allows(*address))
            if len(allocation.peers) < MAX_PEERS:
                allocation.peers[address] = peer
        if peer is not None and now < peer.open_until:
            return peer
        refused = peer is not None and not peer.allowed
        self.counters.drops[counters.REFUSED_PEER if refused else counters.NO_PERMISSION] += 1
        allocation.dropped += 1
        return None

    def data_indication(self, address: Address, payload: bytes | memoryview) -> bytes:
        """Wrap a peer's packet for a client that has no channel for it. Raises ``ValueError`` if it is too long."""
        return stun.data_indication(address, payload, secrets.token_bytes(stun.TRANSACTION_ID_SIZE))

    def _asks_too_much(self, client: Client) -> bool:
        """Count one more message of a stream without credentials. Return whether it is one too many."""
        if client.allocation is not None or not client.path_is_proven:
            return False
        client.strange += 1
        if client.strange <= MAX_STRANGE_MESSAGES:
            return False
        self.counters.drops[counters.STRANGE] += 1
        logger.info("! %s: closed, after %d messages without credentials", client, MAX_STRANGE_MESSAGES)
        return True

    def _guesses_too_often(self, refused: RefusedError, request: Message, client: Client, now: float) -> bool:
        """Tell whether a request shows wrong credentials, and its source has done so too often to get an answer.

        Or else passwords could be guessed faster on a stream, or with an allocation of one's own, than by strangers on
        UDP, whose answers are rationed anyway. Requests with good credentials are not counted.
        """
        if refused.code != 401 or not request.has_integrity or client.may_be_anybody:
            return False
        if self._responder.has_ration(client, now):
            return False
        self.counters.drops[counters.RATE_LIMITED] += 1
        return True

    def _receive(self, message: Message, client: Client, now: float) -> Sequence[Action]:
        if message.kind == stun.REQUEST:
            if message.method == stun.BINDING:
                return self._responder.binding(message, client, now)
            if message.method == stun.ALLOCATE or message.method in self._handlers:
                return self._authenticate(message, client, now)
            raise MalformedError(f"a request for method {message.method:#x}")
        if message.kind == stun.INDICATION and message.method == stun.SEND:
            return self._send(message, client, now)
        return ()  # Binding indications keep a NAT's binding alive; responses are to nothing that we asked for

    def _authenticate(self, request: Message, client: Client, now: float) -> Sequence[Action]:
        known = self._responder.repeat(request, client, now)
        if known is not None:
            return (known,)
        try:
            grant = self.auth.check(request, client, now)
        except MalformedError as error:
            return self._responder.challenge(RefusedError(error.code, error.sentence), request, client, now)
        except RefusedError as refused:
            if self._guesses_too_often(refused, request, client, now):
                return (CloseClient(client, counters.RATE_LIMITED),) if client.path_is_proven else ()
            return self._responder.challenge(refused, request, client, now)
        client.strange = 0
        try:
            return self._carry_out(request, client, grant, now)
        except MalformedError as error:
            return (self._responder.refusal(RefusedError(error.code, error.sentence), request, client, grant, now),)
        except RefusedError as refused:
            return (self._responder.refusal(refused, request, client, grant, now),)

    def _carry_out(self, request: Message, client: Client, grant: Grant, now: float) -> Sequence[Action]:
        if request.not_understood():
            raise not_understood(request)
        if request.method == stun.ALLOCATE:
            return self._allocate(request, client, grant, now)
        allocation = client.allocation
        if allocation is None or allocation.address is None:
            raise RefusedError(437, "no allocation")
        answer, after = self._handlers[request.method](allocation, request, now)
        return (self._responder.success(answer, request, client, grant, now), *after)

    def _allocate(self, request: Message, client: Client, grant: Grant, now: float) -> Sequence[Action]:
        if client.allocation is not None:
            pending = self._pending.get(client.allocation)
            if pending is not None and pending.request.transaction_id == request.transaction_id:
                return ()  # the request comes again while its port is being opened
            raise RefusedError(437, "there is an allocation already")
        options = allocate.read(request, self.families, self.limits.max_lifetime)
        if self.draining:
            raise RefusedError(508, "the gateway is about to end")
        family = options.family
        if options.reserved is not None:  # frees the place that it needs
            family = self.allocations.release(options.reserved, grant.user, now)
        else:
            self.allocations.check_room(grant.user, 2 if options.reserve else 1)
        token = self.allocations.reserve(grant.user, family, now) if options.reserve else None
        allocation = Allocation(self.allocations.new_id(), client, grant, family, now)
        self._await_port(allocation, allocate.Pending(request, options, token), now)
        return (OpenRelay(allocation, family, options.even_port, token, options.reserved),)

    def _await_port(self, allocation: Allocation, pending: allocate.Pending, now: float) -> None:
        """Add the allocation, which is answered as soon as its port is open."""
        self._pending[allocation] = pending
        allocation.expires = now + OPENING_SECONDS
        if self.limits.bytes_per_second:
            allocation.bucket_to_peers = TokenBucket(self.limits.bytes_per_second, self.limits.burst_bytes, now)
            allocation.bucket_to_client = TokenBucket(self.limits.bytes_per_second, self.limits.burst_bytes, now)
        self.allocations.add(allocation)
        self.allocations.schedule(allocation)

    def _refresh(self, allocation: Allocation, request: Message, now: float) -> Granted:
        seconds = refresh(allocation, request, self.limits.max_lifetime, now)
        answer = stun.success(request).add(attribute.LIFETIME, attribute.encode_number(int(seconds)))
        if not seconds:
            return answer, (self._end(allocation, "deleted"),)
        self.allocations.schedule(allocation)
        return answer, ()

    def _create_permission(self, allocation: Allocation, request: Message, now: float) -> Granted:
        create_permission(allocation, request, self.policy, now)
        self.allocations.schedule(allocation)
        return stun.success(request), ()

    def _channel_bind(self, allocation: Allocation, request: Message, now: float) -> Granted:
        channel_bind(allocation, request, self.policy, now)
        self.allocations.schedule(allocation)
        return stun.success(request), ()

    def _send(self, message: Message, client: Client, now: float) -> Sequence[Action]:
        """Send a packet to a peer that has no channel. Errors are never answered (RFC 8656 section 11.2)."""
        value, payload = message.get(attribute.XOR_PEER_ADDRESS), message.get(attribute.DATA)
        if value is None or payload is None or message.not_understood():
            raise MalformedError("a Send indication without peer or data, or with what is not understood")
        address = attribute.decode_xor_address(value, message.transaction_id)
        allocation = client.allocation
        if allocation is None or allocation.address is None:
            self.counters.drops[counters.NO_ALLOCATION] += 1
            return ()
        if self.peer_of(allocation, address, now) is None:
            return ()
        if allocation.bucket_to_peers is not None and not allocation.bucket_to_peers.consume(len(payload), now):
            self.counters.drops[counters.BANDWIDTH] += 1
            allocation.dropped += 1
            return ()
        allocation.packets_to_peer += 1
        allocation.bytes_to_peer += len(payload)
        return (SendToPeer(allocation, address, payload, message.get(attribute.DONT_FRAGMENT) is not None),)

    def _end_if_over(self, client: Client, now: float) -> tuple[Action, ...]:
        """End the client's allocation if it has expired and the timer is late."""
        allocation = client.allocation
        if allocation is None or allocation in self._pending or now < allocation.expires:
            return ()
        return (self._end(allocation, "expired"),)

    def _end(self, allocation: Allocation, reason: str) -> Action:
        self._pending.pop(allocation, None)
        self.allocations.remove(allocation)
        self.counters.ended[reason] += 1
        return CloseRelay(allocation, reason)

    def _log(self, allocation: Allocation, message: str, *arguments: object, **more: object) -> None:
        extra = {"allocation": allocation.id, **more}
        logger.info(f"= %s: {message}", allocation, *arguments, extra=extra)  # noqa: G004
