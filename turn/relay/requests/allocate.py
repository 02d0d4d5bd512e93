"""Allocate: what a client wants its relay address to be like, and what it is told of it (RFC 8656 section 7)."""

from collections.abc import Collection
from dataclasses import dataclass

from turn.relay.allocation_table import TOKEN_SIZE
from turn.relay.limits import MIN_LIFETIME
from turn.wire import attributes as attribute
from turn.wire import stun
from turn.wire.attributes import Address
from turn.wire.errors import REASONS, Refused
from turn.wire.stun import Message, Writer


@dataclass(frozen=True, slots=True)
class Wish:
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


def read(request: Message, families: Collection[int], max_lifetime: float) -> Wish:
    """The wish in an Allocate request. Raises ``Refused`` with 400, 440 or 442, and ``Malformed``."""
    transport = request.get(attribute.REQUESTED_TRANSPORT)
    if transport is None:
        raise Refused(400, "Allocate without REQUESTED-TRANSPORT")
    if attribute.decode_transport(transport) != attribute.UDP_TRANSPORT:
        raise Refused(442, "a transport other than UDP")
    even_port = request.get(attribute.EVEN_PORT)
    wish = Wish(
        family=_family(request),
        lifetime=lifetime(request, max_lifetime),
        even_port=even_port is not None,
        reserve=even_port is not None and attribute.decode_even_port(even_port),
        reserved=request.get(attribute.RESERVATION_TOKEN),
        additional_family=_additional_family(request),
    )
    _check_combination(request, wish)
    if wish.family not in families:
        raise Refused(440, f"address family {wish.family}")
    return wish


def granted(request: Message, wish: Wish, relay: Address, mapped: Address, token: bytes | None) -> Writer:
    """The success response. ``mapped`` is the client's address, ``token`` that of the port held besides, if any."""
    answer = stun.success(request)
    answer.add(attribute.XOR_RELAYED_ADDRESS, attribute.encode_xor_address(relay, request.transaction_id))
    answer.add(attribute.XOR_MAPPED_ADDRESS, attribute.encode_xor_address(mapped, request.transaction_id))
    answer.add(attribute.LIFETIME, attribute.encode_number(int(wish.lifetime)))
    if token is not None:
        answer.add(attribute.RESERVATION_TOKEN, token)
    if wish.additional_family:  # section 7.2: the allocation is made, only without the other address
        answer.add(attribute.ADDRESS_ERROR_CODE, attribute.encode_address_error(attribute.IPV6, 440, REASONS[440]))
    return answer


def lifetime(request: Message, max_lifetime: float) -> float:
    """The LIFETIME that a request gets, in seconds: what it asks for within the limits, or the least."""
    asked = request.get(attribute.LIFETIME)
    seconds = MIN_LIFETIME if asked is None else float(attribute.decode_number(asked))
    return min(max(seconds, MIN_LIFETIME), max_lifetime)


def _family(request: Message) -> int:
    value = request.get(attribute.REQUESTED_ADDRESS_FAMILY)
    return attribute.IPV4 if value is None else attribute.decode_family(value)


def _additional_family(request: Message) -> bool:
    value = request.get(attribute.ADDITIONAL_ADDRESS_FAMILY)
    if value is None:
        return False
    if attribute.decode_family(value) != attribute.IPV6:
        raise Refused(400, "ADDITIONAL-ADDRESS-FAMILY other than IPv6")
    return True


def _check_combination(request: Message, wish: Wish) -> None:
    """Attributes that contradict each other (RFC 8656 section 7.2, steps 5 to 8)."""
    named_family = request.get(attribute.REQUESTED_ADDRESS_FAMILY) is not None
    if wish.reserved is not None:
        if len(wish.reserved) != TOKEN_SIZE:
            raise Refused(400, "RESERVATION-TOKEN of a wrong length")
        if wish.even_port or named_family or wish.additional_family:
            raise Refused(400, "RESERVATION-TOKEN with a wish for a port or family")
    if wish.additional_family and (named_family or wish.reserve):
        raise Refused(400, "ADDITIONAL-ADDRESS-FAMILY with REQUESTED-ADDRESS-FAMILY, or with a port to be held")
