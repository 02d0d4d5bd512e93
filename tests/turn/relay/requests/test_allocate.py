"""Allocate: what may be asked for, and in which combinations."""

import pytest

from tests.turn.simulation import Caller, code, house
from turn.relay.limits import Limits
from turn.wire import attributes as attribute
from turn.wire import stun

EVEN = (attribute.EVEN_PORT, b"\0")
EVEN_AND_NEXT = (attribute.EVEN_PORT, b"\x80")
IPV4 = (attribute.REQUESTED_ADDRESS_FAMILY, b"\1\0\0\0")
IPV6 = (attribute.REQUESTED_ADDRESS_FAMILY, b"\2\0\0\0")
BESIDES_IPV6 = (attribute.ADDITIONAL_ADDRESS_FAMILY, b"\2\0\0\0")
TOKEN = (attribute.RESERVATION_TOKEN, bytes(8))


@pytest.fixture
def place():
    return house()


def lifetime(answer) -> int:
    return attribute.decode_number(answer.get(attribute.LIFETIME))


def relayed(answer):
    return attribute.decode_xor_address(answer.get(attribute.XOR_RELAYED_ADDRESS), answer.transaction_id)


def test_a_plain_allocation(place) -> None:
    caller = Caller(place)
    answer = caller.allocate()
    assert relayed(answer) == ("198.51.100.1", 50_001) == caller.allocation.address
    mapped = attribute.decode_xor_address(answer.get(attribute.XOR_MAPPED_ADDRESS), answer.transaction_id)
    assert mapped == ("203.0.113.9", 1024)
    assert lifetime(answer) == 600
    assert answer.get(attribute.RESERVATION_TOKEN) is None
    assert caller.allocation.username == "user-1"


@pytest.mark.parametrize(
    ("asked", "given"), [(None, 600), (0, 600), (1, 600), (600, 600), (777, 777), (3600, 3600), (2**32 - 1, 3600)]
)
def test_lifetimes_are_clamped(place, asked, given) -> None:
    wish = () if asked is None else ((attribute.LIFETIME, attribute.encode_number(asked)),)
    caller = Caller(place)
    assert lifetime(caller.allocate(*wish)) == given
    assert caller.allocation.expires == place.now + given


def test_without_a_transport(place) -> None:
    caller = Caller(place)
    caller.knock()
    assert code(caller.request(stun.ALLOCATE)) == 400


def test_another_transport(place) -> None:
    caller = Caller(place)
    caller.knock()
    assert code(caller.request(stun.ALLOCATE, (attribute.REQUESTED_TRANSPORT, bytes((6, 0, 0, 0))))) == 442


@pytest.mark.parametrize(("family", "host"), [(IPV4, "198.51.100.1"), (IPV6, "2001:db8::1")])
def test_families(place, family, host) -> None:
    assert relayed(Caller(place).allocate(family))[0] == host


@pytest.mark.parametrize("number", [0, 3, 255])
def test_a_family_that_nobody_knows(place, number) -> None:
    assert code(Caller(place).allocate((attribute.REQUESTED_ADDRESS_FAMILY, bytes((number, 0, 0, 0))))) == 440


def test_a_family_that_the_gateway_has_not(place) -> None:
    place.relay.families = frozenset({attribute.IPV6})
    assert code(Caller(place).allocate()) == 440
    assert code(Caller(place, ("203.0.113.10", 1)).allocate(IPV6)) == 0


def test_one_more_family_is_not_given_and_that_is_said(place) -> None:
    answer = Caller(place).allocate(BESIDES_IPV6)
    assert code(answer) == 0
    assert relayed(answer)[0] == "198.51.100.1"
    assert answer.get(attribute.ADDRESS_ERROR_CODE)[:4] == bytes((attribute.IPV6, 0, 4, 40))


def test_an_even_port(place) -> None:
    assert relayed(Caller(place).allocate(EVEN))[1] % 2 == 0


def test_two_ports_in_a_row(place) -> None:
    first, second = Caller(place), Caller(place, ("203.0.113.9", 1025))
    answer = first.allocate(EVEN_AND_NEXT)
    token = answer.get(attribute.RESERVATION_TOKEN)
    assert len(token) == 8
    assert relayed(answer)[1] % 2 == 0
    assert relayed(second.allocate((attribute.RESERVATION_TOKEN, token)))[1] == relayed(answer)[1] + 1
    assert place.held == {}
    third = Caller(place, ("203.0.113.9", 1026))
    assert code(third.allocate((attribute.RESERVATION_TOKEN, token))) == 508


def test_the_held_port_is_of_the_first_ones_family(place) -> None:
    token = Caller(place).allocate(IPV6, EVEN_AND_NEXT).get(attribute.RESERVATION_TOKEN)
    other = Caller(place, ("203.0.113.9", 1025))
    assert code(other.allocate((attribute.RESERVATION_TOKEN, token))) == 0
    assert other.allocation.family == attribute.IPV6


def test_a_held_port_is_given_up_after_30_seconds(place) -> None:
    token = Caller(place).allocate(EVEN_AND_NEXT).get(attribute.RESERVATION_TOKEN)
    assert place.held
    place.wait(30)
    assert place.held == {}
    other = Caller(place, ("203.0.113.9", 1025))
    assert code(other.allocate((attribute.RESERVATION_TOKEN, token))) == 508


def test_a_held_port_is_not_for_another_user(place) -> None:
    token = Caller(place).allocate(EVEN_AND_NEXT).get(attribute.RESERVATION_TOKEN)
    other = Caller(place, ("203.0.113.10", 1), "user-2", "pass-2")
    assert code(other.allocate((attribute.RESERVATION_TOKEN, token))) == 508
    assert len(place.held) == 1


def test_the_fragment_flag_is_accepted(place) -> None:
    assert code(Caller(place).allocate((attribute.DONT_FRAGMENT, b""))) == 0


@pytest.mark.parametrize(
    "attributes",
    [
        (TOKEN, EVEN),
        (TOKEN, IPV4),
        (TOKEN, BESIDES_IPV6),
        (IPV4, BESIDES_IPV6),
        (EVEN_AND_NEXT, BESIDES_IPV6),
        ((attribute.ADDITIONAL_ADDRESS_FAMILY, b"\1\0\0\0"),),
        ((attribute.RESERVATION_TOKEN, bytes(7)),),
        ((attribute.LIFETIME, bytes(3)),),
        ((attribute.EVEN_PORT, b""),),
        ((attribute.REQUESTED_ADDRESS_FAMILY, b"\1"),),
    ],
)
def test_bad_requests(place, attributes) -> None:
    caller = Caller(place)
    assert code(caller.allocate(*attributes)) == 400
    assert caller.allocation is None
    assert place.opened == {}


def test_an_even_port_and_one_more_family_go_together(place) -> None:
    assert code(Caller(place).allocate(EVEN, BESIDES_IPV6)) == 0


def test_what_is_not_understood_is_listed(place) -> None:
    answer = Caller(place).allocate((0x001B, b"token"), (0x8030, b"mobility"))
    assert code(answer) == 420
    assert answer.get(attribute.UNKNOWN_ATTRIBUTES) == b"\x00\x1b"
    assert answer.has_integrity


def test_a_second_allocation_on_the_same_5_tuple(place) -> None:
    caller = Caller(place)
    caller.allocate()
    assert code(caller.allocate()) == 437
    assert len(place.opened) == 1


def test_no_port(place) -> None:
    place.no_ports = True
    caller = Caller(place)
    answer = caller.allocate(EVEN_AND_NEXT)
    assert code(answer) == 508
    assert answer.is_by(caller.key)
    assert (caller.allocation, len(place.relay.allocations), place.relay.allocations.reservations) == (None, 0, 0)
    place.no_ports = False
    assert code(caller.allocate()) == 0


def test_the_users_quota() -> None:
    place = house(limits=Limits(allocations_per_user=2))
    callers = [Caller(place, ("203.0.113.9", port)) for port in range(1, 4)]
    assert [code(caller.allocate()) for caller in callers] == [0, 0, 486]
    assert code(Caller(place, ("203.0.113.9", 9), "user-2", "pass-2").allocate()) == 0
    callers[0].refresh(0)
    assert code(callers[2].allocate()) == 0


def test_the_limit_for_all() -> None:
    place = house(limits=Limits(allocations=2))
    callers = [Caller(place, ("203.0.113.9", port)) for port in range(1, 4)]
    assert [code(caller.allocate()) for caller in callers] == [0, 0, 508]


def test_a_full_gateway_still_gives_out_what_it_holds() -> None:
    place = house(limits=Limits(allocations=2))
    token = Caller(place).allocate(EVEN_AND_NEXT).get(attribute.RESERVATION_TOKEN)
    assert code(Caller(place, ("203.0.113.9", 2)).allocate((attribute.RESERVATION_TOKEN, token))) == 0


def test_a_gateway_that_is_about_to_end(place) -> None:
    caller = Caller(place)
    caller.allocate()
    place.relay.draining = True
    assert code(Caller(place, ("203.0.113.10", 1)).allocate()) == 508
    assert code(caller.refresh()) == 0
    assert code(caller.bind(0x4000)) == 0
    assert code(caller.request(stun.BINDING)) == 0
