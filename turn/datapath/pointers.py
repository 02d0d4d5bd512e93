"""Records at addresses, for compiled functions alone: nothing else can call these.

Compiled functions hand each other records, which are pointers, and make them of addresses where they have to. An array
that is handed over is nine words on the stack and a reference to count, in every call: more than a packet's own work.
Nothing is checked: an address that is wrong reads or writes other memory.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias, TypeVar, cast

from numba import types
from numba.core.typing.templates import Signature
from numba.extending import intrinsic

from turn.datapath.records import Layout

RecordT = TypeVar("RecordT")


class _Array(Protocol):
    """An array in LLVM's code."""

    data: object


class _Context(Protocol):
    """What is needed of Numba's target context."""

    def get_value_type(self, kind: types.Type) -> object: ...
    def get_constant(self, kind: types.Type, value: int) -> object: ...
    def make_array(self, kind: types.Type) -> Callable[["_Context", "_Builder", object], _Array]: ...


class _Builder(Protocol):
    """What is needed of llvmlite.ir.IRBuilder."""

    def inttoptr(self, value: object, kind: object) -> object: ...
    def ptrtoint(self, value: object, kind: object) -> object: ...
    def add(self, one: object, other: object) -> object: ...
    def mul(self, one: object, other: object) -> object: ...


_Layout: TypeAlias = "types.DType[types.Record]"
_Generate: TypeAlias = Callable[[_Context, _Builder, Signature, Sequence[object]], object]


def _record_at(_: object, address: types.Type, layout: _Layout) -> tuple[Signature, _Generate]:
    """Type ``record_at``, and say how its code is made."""

    def generate(context: _Context, builder: _Builder, signature: Signature, arguments: Sequence[object]) -> object:
        return builder.inttoptr(arguments[0], context.get_value_type(layout.dtype))

    return layout.dtype(types.intp, layout), generate


def _element_at(_: object, table: types.Type, index: types.Type, layout: _Layout) -> tuple[Signature, _Generate]:
    """Type ``element_at``, and say how its code is made."""
    size = layout.dtype.size

    def generate(context: _Context, builder: _Builder, signature: Signature, arguments: Sequence[object]) -> object:
        offset = builder.mul(arguments[1], context.get_constant(types.intp, size))
        return builder.inttoptr(builder.add(arguments[0], offset), context.get_value_type(layout.dtype))

    return layout.dtype(types.intp, types.intp, layout), generate


def _address_of(_: object, record: types.Type) -> tuple[Signature, _Generate]:
    """Type ``address_of``, and say how its code is made."""
    is_array = isinstance(record, types.Array)

    def generate(context: _Context, builder: _Builder, signature: Signature, arguments: Sequence[object]) -> object:
        (value,) = arguments
        pointer = context.make_array(record)(context, builder, value).data if is_array else value
        return builder.ptrtoint(pointer, context.get_value_type(types.intp))

    return types.intp(record), generate


record_at = cast(Callable[[int, Layout[RecordT]], RecordT], intrinsic(_record_at))
"""``record_at(address, layout)``: the record at an address."""

element_at = cast(Callable[[int, int, Layout[RecordT]], RecordT], intrinsic(_element_at))
"""``element_at(address, index, layout)``: a record of a table that begins at an address."""

address_of = cast(Callable[[object], int], intrinsic(_address_of))
"""``address_of(record)``: where a record begins, or an array that is a field of one."""
