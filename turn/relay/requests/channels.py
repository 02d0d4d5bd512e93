"""ChannelBind: a number in place of a peer's address (RFC 8656 section 12.2)."""

from typing import Final

from turn.relay.allocation import Allocation, Peer
from turn.relay.policy import Policy
from turn.relay.requests.permissions import peer_address
from turn.wire import attributes as attribute
from turn.wire.attributes import Address, text_of
from turn.wire.channel import FIRST_CHANNEL, LAST_CHANNEL
from turn.wire.errors import RefusedError
from turn.wire.stun import Message

MAX_CHANNELS: Final = 128
"""Channels of an allocation: as many as permissions."""


def channel_bind(allocation: Allocation, request: Message, policy: Policy, now: float) -> Peer:
    """Bind the channel to the peer, or refresh the binding. Return the peer.

    Raises ``RefusedError`` with 400, 403, 443 or 508, and ``MalformedError``.
    """
    number, value = request.get(attribute.CHANNEL_NUMBER), request.get(attribute.XOR_PEER_ADDRESS)
    if number is None or value is None:
        raise RefusedError(400, "ChannelBind without CHANNEL-NUMBER or XOR-PEER-ADDRESS")
    channel = attribute.decode_channel(number)
    if not FIRST_CHANNEL <= channel <= LAST_CHANNEL:
        raise RefusedError(400, f"channel number 0x{channel:04x}")
    address = peer_address(allocation, request, value)
    if not address[1]:
        raise RefusedError(400, "a channel to port 0")
    if why := policy.refusal(*address):
        raise RefusedError(403, f"{text_of(address)} is not admitted: {why}")
    allocation.sweep(now)
    _check_free(allocation, channel, address)
    peer = allocation.peers.get(address) or Peer(address, now)
    allocation.bind(peer, channel, now)
    return peer


def _check_free(allocation: Allocation, channel: int, address: Address) -> None:
    """Raise ``RefusedError`` unless the channel has no other peer, the peer no other channel, and both have room."""
    bound = allocation.channels.get(channel)
    if bound is not None and bound.address != address:
        raise RefusedError(400, "the channel is bound to another peer")
    peer = allocation.peers.get(address)
    if peer is not None and peer.channel not in (None, channel):
        raise RefusedError(400, "the peer is bound to another channel")
    if bound is None and len(allocation.channels) >= MAX_CHANNELS:
        raise RefusedError(508, f"the allocation has {MAX_CHANNELS} channels")
    if not allocation.room_for({address[0]}):
        raise RefusedError(508, "the allocation has as many permissions as it may have")
