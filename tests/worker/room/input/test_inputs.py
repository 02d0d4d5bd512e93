"""The input contract: vectors, late and lost datagrams, and everything that is not a datagram."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.room.input.inputs import (
    ANALOG_BUTTON,
    DEVICE_ANALOG,
    DEVICE_JOYPAD,
    DEVICE_KEYBOARD,
    DEVICE_MOUSE,
    JOYPAD_MASK,
    Devices,
    InputError,
    Inputs,
    applied,
)

VECTORS = json.loads((Path(__file__).parents[3] / "wire" / "vectors.json").read_text())["input"]


def pad(sequence: int, *buttons: int, axes: tuple[int, ...] = (0, 0, 0, 0, 0, 0)) -> bytes:
    """A pad datagram, the newest state first."""
    states = b"".join(struct.pack("<H6h", held, *axes) for held in buttons)
    return struct.pack("<BBHI", 1, len(buttons), 0, sequence) + states


def held(inputs: Inputs, port: int = 0) -> int:
    """The buttons that the core sees at its next poll."""
    inputs.poll()
    return inputs.state(port, DEVICE_JOYPAD, 0, JOYPAD_MASK)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    inputs = Inputs()
    devices = Devices(inputs, 0)
    if "applied" in vector:
        assert applied(**vector["applied"]) == data
    elif "ping" in vector:
        assert struct.unpack("<BBHI", data) == (9, 0, 0, vector["ping"]["sequence"])
    else:
        devices.receive(data)
        inputs.poll()
        inputs.take_key_events()
        check_state(inputs, vector)


def check_state(inputs: Inputs, vector: dict[str, Any]) -> None:
    if "pad" in vector:
        newest = vector["pad"]["states"][0]
        assert inputs.ports[0].buttons == newest["buttons"]
        assert inputs.ports[0].axes == tuple(newest["axes"])
        assert inputs.take_applied() == [(0, vector["pad"]["sequence"])]
    elif "keyboard" in vector:
        assert inputs.ports[0].keys == set(vector["keyboard"]["keys"])
        assert all(inputs.state(0, DEVICE_KEYBOARD, 0, key) == 1 for key in vector["keyboard"]["keys"])
    else:
        mouse = vector["mouse"]
        assert inputs.state(0, DEVICE_MOUSE, 0, 0) == mouse["x"]
        assert inputs.state(0, DEVICE_MOUSE, 0, 1) == min(mouse["y"], 32767)
        assert inputs.state(0, DEVICE_MOUSE, 0, 3) == 1


def test_single_button_and_bitmask_agree() -> None:
    inputs = Inputs()
    Devices(inputs, 2).receive(pad(1, 1 << 8 | 1 << 3))
    inputs.poll()
    assert [id for id in range(16) if inputs.state(2, DEVICE_JOYPAD, 0, id)] == [3, 8]
    assert inputs.state(2, DEVICE_JOYPAD, 0, JOYPAD_MASK) == 1 << 8 | 1 << 3
    assert inputs.state(0, DEVICE_JOYPAD, 0, JOYPAD_MASK) == 0


def test_a_tap_shorter_than_a_frame_is_seen_once() -> None:
    inputs = Inputs()
    devices = Devices(inputs, 0)
    devices.receive(pad(1, 1))
    devices.receive(pad(2, 0))
    assert [held(inputs), held(inputs)] == [1, 0]


def test_a_lost_datagram_loses_no_press() -> None:
    inputs = Inputs()
    devices = Devices(inputs, 0)
    devices.receive(pad(1, 0))
    devices.receive(pad(3, 0, 4, 0))  # number 2, in which a button was down, never came
    assert [held(inputs), held(inputs)] == [4, 0]


def test_a_change_wakes_who_waits_and_a_repetition_does_not() -> None:
    inputs = Inputs()
    devices = Devices(inputs, 0)
    assert not inputs.wait(0)
    devices.receive(pad(1, 1))
    devices.receive(pad(2, 3))
    assert inputs.wait(60)
    assert not inputs.wait(0)
    devices.receive(pad(3, 3))
    assert not inputs.wait(0)
    devices.receive(pad(4, 0))
    assert inputs.wait(60)


def test_a_late_datagram_changes_nothing() -> None:
    inputs = Inputs()
    devices = Devices(inputs, 0)
    devices.receive(pad(5, 2))
    devices.receive(pad(4, 1))
    devices.receive(pad(5, 7))
    assert held(inputs) == 2


def test_sequence_numbers_wrap() -> None:
    inputs = Inputs()
    devices = Devices(inputs, 0)
    devices.receive(pad(0x7FFFFFFF, 1))
    devices.receive(pad(0xFFFFFFFE, 2))
    devices.receive(pad(1, 4))
    inputs.poll()
    assert inputs.ports[0].buttons == 4


def test_analog_sticks_triggers_and_buttons() -> None:
    inputs = Inputs()
    Devices(inputs, 0).receive(pad(1, 1 << 8, axes=(1, -2, 3, -4, 5, 0)))
    inputs.poll()
    assert [inputs.state(0, DEVICE_ANALOG, index, id) for index in (0, 1) for id in (0, 1)] == [1, -2, 3, -4]
    assert inputs.state(0, DEVICE_ANALOG, ANALOG_BUTTON, 12) == 5
    assert inputs.state(0, DEVICE_ANALOG, ANALOG_BUTTON, 13) == 0
    assert inputs.state(0, DEVICE_ANALOG, ANALOG_BUTTON, 8) == 0x7FFF


def test_keyboard_changes_become_events() -> None:
    inputs = Inputs()
    devices = Devices(inputs, 0)
    devices.receive(bytes.fromhex("020101000100000061 00".replace(" ", "")))
    assert inputs.take_key_events() == [(True, 97, 1)]
    assert inputs.take_key_events() == []
    devices.receive(bytes.fromhex("0200000002000000"))
    assert inputs.take_key_events() == [(False, 97, 0)]


def test_mouse_moves_since_the_last_poll() -> None:
    inputs = Inputs()
    devices = Devices(inputs, 1)
    devices.receive(struct.pack("<BBHIii", 3, 1, 0, 1, 10, 20))
    inputs.poll()
    devices.receive(struct.pack("<BBHIii", 3, 0, 0, 3, 15, 18))  # number 2 was lost; the totals heal it
    inputs.poll()
    assert (inputs.state(1, DEVICE_MOUSE, 0, 0), inputs.state(1, DEVICE_MOUSE, 0, 1)) == (5, -2)
    inputs.poll()
    assert inputs.state(1, DEVICE_MOUSE, 0, 0) == 0


def test_release_lets_go_of_everything() -> None:
    inputs = Inputs()
    devices = Devices(inputs, 0)
    devices.receive(pad(1, 0xFFFF, axes=(9, 9, 9, 9, 9, 9)))
    devices.release()
    assert held(inputs) == 0
    assert inputs.state(0, DEVICE_ANALOG, 0, 0) == 0


def test_applied_is_told_once_per_new_state() -> None:
    inputs = Inputs()
    devices = Devices(inputs, 3)
    inputs.poll()
    assert inputs.take_applied() == []
    devices.receive(pad(1, 1))
    assert inputs.take_applied() == [], "not polled yet"
    inputs.poll()
    assert inputs.take_applied() == [(3, 1)]
    inputs.poll()
    assert inputs.take_applied() == []


@given(st.binary(max_size=160))
def test_any_bytes_are_a_datagram_or_an_input_error(data: bytes) -> None:
    inputs = Inputs()
    devices = Devices(inputs, 0)
    try:
        devices.receive(data)
    except InputError:
        assert inputs.ports[0].sequence == 0
    inputs.poll()
    inputs.take_key_events()
    for device in range(8):
        for index in range(4):
            for id in (0, 1, 2, 3, 6, 8, 12, 13, 256, 300):
                assert -0x8000 <= inputs.state(0, device, index, id) <= 0xFFFF


@given(st.lists(st.tuples(st.integers(1, 40), st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=8))))
def test_the_newest_sequence_wins_in_any_order(datagrams: list[tuple[int, list[int]]]) -> None:
    inputs = Inputs()
    devices = Devices(inputs, 0)
    newest, buttons = 0, 0
    for sequence, states in datagrams:
        devices.receive(pad(sequence, *states))
        if sequence > newest:
            newest, buttons = sequence, states[0]
    assert inputs.ports[0].buttons == buttons


def test_what_was_let_go_of_in_a_silence_is_held_again_when_it_is_repeated() -> None:
    inputs = Inputs()
    devices = Devices(inputs, 0)
    devices.receive(pad(5, 1 << 8))
    assert held(inputs) == 1 << 8
    devices.release()
    held(inputs)
    assert held(inputs) == 0
    devices.receive(pad(4, 1 << 3))
    assert held(inputs) == 0, "older than what was taken"
    devices.receive(pad(5, 1 << 8))
    assert held(inputs) == 1 << 8


def test_devices_without_a_seat_are_read_and_move_nothing() -> None:
    inputs = Inputs()
    devices = Devices(inputs, None)
    devices.receive(pad(1, 0xFFFF))
    assert [held(inputs, port) for port in range(4)] == [0, 0, 0, 0]
    with pytest.raises(InputError):
        devices.receive(b"")
    devices.sit(3)
    devices.receive(pad(1, 1 << 2))
    assert held(inputs, 3) == 1 << 2
    devices.sit(None)
    held(inputs, 3)
    assert held(inputs, 3) == 0
