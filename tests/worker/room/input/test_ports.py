"""The ports as a core reads them, and waking the emulator."""

import msgspec
import pytest

from coordinator.messages import Seat
from tests.worker.room.input.page_datagrams import keyboard, mouse, pad
from worker.libretro import JOYPAD_MASK, PORTS, Device
from worker.room.input.devices import DEVICES, LIBRETRO_DEVICES, PLUGGED
from worker.room.input.ports import InputPorts
from worker.room.input.viewer_input import ViewerInput


def test_each_seat_has_a_port() -> None:
    assert msgspec.convert(PORTS - 1, Seat) == PORTS - 1
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(PORTS, Seat)


def test_kinds_and_libretro_devices_belong_to_one_device_each() -> None:
    kinds = [device.KIND for device in DEVICES]
    assert len(set(kinds)) == len(kinds)
    assert len(set(LIBRETRO_DEVICES)) == len(LIBRETRO_DEVICES)


def test_a_pad_is_plugged_into_every_port() -> None:
    assert PLUGGED == Device.JOYPAD


def test_a_port_answers_for_its_own_devices() -> None:
    inputs = InputPorts()
    ViewerInput(inputs, 2).receive(pad(1, 1 << 8))
    inputs.poll()
    assert inputs.state(2, Device.JOYPAD, 0, JOYPAD_MASK) == 1 << 8
    assert inputs.state(0, Device.JOYPAD, 0, JOYPAD_MASK) == 0
    assert inputs.state(2, Device.LIGHTGUN, 0, 0) == 0
    assert inputs.state(PORTS, Device.JOYPAD, 0, JOYPAD_MASK) == 0


def test_a_tap_shorter_than_a_frame_is_seen_once() -> None:
    inputs = InputPorts()
    devices = ViewerInput(inputs, 0)
    devices.receive(pad(1, 1))
    devices.receive(pad(2, 0))
    seen = []
    for _ in range(3):
        inputs.poll()
        seen.append(inputs.state(0, Device.JOYPAD, 0, JOYPAD_MASK))
    assert seen == [1, 0, 0]


def test_a_change_ends_a_wait_and_a_repetition_does_not() -> None:
    inputs = InputPorts()
    devices = ViewerInput(inputs, 0)
    assert not inputs.wait(0)
    devices.receive(pad(1, 1))
    devices.receive(pad(2, 3))
    assert inputs.wait(60)
    assert not inputs.wait(0)
    devices.receive(pad(3, 3))
    assert not inputs.wait(0)
    devices.receive(pad(4, 0))
    assert inputs.wait(60)


def test_keyboard_changes_become_events() -> None:
    inputs = InputPorts()
    devices = ViewerInput(inputs, 1)
    devices.receive(keyboard(1, 97, modifiers=1))
    assert inputs.take_key_events() == [(True, 97, 1)]
    assert inputs.take_key_events() == []
    assert inputs.state(0, Device.KEYBOARD, 0, 97) == 1, "a core knows one keyboard"


def test_mouse_moves_since_the_last_poll() -> None:
    inputs = InputPorts()
    devices = ViewerInput(inputs, 1)
    devices.receive(mouse(1, 10, 20, buttons=1))
    inputs.poll()
    devices.receive(mouse(3, 15, 18))  # number 2 was lost; the totals heal it
    inputs.poll()
    assert (inputs.state(1, Device.MOUSE, 0, 0), inputs.state(1, Device.MOUSE, 0, 1)) == (5, -2)
    inputs.poll()
    assert inputs.state(1, Device.MOUSE, 0, 0) == 0


def test_applied_is_told_once_per_new_state() -> None:
    inputs = InputPorts()
    devices = ViewerInput(inputs, 3)
    inputs.poll()
    assert inputs.take_applied() == []
    devices.receive(pad(1, 1))
    assert inputs.take_applied() == [], "not polled yet"
    inputs.poll()
    assert inputs.take_applied() == [(3, 1)]
    inputs.poll()
    assert inputs.take_applied() == []
