"""Allocate: what a client asks of its relay address, and the response to it (RFC 8656 section 7).

Section 7.2 has numbered steps, which the comments here follow in our words. turn/relay/server.py takes steps 1 (the
user is authenticated) and 2 (the 5-tuple has no allocation yet) before; nothing here takes 11 (300, another server).
"""

from collections.abc import Collection
from dataclasses import dataclass

from turn.relay.allocation_table import TOKEN_SIZE
from turn.relay.limits import MIN_LIFETIME_SECONDS
from turn.wire import attributes as attribute
from turn.wire import stun
from turn.wire.attributes import Address
from turn.wire.errors import REASONS, RefusedError
from turn.wire.stun import Message, Writer


@dataclass(frozen=True, slots=True)
class Options:
    """A relay address as it was asked for, and can be given as far as the request goes."""

    family: int
    lifetime: float
    """Seconds, within the limits."""
    even_port: bool = False
    reserve: bool = False
    """Whether the next higher port is to be held."""
    reserved: bytes | None = None
    """The token of a port that was held before."""
    additional_family: bool = False
    """Whether an IPv6 address was asked for besides."""


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """An Allocate request that waits for its port."""

    request: Message
    options: Options
    token: bytes | None
    """The token that the next higher port is going to be held under."""


def read(request: Message, families: Collection[int], max_lifetime: float) -> Options:
    """Read what an Allocate request asks for. Raises ``RefusedError`` with 400, 440 or 442, and ``MalformedError``."""
    # Step 3: there is a REQUESTED-TRANSPORT, and it is one that the server relays.
    transport = request.get(attribute.REQUESTED_TRANSPORT)
    if transport is None:
        raise RefusedError(400, "Allocate without REQUESTED-TRANSPORT")
    if attribute.decode_transport(transport) != attribute.UDP_TRANSPORT:
        raise RefusedError(442, "a transport other than UDP")
    # Step 4: DONT-FRAGMENT is supported, so nothing is to be done about it here.
    even_port = request.get(attribute.EVEN_PORT)
    options = Options(
        family=_family(request),
        lifetime=lifetime(request, max_lifetime),
        even_port=even_port is not None,
        reserve=even_port is not None and attribute.decode_even_port(even_port),
        reserved=request.get(attribute.RESERVATION_TOKEN),
        additional_family=_additional_family(request),
    )
    _check_combination(request, options)
    # Step 7: the relay address is of the family that the request names, or IPv4, if the server has that.
    if options.family not in families:
        raise RefusedError(440, f"address family {options.family}")
    # Second half of step 5 (the token is known), of step 8 (there is room), and step 10 (the user's quota): these look
    # at other allocations, so turn/relay/allocation_table.py takes them, called by server.py.
    return options


def success(pending: Pending, relay: Address, mapped: Address) -> Writer:
    """Write the success response (RFC 8656 section 7.2). ``mapped`` is the client's address as the server sees it."""
    request, options = pending.request, pending.options
    answer = stun.success(request)
    answer.add(attribute.XOR_RELAYED_ADDRESS, attribute.encode_xor_address(relay, request.transaction_id))
    answer.add(attribute.XOR_MAPPED_ADDRESS, attribute.encode_xor_address(mapped, request.transaction_id))
    answer.add(attribute.LIFETIME, attribute.encode_number(int(options.lifetime)))
    if pending.token is not None:
        answer.add(attribute.RESERVATION_TOKEN, pending.token)
    # Second half of step 9: an IPv6 address besides can't be had, so the allocation has the IPv4 address alone.
    if options.additional_family:
        answer.add(attribute.ADDRESS_ERROR_CODE, attribute.encode_address_error(attribute.IPV6, 440, REASONS[440]))
    return answer


def lifetime(request: Message, max_lifetime: float) -> float:
    """Return the LIFETIME that a request gets, in seconds: what it asks for within the limits, or the least."""
    asked = request.get(attribute.LIFETIME)
    seconds = MIN_LIFETIME_SECONDS if asked is None else float(attribute.decode_number(asked))
    return min(max(seconds, MIN_LIFETIME_SECONDS), max_lifetime)


def _family(request: Message) -> int:
    value = request.get(attribute.REQUESTED_ADDRESS_FAMILY)
    return attribute.IPV4 if value is None else attribute.decode_family(value)


def _additional_family(request: Message) -> bool:
    value = request.get(attribute.ADDITIONAL_ADDRESS_FAMILY)
    if value is None:
        return False
    # First half of step 9: IPv4 can't be the additional one.
    if attribute.decode_family(value) != attribute.IPV6:
        raise RefusedError(400, "ADDITIONAL-ADDRESS-FAMILY other than IPv6")
    return True


def _check_combination(request: Message, options: Options) -> None:
    """Raise ``RefusedError`` with 400 if attributes contradict each other."""
    named_family = request.get(attribute.REQUESTED_ADDRESS_FAMILY) is not None
    # First half of step 5: a held port has its number and family already.
    if options.reserved is not None:
        if len(options.reserved) != TOKEN_SIZE:
            raise RefusedError(400, "RESERVATION-TOKEN of a wrong length")
        if options.even_port or named_family or options.additional_family:
            raise RefusedError(400, "RESERVATION-TOKEN with a wish for a port or family")
    # Step 6: either one family is named, or both are wanted.
    # First half of step 8: no port is held beside two addresses.
    if options.additional_family and (named_family or options.reserve):
        raise RefusedError(400, "ADDITIONAL-ADDRESS-FAMILY with REQUESTED-ADDRESS-FAMILY, or with a port to be held")
