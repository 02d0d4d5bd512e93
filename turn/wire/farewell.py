"""The farewell of a gateway that is about to end to the peers of its allocations, so that another serves them in time.

CONTRACT. A Binding indication, which a receiver that knows no more of it ignores (RFC 8489 section 6.3.2), with one
attribute of our own: the seconds that are left. A client can't be told: TURN has no such word, and its media are
encrypted for the peer. The peer can be, and has an encrypted way to the client. The farewell is not signed: a sender
that fakes the gateway's relay address may have a client connect anew, and no more.
"""

from typing import Final

from turn.wire import stun
from turn.wire.attributes import decode_number, encode_number
from turn.wire.errors import MalformedError

SECONDS_LEFT: Final = 0xFC0E
"""The attribute's number, of those that may be ignored (RFC 8489 section 14). 32 bits."""

_BINDING_INDICATION: Final = (stun.BINDING | stun.INDICATION).to_bytes(2, "big")


def farewell(seconds: int, transaction_id: bytes) -> bytes:
    """Write the farewell, a datagram, for the seconds that are left."""
    return stun.Writer(stun.BINDING, stun.INDICATION, transaction_id).add(SECONDS_LEFT, encode_number(seconds)).finish()


def seconds_left(data: bytes) -> int | None:
    """Read the seconds that are left from a datagram; None if it is no farewell, which nearly all are not."""
    if not data.startswith(_BINDING_INDICATION):
        return None
    try:
        value = stun.parse(data).get(SECONDS_LEFT)
        return None if value is None else decode_number(value)
    except MalformedError:
        return None
