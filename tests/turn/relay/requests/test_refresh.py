"""Refresh: longer, shorter, or over."""

import pytest

from tests.turn.simulation import Caller, code, house
from turn.wire import attributes as attribute


@pytest.fixture
def caller():
    caller = Caller(house())
    caller.allocate()
    return caller


@pytest.mark.parametrize(("asked", "given"), [(None, 600), (1, 600), (1200, 1200), (10**6, 3600)])
def test_lifetimes(caller, asked, given) -> None:
    caller.house.wait(100)
    answer = caller.refresh(asked)
    assert attribute.decode_number(answer.get(attribute.LIFETIME)) == given
    assert caller.allocation.expires == caller.house.now + given


def test_zero_ends_the_allocation_after_it_is_answered(caller) -> None:
    answer = caller.refresh(0)
    assert code(answer) == 0
    assert attribute.decode_number(answer.get(attribute.LIFETIME)) == 0
    assert (caller.allocation, caller.house.opened) == (None, {})


def test_without_an_allocation(caller) -> None:
    caller.refresh(0)
    assert code(caller.refresh()) == 437
    assert code(caller.refresh(0)) == 437


def test_the_family_has_to_be_the_allocations(caller) -> None:
    assert code(caller.refresh(600, (attribute.REQUESTED_ADDRESS_FAMILY, b"\1\0\0\0"))) == 0
    assert code(caller.refresh(0, (attribute.REQUESTED_ADDRESS_FAMILY, b"\2\0\0\0"))) == 443
    assert caller.allocation is not None


def test_a_lifetime_that_is_none(caller) -> None:
    expires = caller.allocation.expires
    caller.house.wait(10)
    assert code(caller.refresh(None, (attribute.LIFETIME, b"\0"))) == 400
    assert caller.allocation.expires == expires


def test_after_the_end(caller) -> None:
    caller.house.wait(600)
    assert code(caller.refresh()) == 437


def test_after_the_end_with_a_late_timer(caller) -> None:
    caller.house.now += 600
    assert code(caller.refresh()) == 437
    assert caller.house.opened == {}
