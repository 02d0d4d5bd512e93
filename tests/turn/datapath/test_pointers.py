"""Records at addresses, as compiled functions and NumPy see them."""

from collections.abc import Sequence
from typing import Annotated

from turn.datapath.jit import compiled
from turn.datapath.pointers import address_of, element_at, record_at
from turn.datapath.records import Int16, Int64, allocate, layout_of


class Pair:
    small: Int16
    large: Int64


class Rows:
    count: Int64
    pairs: Annotated[Sequence[Pair], 3]


PAIR, ROWS = layout_of(Pair), layout_of(Rows)


@compiled
def swap(address: int) -> None:
    """Exchange the two fields of a record."""
    pair = record_at(address, PAIR)
    pair.small, pair.large = pair.large, pair.small


@compiled
def add_up(table: int, count: int) -> int:
    """Return the sum of all fields of a table."""
    total = 0
    for index in range(count):
        pair = element_at(table, index, PAIR)
        total += pair.small + pair.large
    return total


@compiled
def places(address: int) -> tuple[int, int, int]:
    """Return where a record begins, an array inside it, and a record of that."""
    rows = record_at(address, ROWS)
    return address_of(rows), address_of(rows.pairs), address_of(rows.pairs[2])


def test_fields_are_read_and_written() -> None:
    pairs = allocate(PAIR, 2)
    pairs[1] = (-3, 70_001)
    swap(pairs.ctypes.data + PAIR.itemsize)
    assert pairs.tolist() == [(0, 0), (4465, -3)]  # what does not fit is cut off, as in C


def test_integers_stay_integers() -> None:
    pairs = allocate(PAIR, 3)
    pairs["small"], pairs["large"] = -1, (1 << 62) // 2 + 1
    assert add_up(pairs.ctypes.data, 3) == 3 * ((1 << 61) + 1) - 3
    assert [str(signature) for signature in add_up.nopython_signatures] == ["(int64, int64) -> int64"]  # type: ignore[attr-defined]


def test_places_are_those_of_numpy() -> None:
    rows = allocate(ROWS, 1)
    begin = rows.ctypes.data
    assert places(begin) == (begin, rows["pairs"].ctypes.data, begin + 8 + 2 * PAIR.itemsize)
