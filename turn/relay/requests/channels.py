"""ChannelBind: a number in place of a peer's address (RFC 8656 section 12.2)."""

from typing import Final

from turn.relay.allocation import Allocation, Peer
from turn.relay.policy import Policy
from turn.relay.requests.permissions import peer_address
from turn.wire import attributes as attribute
from turn.wire.attributes import Address, text_of
from turn.wire.channel import FIRST_CHANNEL, LAST_CHANNEL
from turn.wire.errors import Refused
from turn.wire.stun import Message

MAX_CHANNELS: Final = 128
"""Per allocation, as for permissions."""


def channel_bind(allocation: Allocation, request: Message, policy: Policy, now: float) -> Peer:
    """Bind the channel to the peer, or refresh the binding; the peer.

    Raises ``Refused`` with 400, 403, 443 or 508, and ``Malformed``.
    """
    number, value = request.get(attribute.CHANNEL_NUMBER), request.get(attribute.XOR_PEER_ADDRESS)
    if number is None or value is None:
        raise Refused(400, "ChannelBind without CHANNEL-NUMBER or XOR-PEER-ADDRESS")
    channel = attribute.decode_channel(number)
    if not FIRST_CHANNEL <= channel <= LAST_CHANNEL:
        raise Refused(400, f"channel number 0x{channel:04x}")
    address = peer_address(allocation, request, value)
    if not address[1]:
        raise Refused(400, "a channel to port 0")
    if why := policy.refusal(*address):
        raise Refused(403, f"{text_of(address)} is not admitted: {why}")
    allocation.sweep(now)
    _check_free(allocation, channel, address)
    peer = allocation.peers.get(address) or Peer(address, now)
    allocation.bind(peer, channel, now)
    return peer


def _check_free(allocation: Allocation, channel: int, address: Address) -> None:
    """A channel is for one peer, and a peer has one channel, as long as the binding lasts."""
    bound = allocation.channels.get(channel)
    if bound is not None and bound.address != address:
        raise Refused(400, "the channel is bound to another peer")
    peer = allocation.peers.get(address)
    if peer is not None and peer.channel not in (None, channel):
        raise Refused(400, "the peer is bound to another channel")
    if bound is None and len(allocation.channels) >= MAX_CHANNELS:
        raise Refused(508, f"the allocation has {MAX_CHANNELS} channels")
    if not allocation.room_for({address[0]}):
        raise Refused(508, "the allocation has as many permissions as it may have")
