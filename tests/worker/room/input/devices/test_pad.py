"""The pad: its bytes, taps, lost datagrams and analog values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.room.input.page_datagrams import pad, vectors_of
from worker.libretro import JOYPAD_MASK, Device
from worker.room.errors import InputError
from worker.room.input.datagrams import parse
from worker.room.input.devices.pad import ANALOG_BUTTON, Pad


def update(device: Pad, data: bytes, ahead: int = 1) -> bool:
    """Check a datagram and take it."""
    datagram = parse(data)
    device.check(datagram)
    return device.update(datagram, ahead)


def held(device: Pad) -> int:
    """Return the buttons that the core sees at its next poll."""
    device.poll()
    return device.states[Device.JOYPAD](0, JOYPAD_MASK)


@pytest.mark.parametrize("vector", vectors_of("pad"), ids=lambda vector: vector["name"])
def test_vectors(vector: dict[str, Any]) -> None:
    device = Pad()
    update(device, bytes.fromhex(vector["hex"]))
    newest = vector["pad"]["states"][0]
    assert device.buttons == newest["buttons"]
    assert device.axes == tuple(newest["axes"])
    device.poll()
    assert device.take_applied() == vector["pad"]["sequence"]


def test_a_core_reads_it_as_a_joypad_with_analog_axes() -> None:
    assert set(Pad().states) == {Device.JOYPAD, Device.ANALOG}


def test_single_button_and_bitmask_agree() -> None:
    device = Pad()
    update(device, pad(1, 1 << 8 | 1 << 3))
    device.poll()
    assert [id for id in range(16) if device.states[Device.JOYPAD](0, id)] == [3, 8]
    assert device.states[Device.JOYPAD](0, JOYPAD_MASK) == 1 << 8 | 1 << 3


def test_a_tap_shorter_than_a_frame_is_seen_once() -> None:
    device = Pad()
    update(device, pad(1, 1))
    update(device, pad(2, 0))
    assert [held(device), held(device)] == [1, 0]


def test_only_states_that_are_ahead_count() -> None:
    device = Pad()
    update(device, pad(3, 1, 2, 4), ahead=2)
    assert [held(device), held(device)] == [1 | 2, 1]


def test_only_a_change_is_urgent() -> None:
    device = Pad()
    assert update(device, pad(1, 1))
    assert not update(device, pad(2, 1))
    assert update(device, pad(3, 1, axes=(1, 0, 0, 0, 0, 0)))


def test_analog_sticks_triggers_and_buttons() -> None:
    device = Pad()
    update(device, pad(1, 1 << 8, axes=(1, -2, 3, -4, 5, 0)))
    device.poll()
    assert [device.states[Device.ANALOG](index, id) for index in (0, 1) for id in (0, 1)] == [1, -2, 3, -4]
    assert device.states[Device.ANALOG](ANALOG_BUTTON, 12) == 5
    assert device.states[Device.ANALOG](ANALOG_BUTTON, 13) == 0
    assert device.states[Device.ANALOG](ANALOG_BUTTON, 8) == 0x7FFF


def test_release_lets_go_of_everything() -> None:
    device = Pad()
    update(device, pad(1, 0xFFFF, axes=(9, 9, 9, 9, 9, 9)))
    device.release()
    assert held(device) == 0
    assert device.states[Device.ANALOG](0, 0) == 0


@pytest.mark.parametrize("data", [pad(1), pad(1, 1)[:-1], pad(1, 1) + b"\0", pad(1, *range(9))])
def test_other_lengths_are_no_pad(data: bytes) -> None:
    with pytest.raises(InputError):
        Pad().check(parse(data))


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), *[st.integers(-0x8000, 0x7FFF)] * 6), min_size=1, max_size=8))
def test_the_newest_state_is_held(states: list[tuple[int, ...]]) -> None:
    device = Pad()
    newest, *axes = states[0]
    data = b"".join(pad(7, buttons, axes=tuple(rest))[8:] for buttons, *rest in states)
    update(device, bytes([1, len(states), 0, 0, 7, 0, 0, 0]) + data, ahead=len(states))
    assert (device.buttons, device.axes) == (newest, tuple(axes))
