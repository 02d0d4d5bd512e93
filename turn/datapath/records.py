"""Records: structures in memory whose fields have names, for the type checker, for NumPy and for machine code alike.

A class with annotated fields says what lies in a record; ``layout_of`` makes a NumPy dtype of it, laid out as a C
compiler would. Nothing is ever an instance of the class: it is the type of what ``record_at`` (jit.py) finds at an
address. Which records there are is left to the modules that use them.

All integers are signed, also where C has unsigned ones: where signed and unsigned words of 64 bits meet, Numba makes
floating-point numbers. What needs the whole range of an unsigned field masks it.
"""

from typing import Annotated, Generic, TypeVar, cast, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

Int64 = Annotated[int, np.int64]
Int32 = Annotated[int, np.int32]
Int16 = Annotated[int, np.int16]
Float64 = Annotated[float, np.float64]
Byte = Annotated[int, np.uint8]

CACHE_LINE = 64
"""Bytes."""

RecordT = TypeVar("RecordT")


class Layout(Generic[RecordT]):
    """The type that ``layout_of`` gives to a dtype, so that the checker knows what records of it are."""

    itemsize: int
    """Bytes of a record. Compiled code does not know it."""


def layout_of(record: type[RecordT]) -> Layout[RecordT]:
    """Return the dtype of a record class: scalars, records, and arrays as ``Annotated[Sequence[field], length]``.

    A class with a true ``_packed_`` has no room between its fields, whatever their alignment.
    """
    hints = get_type_hints(record, include_extras=True)
    fields: list[tuple[object, ...]] = [(name, *_field(hint)) for name, hint in hints.items()]
    return cast(Layout[RecordT], np.dtype(fields, align=not getattr(record, "_packed_", False)))


def allocate(layout: Layout[RecordT], count: int) -> npt.NDArray[np.void]:
    """Return so many records of zeros, which begin at a cache line. Memory is taken only for those that are used.

    The array owns its memory: whoever gives its address to compiled code has to keep it for as long.
    """
    block = np.zeros(count * layout.itemsize + CACHE_LINE, np.uint8)
    begin = -block.ctypes.data % CACHE_LINE
    return block[begin : begin + count * layout.itemsize].view(cast(np.dtype[np.void], layout))


def _field(hint: object) -> tuple[object, ...]:
    """Return what np.dtype wants to know of a field beside its name: its type, and its shape if it is an array."""
    if get_origin(hint) is not Annotated:
        return (layout_of(cast(type, hint)),)
    kind, extra = get_args(hint)
    if isinstance(extra, int):
        (element,) = get_args(kind)
        return (*_field(element), (extra,))
    return (extra,)
