"""What a gateway that is about to end tells the peers of its allocations, so that they are reached by another in time.

CONTRACT. A Binding indication, which whoever does not know more of it ignores (RFC 8489 section 6.3.2), with one
attribute of our own: the seconds that are left. A client can't be told: TURN has no such word, and its media are
encrypted for the peer. The peer can be, and has an encrypted way to the client. It is not signed: whoever can send as
the gateway's relay address may have a client connect anew, and no more.
"""

from typing import Final

from turn.wire import stun
from turn.wire.attributes import decode_number, encode_number
from turn.wire.errors import Malformed

SECONDS_LEFT: Final = 0xFC0E
"""The attribute's number, of those that may be ignored (RFC 8489 section 14). 32 bits."""

_BINDING_INDICATION: Final = (stun.BINDING | stun.INDICATION).to_bytes(2, "big")


def farewell(seconds: int, transaction_id: bytes) -> bytes:
    """The datagram."""
    return stun.Writer(stun.BINDING, stun.INDICATION, transaction_id).add(SECONDS_LEFT, encode_number(seconds)).finish()


def seconds_left(data: bytes) -> int | None:
    """The seconds that a datagram says are left; None if it is no farewell, which nearly all are not."""
    if not data.startswith(_BINDING_INDICATION):
        return None
    try:
        value = stun.parse(data).get(SECONDS_LEFT)
        return None if value is None else decode_number(value)
    except Malformed:
        return None
