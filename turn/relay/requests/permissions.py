"""CreatePermission: which hosts may exchange data with the client (RFC 8656 section 10.2)."""

from turn.relay.allocation import MAX_PERMISSIONS, Allocation
from turn.relay.policy import Policy
from turn.wire import attributes as attribute
from turn.wire.attributes import Address
from turn.wire.errors import Refused
from turn.wire.stun import Message


def create_permission(allocation: Allocation, request: Message, policy: Policy, now: float) -> list[str]:
    """Permit all hosts that the request names, or, if one of them can't be permitted, none. The hosts.

    Raises ``Refused`` with 400, 403, 443 or 508, and ``Malformed``.
    """
    values = request.all(attribute.XOR_PEER_ADDRESS)
    if not values:
        raise Refused(400, "CreatePermission without XOR-PEER-ADDRESS")
    hosts = [peer_address(allocation, request, value)[0] for value in values]
    for host in hosts:
        if why := policy.refusal(host, 0):
            raise Refused(403, f"{host} is not admitted: {why}")
    allocation.sweep(now)
    if not allocation.room_for(set(hosts)):
        raise Refused(508, f"the allocation has {MAX_PERMISSIONS} permissions")
    for host in hosts:
        allocation.permit(host, now)
    return hosts


def peer_address(allocation: Allocation, request: Message, value: bytes) -> Address:
    """The address in an XOR-PEER-ADDRESS. Raises ``Refused`` with 443 if it is of another family than the relay's."""
    address = attribute.decode_xor_address(value, request.transaction_id)
    if attribute.family_of(address[0]) != allocation.family:
        raise Refused(443, f"{address[0]} is of another family than the relay address")
    return address
