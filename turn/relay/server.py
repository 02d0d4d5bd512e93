"""The server: datagrams and ``now`` in, actions and deadlines out (RFC 8656).

This is the slow way, for requests and indications. ChannelData and packets from peers don't come here: the gateway
relays those by the fields of ``Allocation``. Sockets, and what actions do, are left to gateway.py.
"""

import logging
import math
import secrets
from collections.abc import Callable, Sequence
from typing import Final

from turn.relay import counters
from turn.relay.actions import Action, CloseClient, CloseRelay, DropReservation, OpenRelay, SendToPeer
from turn.relay.allocation import MAX_PEERS, Allocation, Client, Grant, Peer
from turn.relay.allocation_table import Reservation, Table
from turn.relay.auth import Auth
from turn.relay.counters import Counters
from turn.relay.limits import MAX_STRANGE_MESSAGES, Limits
from turn.relay.policy import Policy
from turn.relay.requests import allocate
from turn.relay.requests.channels import channel_bind
from turn.relay.requests.permissions import create_permission
from turn.relay.requests.refresh import refresh
from turn.relay.responder import Responder, not_understood
from turn.relay.token_bucket import Bucket
from turn.wire import attributes as attribute
from turn.wire import stun
from turn.wire.attributes import Address, text_of
from turn.wire.errors import Malformed, Refused
from turn.wire.farewell import farewell
from turn.wire.stun import Message, Writer

logger = logging.getLogger(__name__)

OPENING_TIME: Final = 10.0
"""Seconds after which an allocation is given up whose port was never opened."""

Granted = tuple[Writer, Sequence[Action]]
"""A success response that is not sealed yet, and what is to happen after it has been sent."""


class Relay:
    """All clients and allocations of one process."""

    def __init__(self, auth: Auth, policy: Policy, *, limits: Limits | None = None, software: str = "coinop") -> None:
        self.auth = auth
        self.policy = policy
        self.limits = limits or Limits()
        self.counters = Counters()
        self.allocations = Table(self.limits)
        """Those that there are: to count and to go through, not to change."""
        self.families = attribute.FAMILIES
        """The address families that relay addresses can be opened in."""
        self.draining = False
        """No new allocations; those that are there go on, and Binding is answered."""
        self._responder = Responder(self.limits, software, self.counters)
        self._handlers: dict[int, Callable[[Allocation, Message, float], Granted]] = {
            stun.REFRESH: self._refresh,
            stun.CREATE_PERMISSION: self._create_permission,
            stun.CHANNEL_BIND: self._channel_bind,
        }

    def from_client(self, data: bytes | memoryview, client: Client, now: float) -> Sequence[Action]:
        """A message whose first two bits are 0. Whatever it holds, nothing is raised."""
        over = self._end_if_over(client, now)
        if self._asks_too_much(client):
            return (*over, CloseClient(client, counters.STRANGE))
        try:
            message = stun.parse(bytes(data))
            logger.debug("< %s %s", client, message)
            return (*over, *self._receive(message, client, now))
        except Malformed as error:
            self.counters.drops[counters.MALFORMED] += 1
            logger.debug("! %s: %s", client, error)
        return over

    def relay_opened(self, allocation: Allocation, address: Address | None, now: float) -> Sequence[Action]:
        """What OpenRelay asked for is there, under ``address`` for peers; or it could not be had: None.

        If None, nothing is held under a token either.
        """
        if allocation not in self.allocations or allocation.pending is None:
            return (CloseRelay(allocation, "too_late"),)
        request, wish, token = allocation.pending
        client, grant = allocation.client, allocation.grant
        if address is None:
            self.allocations.cancel(token)
            refused = self._responder.refusal(Refused(508, "no port could be bound"), request, client, grant, now)
            return refused, self._end(allocation, "no_port")
        allocation.pending = None
        allocation.address = address
        allocation.expires = now + wish.lifetime
        self.allocations.schedule(allocation)
        self.counters.allocated += 1
        self._log(allocation, "%s for %s, user %s", text_of(address), client, grant.user)
        answer = allocate.granted(request, wish, address, client.address, token)
        return (self._responder.success(answer, request, client, grant, now),)

    def relay_closed(self, allocation: Allocation, reason: str) -> None:
        """CloseRelay has been carried out, and all that the allocation has relayed is counted in it."""
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
        """The gateway ends, whoever is there."""
        return [self._end(allocation, "gateway_ends") for allocation in tuple(self.allocations)]

    def farewells(self, share: float, seconds: int, now: float) -> Sequence[Action]:
        """Tell the peers of this share of the allocations, the oldest, that the gateway ends in so many seconds."""
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
        """The stream that the client came by is closed."""
        return () if client.allocation is None else (self._end(client.allocation, "client_gone"),)

    def next_deadline(self) -> float | None:
        """When to call ``handle_timer``."""
        deadlines = self.allocations.next(), self._responder.next()
        return min((when for when in deadlines if when is not None), default=None)

    def handle_timer(self, now: float) -> Sequence[Action]:
        """Forget whatever has expired. May be called at any time."""
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
        """The policy is another one now: decide anew on every peer. Nothing is closed; closed peers stay silent."""
        for allocation in self.allocations:
            for peer in allocation.peers.values():
                peer.allowed = self.policy.allows(*peer.address)
                peer.revise()

    def peer_of(self, allocation: Allocation, address: Address, now: float) -> Peer | None:
        """The peer at this address, for data in either direction, or None: drop it. The reason has been counted.

        The data path asks when ``allocation.peers`` has no such address. A permission is for a host, so each of its
        ports becomes a peer when it is first heard of.
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
        """A peer's packet for a client that has no channel for it. Raises ``ValueError`` if it is too long."""
        return stun.data_indication(address, payload, secrets.token_bytes(stun.TRANSACTION_ID_SIZE))

    def _asks_too_much(self, client: Client) -> bool:
        """Whether one more message is more than a stream may send without credentials. It has been counted."""
        if client.allocation is not None or not client.path_is_proven:
            return False
        client.strange += 1
        if client.strange <= MAX_STRANGE_MESSAGES:
            return False
        self.counters.drops[counters.STRANGE] += 1
        logger.info("! %s: closed, after %d messages without credentials", client, MAX_STRANGE_MESSAGES)
        return True

    def _guesses_too_often(self, refused: Refused, request: Message, client: Client, now: float) -> bool:
        """Whether it shows wrong credentials, from a source that has done so too often: no answer, then.

        Or else passwords could be guessed faster on a stream, or with an allocation of one's own, than by strangers on
        UDP, whose answers are rationed anyway. Clients that know theirs are not counted.
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
            raise Malformed(f"a request for method {message.method:#x}")
        if message.kind == stun.INDICATION and message.method == stun.SEND:
            return self._send(message, client, now)
        return ()  # Binding indications keep a NAT's binding alive; responses are to nothing that we asked for

    def _authenticate(self, request: Message, client: Client, now: float) -> Sequence[Action]:
        known = self._responder.again(request, client, now)
        if known is not None:
            return (known,)
        try:
            grant = self.auth.check(request, client, now)
        except Malformed as error:
            return self._responder.challenge(Refused(400, str(error)), request, client, now)
        except Refused as refused:
            if self._guesses_too_often(refused, request, client, now):
                return (CloseClient(client, counters.RATE_LIMITED),) if client.path_is_proven else ()
            return self._responder.challenge(refused, request, client, now)
        client.strange = 0
        try:
            return self._carry_out(request, client, grant, now)
        except Malformed as error:
            return (self._responder.refusal(Refused(400, str(error)), request, client, grant, now),)
        except Refused as refused:
            return (self._responder.refusal(refused, request, client, grant, now),)

    def _carry_out(self, request: Message, client: Client, grant: Grant, now: float) -> Sequence[Action]:
        if request.not_understood():
            raise not_understood(request)
        if request.method == stun.ALLOCATE:
            return self._allocate(request, client, grant, now)
        allocation = client.allocation
        if allocation is None or allocation.address is None:
            raise Refused(437, "no allocation")
        answer, after = self._handlers[request.method](allocation, request, now)
        return (self._responder.success(answer, request, client, grant, now), *after)

    def _allocate(self, request: Message, client: Client, grant: Grant, now: float) -> Sequence[Action]:
        if client.allocation is not None:
            if client.allocation.pending is not None and client.allocation.transaction_id == request.transaction_id:
                return ()  # the request comes again while its port is being opened
            raise Refused(437, "there is an allocation already")
        wish = allocate.read(request, self.families, self.limits.max_lifetime)
        if self.draining:
            raise Refused(508, "the gateway is about to end")
        family = wish.family
        if wish.reserved is not None:  # frees the place that it needs
            family = self.allocations.release(wish.reserved, grant.user, now)
        else:
            self.allocations.check_room(grant.user, 2 if wish.reserve else 1)
        token = self.allocations.reserve(grant.user, family, now) if wish.reserve else None
        allocation = Allocation(self.allocations.new_id(), client, grant, family, now)
        self._prepare(allocation, request, wish, token, now)
        return (OpenRelay(allocation, family, wish.even_port, token, wish.reserved),)

    def _prepare(
        self, allocation: Allocation, request: Message, wish: allocate.Wish, token: bytes | None, now: float
    ) -> None:
        """Let the allocation wait for its port."""
        allocation.transaction_id = request.transaction_id
        allocation.pending = request, wish, token
        allocation.expires = now + OPENING_TIME
        if self.limits.bytes_per_second:
            allocation.from_client = Bucket(self.limits.bytes_per_second, self.limits.burst_bytes, now)
            allocation.from_peer = Bucket(self.limits.bytes_per_second, self.limits.burst_bytes, now)
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
        """A packet for a peer that has no channel. Errors are never answered (RFC 8656 section 11.2)."""
        value, payload = message.get(attribute.XOR_PEER_ADDRESS), message.get(attribute.DATA)
        if value is None or payload is None or message.not_understood():
            raise Malformed("a Send indication without peer or data, or with what is not understood")
        address = attribute.decode_xor_address(value, message.transaction_id)
        allocation = client.allocation
        if allocation is None or allocation.address is None:
            self.counters.drops[counters.NO_ALLOCATION] += 1
            return ()
        if self.peer_of(allocation, address, now) is None:
            return ()
        if allocation.from_client is not None and not allocation.from_client.take(len(payload), now):
            self.counters.drops[counters.BANDWIDTH] += 1
            allocation.dropped += 1
            return ()
        allocation.packets_to_peer += 1
        allocation.bytes_to_peer += len(payload)
        return (SendToPeer(allocation, address, payload, message.get(attribute.DONT_FRAGMENT) is not None),)

    def _end_if_over(self, client: Client, now: float) -> tuple[Action, ...]:
        """End the client's allocation if its time has come, and the timer is late."""
        allocation = client.allocation
        if allocation is None or allocation.pending is not None or now < allocation.expires:
            return ()
        return (self._end(allocation, "expired"),)

    def _end(self, allocation: Allocation, reason: str) -> Action:
        self.allocations.remove(allocation)
        self.counters.ended[reason] += 1
        return CloseRelay(allocation, reason)

    def _log(self, allocation: Allocation, message: str, *arguments: object, **more: object) -> None:
        extra = {"allocation": allocation.id, **more}
        logger.info(f"= %s: {message}", allocation, *arguments, extra=extra)  # noqa: G004
