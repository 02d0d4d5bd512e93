"""Records lie as a C compiler would lay them out, and are zeros at first."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import pytest

from turn.datapath.records import CACHE_LINE, Byte, Float64, Int16, Int32, Int64, allocate, layout_of


class Point:
    x: Int16
    y: Int32


class Tight:
    _packed_ = True
    x: Int16
    y: Int32


class Shape:
    name: Annotated[Sequence[Byte], 3]
    points: Annotated[Sequence[Point], 2]
    weight: Float64
    tight: Tight
    count: Int64


def fields(layout: object) -> dict[str, tuple[object, int]]:
    assert isinstance(layout, np.dtype)
    assert layout.fields is not None
    return {name: (kind, offset) for name, (kind, offset, *_) in layout.fields.items()}


def test_fields_are_aligned_unless_the_record_is_packed() -> None:
    assert fields(layout_of(Point)) == {"x": (np.dtype("i2"), 0), "y": (np.dtype("i4"), 4)}
    assert fields(layout_of(Tight)) == {"x": (np.dtype("i2"), 0), "y": (np.dtype("i4"), 2)}
    assert (layout_of(Point).itemsize, layout_of(Tight).itemsize) == (8, 6)


def test_records_and_arrays_of_them_may_be_fields() -> None:
    found = fields(layout_of(Shape))
    assert found["name"] == (np.dtype(("u1", (3,))), 0)
    assert found["points"] == (np.dtype((layout_of(Point), (2,))), 4)
    assert found["weight"] == (np.dtype("f8"), 24)
    assert found["tight"] == (layout_of(Tight), 32)
    assert found["count"] == (np.dtype("i8"), 40)


@pytest.mark.parametrize("count", [1, 3, 1000])
def test_records_begin_at_a_cache_line_with_zeros(count: int) -> None:
    array = allocate(layout_of(Shape), count)
    assert array.shape == (count,)
    assert array.ctypes.data % CACHE_LINE == 0
    assert not array.view(np.uint8).any()


def test_a_record_of_an_array_is_the_arrays_own_memory() -> None:
    array = allocate(layout_of(Shape), 2)
    array[1]["count"] = 7
    array[1]["points"]["y"][0] = 8
    assert array["count"].tolist() == [0, 7]
    assert array["points"]["y"].tolist() == [[0, 0], [8, 0]]
