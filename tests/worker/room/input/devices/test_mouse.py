"""The mouse: its bytes, and the distance between two polls."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.room.input.page_datagrams import mouse, vectors_of
from worker.libretro import Device
from worker.room.errors import InputError
from worker.room.input.datagrams import parse
from worker.room.input.devices.mouse import Mouse

TOTAL = st.integers(-(2**31), 2**31 - 1)


def update(device: Mouse, data: bytes) -> None:
    """Check a datagram and take it."""
    datagram = parse(data)
    device.check(datagram)
    device.update(datagram, 1)


def moved(device: Mouse) -> tuple[int, int]:
    """Return the distance that the core sees at its next poll."""
    device.poll()
    return device.states[Device.MOUSE](0, 0), device.states[Device.MOUSE](0, 1)


@pytest.mark.parametrize("vector", vectors_of("mouse"), ids=lambda vector: vector["name"])
def test_vectors(vector: dict[str, Any]) -> None:
    device = Mouse()
    update(device, bytes.fromhex(vector["hex"]))
    assert moved(device) == (vector["mouse"]["x"], min(vector["mouse"]["y"], 32767))
    assert device.states[Device.MOUSE](0, 3) == 1


def test_a_core_reads_it_as_a_mouse() -> None:
    assert set(Mouse().states) == {Device.MOUSE}


def test_moves_since_the_last_poll() -> None:
    device = Mouse()
    update(device, mouse(1, 10, 20, buttons=1))
    assert moved(device) == (10, 20)
    assert [id for id in range(8) if id > 1 and device.states[Device.MOUSE](0, id)] == [2]
    update(device, mouse(3, 15, 18))  # number 2 was lost; the totals heal it
    assert moved(device) == (5, -2)
    assert moved(device) == (0, 0)


def test_release_lets_go_of_the_buttons() -> None:
    device = Mouse()
    update(device, mouse(1, 0, 0, buttons=7))
    device.release()
    assert [device.states[Device.MOUSE](0, id) for id in (2, 3, 6)] == [0, 0, 0]


@given(st.lists(st.tuples(TOTAL, TOTAL), min_size=1))
def test_a_distance_fits_a_signed_word(totals: list[tuple[int, int]]) -> None:
    device = Mouse()
    for x, y in totals:
        update(device, mouse(1, x, y))
        assert all(-0x8000 <= way <= 0x7FFF for way in moved(device))


@pytest.mark.parametrize("data", [mouse(1, 0, 0)[:-1], mouse(1, 0, 0) + b"\0"])
def test_other_lengths_are_no_mouse(data: bytes) -> None:
    with pytest.raises(InputError):
        Mouse().check(parse(data))
