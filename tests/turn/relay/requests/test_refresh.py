"""Refresh: longer, shorter, or over."""

import pytest

from tests.turn.simulation import SimulatedClient, code, simulate
from turn.wire import attributes as attribute


@pytest.fixture
def client():
    client = SimulatedClient(simulate())
    client.allocate()
    return client


@pytest.mark.parametrize(("asked", "given"), [(None, 600), (1, 600), (1200, 1200), (10**6, 3600)])
def test_lifetimes(client, asked, given) -> None:
    client.gateway.wait(100)
    answer = client.refresh(asked)
    assert attribute.decode_number(answer.get(attribute.LIFETIME)) == given
    assert client.allocation.expires == client.gateway.now + given


def test_zero_ends_the_allocation_after_it_is_answered(client) -> None:
    answer = client.refresh(0)
    assert code(answer) == 0
    assert attribute.decode_number(answer.get(attribute.LIFETIME)) == 0
    assert (client.allocation, client.gateway.opened) == (None, {})


def test_without_an_allocation(client) -> None:
    client.refresh(0)
    assert code(client.refresh()) == 437
    assert code(client.refresh(0)) == 437


def test_the_family_has_to_be_the_allocations(client) -> None:
    assert code(client.refresh(600, (attribute.REQUESTED_ADDRESS_FAMILY, b"\1\0\0\0"))) == 0
    assert code(client.refresh(0, (attribute.REQUESTED_ADDRESS_FAMILY, b"\2\0\0\0"))) == 443
    assert client.allocation is not None


def test_a_lifetime_that_is_none(client) -> None:
    expires = client.allocation.expires
    client.gateway.wait(10)
    assert code(client.refresh(None, (attribute.LIFETIME, b"\0"))) == 400
    assert client.allocation.expires == expires


def test_after_the_end(client) -> None:
    client.gateway.wait(600)
    assert code(client.refresh()) == 437


def test_after_the_end_with_a_late_timer(client) -> None:
    client.gateway.now += 600
    assert code(client.refresh()) == 437
    assert client.gateway.opened == {}
