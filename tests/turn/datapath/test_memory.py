"""Every header of a received message points at its own slot."""

import ctypes

import pytest

from turn.datapath.linux import MMSGHDR, USABLE
from turn.datapath.memory import CONTROL_BYTES, HEADROOM, MEMORY, RECEIVED_AT_ONCE, SLOT_BYTES, point_headers
from turn.datapath.records import allocate

pytestmark = pytest.mark.skipif(not USABLE, reason="the structures are Linux's; test_portable.py has the other way")


class Piece(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class Message(ctypes.Structure):
    """struct msghdr as sys/socket.h has it."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint),
        ("pieces", ctypes.POINTER(Piece)),
        ("count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class Head(ctypes.Structure):
    """struct mmsghdr."""

    _fields_ = (("message", Message), ("length", ctypes.c_uint))


def test_every_header_points_at_its_own_slot() -> None:
    array = allocate(MEMORY, 1)
    point_headers(array.ctypes.data)
    memory = array[0]
    assert ctypes.sizeof(Head) == MMSGHDR.itemsize
    heads = (Head * RECEIVED_AT_ONCE).from_address(memory["received"].ctypes.data)
    incoming, slots = memory["incoming"], memory["slots"].ctypes.data
    for slot, head in enumerate(each.message for each in heads):
        assert head.name == incoming["source"][slot : slot + 1].ctypes.data
        assert (head.name_length, head.count, head.control_length) == (32, 1, CONTROL_BYTES)
        assert head.pieces[0].base == slots + slot * SLOT_BYTES + HEADROOM
        assert head.pieces[0].length == SLOT_BYTES - HEADROOM
        assert head.control == incoming["control"][slot].ctypes.data
    assert heads[-1].message.control + CONTROL_BYTES <= slots
    last = heads[-1].message.pieces[0]
    assert last.base + last.length == array.ctypes.data + array.nbytes
