"""Structures where the kernel looks for them."""

import ctypes
import socket

import numpy as np
import pytest

from turn.kernel import EVENT_WORDS, HEAD_PIECES, HEAD_WORDS, HEADROOM, RECEIVED_AT_ONCE, SLOT, USABLE, adopt, space

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
    made = space()
    assert ctypes.sizeof(Head) == HEAD_WORDS * 8
    heads = (Head * RECEIVED_AT_ONCE).from_address(made.heads.ctypes.data)
    for slot, head in enumerate(each.message for each in heads):
        assert head.name == made.names[slot].ctypes.data
        assert (head.name_length, head.count, head.control_length) == (32, 1, 64)
        assert head.pieces[0].base == made.memory.ctypes.data + slot * SLOT + HEADROOM
        assert head.pieces[0].length == SLOT - HEADROOM
        assert head.control == made.controls[slot].ctypes.data
    last = heads[-1].message.pieces[0]
    assert last.base + last.length == made.memory.ctypes.data + len(made.memory)


def test_a_socket_is_made_to_tell() -> None:
    with (
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as four,
    ):
        for sock in (six, four):
            adopt(sock)
            assert not sock.getblocking()
        assert four.getsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS)
        assert six.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS)


def test_numbers_of_events_are_where_the_platform_has_them() -> None:
    assert EVENT_WORDS in (3, 4)
    assert space().events.dtype == np.int32
    assert HEAD_PIECES == 2
