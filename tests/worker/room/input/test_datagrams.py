"""The common part of all datagrams: the header, pings and confirmations."""

import struct
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.room.input.page_datagrams import VECTORS
from worker.room.errors import InputError
from worker.room.input.datagrams import Datagram, applied, distance, is_ping, parse
from worker.room.input.devices import DEVICES


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_vector_is_of_a_device_or_common_to_all(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    if "applied" in vector:
        assert applied(**vector["applied"]) == data
        return
    datagram = parse(data)
    if "ping" in vector:
        assert is_ping(data)
        assert datagram.sequence == vector["ping"]["sequence"]
    else:
        device = next(device for device in DEVICES if device.__name__.lower() in vector)
        assert datagram.kind == device.KIND


def test_a_header_is_split_from_its_body() -> None:
    assert parse(struct.pack("<BBHI", 1, 2, 0x304, 0x5060708) + b"body") == Datagram(1, 2, 0x304, 0x5060708, b"body")


@given(st.binary(max_size=40))
def test_any_bytes_have_a_header_or_are_an_input_error(data: bytes) -> None:
    try:
        datagram = parse(data)
    except InputError:
        assert len(data) < 8
    else:
        assert struct.pack("<BBHI", *astuple(datagram)[:4]) + datagram.body == data


def test_a_ping_has_nothing_after_its_header() -> None:
    ping = struct.pack("<BBHI", 9, 0, 0, 77)
    assert is_ping(ping)
    assert not is_ping(ping + b"\0")
    assert not is_ping(b"\x08" + ping[1:])
    assert not is_ping(b"")


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_of_two_numbers_at_most_one_is_ahead(one: int, other: int) -> None:
    assert 0 in (distance(one, other), distance(other, one))
    assert (one + distance(one, other)) % 2**32 in (one, other)


def test_numbers_wrap() -> None:
    assert distance(0xFFFFFFFE, 3) == 5
    assert distance(3, 0xFFFFFFFE) == 0
    assert distance(3, 3) == 0
