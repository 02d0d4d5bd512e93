"""Refresh: how long the allocation goes on (RFC 8656 section 8.2)."""

from turn.relay.allocation import Allocation
from turn.relay.requests.allocate import lifetime
from turn.wire import attributes as attribute
from turn.wire.errors import Refused
from turn.wire.stun import Message


def refresh(allocation: Allocation, request: Message, max_lifetime: float, now: float) -> float:
    """Set the allocation's end; the seconds until it, 0 if the client wants it to end now.

    Raises ``Refused`` with 443 if the client believes that the allocation is of another family.
    """
    family = request.get(attribute.REQUESTED_ADDRESS_FAMILY)
    if family is not None and attribute.decode_family(family) != allocation.family:
        raise Refused(443, "a refresh for another address family")
    asked = request.get(attribute.LIFETIME)
    seconds = 0.0 if asked is not None and not attribute.decode_number(asked) else lifetime(request, max_lifetime)
    allocation.expires = now + seconds
    return seconds
