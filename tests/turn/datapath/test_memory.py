"""Every structure lies where the kernel looks for it."""

import ctypes

import pytest

from turn.datapath.linux import CONTROL_BYTES, HEAD_WORDS, USABLE
from turn.datapath.memory import CONTROLS, HEADROOM, HEADS, MEMORY, RECEIVED_AT_ONCE, SLOT, Space

pytestmark = pytest.mark.skipif(not USABLE, reason="the structures are Linux's; test_plain.py has the other way")


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


def test_every_head_points_at_its_own_slot() -> None:
    made = Space()
    assert ctypes.sizeof(Head) == HEAD_WORDS * 8
    heads = (Head * RECEIVED_AT_ONCE).from_address(made.address + HEADS)
    for slot, head in enumerate(each.message for each in heads):
        assert head.name == made.names[slot].ctypes.data
        assert (head.name_length, head.count, head.control_length) == (32, 1, 64)
        assert head.pieces[0].base == made.memory.ctypes.data + slot * SLOT + HEADROOM
        assert head.pieces[0].length == SLOT - HEADROOM
        assert head.control == made.address + CONTROLS + slot * CONTROL_BYTES
    assert heads[-1].message.control + CONTROL_BYTES <= made.address + MEMORY
    last = heads[-1].message.pieces[0]
    assert last.base + last.length == made.address + MEMORY + len(made.memory)
