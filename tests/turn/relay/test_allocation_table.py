"""How many allocations there are, whose, and until when."""

import secrets

import pytest

from tests.turn.simulation import SERVER
from turn.relay.allocation import Allocation, Client, Grant
from turn.relay.allocation_table import RESERVATION_LIFETIME, Reservation, Table
from turn.relay.limits import Limits
from turn.wire.attributes import IPV4, IPV6
from turn.wire.errors import Refused


def allocation(table: Table, user: str = "ann", expires: float = 600.0) -> Allocation:
    client = Client("udp", ("203.0.113.9", 1024), SERVER)
    made = Allocation(table.new_id(), client, Grant(user, user, 1, b""), IPV4, 0)
    made.expires = expires
    table.add(made)
    table.schedule(made)
    return made


def refusal(table: Table, user: str = "ann", wanted: int = 1) -> int | None:
    try:
        table.check_room(user, wanted)
    except Refused as refused:
        return refused.code
    return None


def test_added_and_removed() -> None:
    table = Table(Limits())
    one = allocation(table)
    assert one in table
    assert list(table) == [one]
    assert one.client.allocation is one
    table.remove(one)
    assert one not in table
    assert (len(table), one.client.allocation, table.next()) == (0, None, None)
    assert table._held_by == {}


def test_a_quota_for_each_user() -> None:
    table = Table(Limits(allocations_per_user=2))
    allocation(table)
    assert refusal(table) is None
    assert refusal(table, wanted=2) == 486
    one = allocation(table)
    assert refusal(table) == 486
    assert refusal(table, "bob") is None
    table.remove(one)
    assert refusal(table) is None


def test_a_limit_for_all() -> None:
    table = Table(Limits(allocations=2))
    allocation(table)
    table.reserve("bob", IPV4, 0)
    assert refusal(table, "eve") == 508


def test_a_reservation_is_for_its_user_and_one_time() -> None:
    table = Table(Limits(allocations_per_user=1))
    token = table.reserve("ann", IPV6, 0)
    assert refusal(table) == 486
    with pytest.raises(Refused, match="508"):
        table.release(token, "bob", 1)
    assert table.release(token, "ann", 1) == IPV6
    assert refusal(table) is None
    with pytest.raises(Refused, match="508"):
        table.release(token, "ann", 1)


def test_a_reservation_ends() -> None:
    table = Table(Limits())
    token = table.reserve("ann", IPV4, 0)
    with pytest.raises(Refused, match="508"):
        table.release(token, "ann", RESERVATION_LIFETIME)
    assert table.next() == RESERVATION_LIFETIME
    assert table.due(RESERVATION_LIFETIME) == [Reservation(token, "ann", IPV4, RESERVATION_LIFETIME)]
    assert (table.reservations, table.next(), table._held_by) == (0, None, {})


def test_a_reservation_that_came_to_nothing() -> None:
    table = Table(Limits())
    table.cancel(table.reserve("ann", IPV4, 0))
    table.cancel(None)
    table.cancel(b"12345678")
    assert (table.reservations, table.next()) == (0, None)


def test_deadlines_follow_the_allocation() -> None:
    table = Table(Limits())
    one, other = allocation(table, expires=600), allocation(table, expires=700)
    assert table.next() == 600
    one.expires = 800
    table.schedule(one)
    assert table.next() == 700
    assert table.due(750) == [other]
    assert table.next() == 800


def test_ids_are_short_and_different() -> None:
    table = Table(Limits())
    assert len({table.new_id() for _ in range(100)}) == 100
    assert len(table.new_id()) == 8


def test_a_new_id_is_nobody_elses(monkeypatch) -> None:
    drawn = iter(["aaaaaaaa", "aaaaaaaa", "bbbbbbbb"])
    monkeypatch.setattr(secrets, "token_hex", lambda size: next(drawn))
    table = Table(Limits())
    assert [allocation(table).id, allocation(table).id] == ["aaaaaaaa", "bbbbbbbb"]
