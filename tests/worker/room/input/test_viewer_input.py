"""One viewer's datagrams: late, lost and repeated ones, and everything that is not a datagram."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.room.input.page_datagrams import pad
from worker.libretro import JOYPAD_MASK, Device
from worker.room.errors import InputError
from worker.room.input.ports import InputPorts
from worker.room.input.viewer_input import ViewerInput


def held(inputs: InputPorts, port: int = 0) -> int:
    """Return the buttons that the core sees at its next poll."""
    inputs.poll()
    return inputs.state(port, Device.JOYPAD, 0, JOYPAD_MASK)


def test_a_lost_datagram_loses_no_press() -> None:
    inputs = InputPorts()
    devices = ViewerInput(inputs, 0)
    devices.receive(pad(1, 0))
    devices.receive(pad(3, 0, 4, 0))  # number 2, in which a button was down, never came
    assert [held(inputs), held(inputs)] == [4, 0]


def test_a_late_datagram_changes_nothing() -> None:
    inputs = InputPorts()
    devices = ViewerInput(inputs, 0)
    devices.receive(pad(5, 2))
    devices.receive(pad(4, 1))
    devices.receive(pad(5, 7))
    assert held(inputs) == 2


def test_sequence_numbers_wrap() -> None:
    inputs = InputPorts()
    devices = ViewerInput(inputs, 0)
    devices.receive(pad(0x7FFFFFFF, 1))
    devices.receive(pad(0xFFFFFFFE, 2))
    devices.receive(pad(1, 4))
    held(inputs)
    assert held(inputs) == 4


def test_release_lets_go_of_everything() -> None:
    inputs = InputPorts()
    devices = ViewerInput(inputs, 0)
    devices.receive(pad(1, 0xFFFF, axes=(9, 9, 9, 9, 9, 9)))
    devices.release()
    assert held(inputs) == 0
    assert inputs.state(0, Device.ANALOG, 0, 0) == 0


def test_what_was_let_go_of_in_a_silence_is_held_again_when_it_is_repeated() -> None:
    inputs = InputPorts()
    devices = ViewerInput(inputs, 0)
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
    inputs = InputPorts()
    devices = ViewerInput(inputs, None)
    devices.receive(pad(1, 0xFFFF))
    assert [held(inputs, port) for port in range(4)] == [0, 0, 0, 0]
    with pytest.raises(InputError):
        devices.receive(b"")
    devices.move_to(3)
    devices.receive(pad(1, 1 << 2))
    assert held(inputs, 3) == 1 << 2
    devices.move_to(None)
    held(inputs, 3)
    assert held(inputs, 3) == 0


@given(st.binary(max_size=160))
def test_any_bytes_are_a_datagram_or_an_input_error(data: bytes) -> None:
    inputs = InputPorts()
    devices = ViewerInput(inputs, 0)
    try:
        devices.receive(data)
    except InputError:
        assert not inputs.wait(0)
    inputs.poll()
    inputs.take_key_events()
    for device in range(8):
        for index in range(4):
            for id in (0, 1, 2, 3, 6, 8, 12, 13, 256, 300):
                assert -0x8000 <= inputs.state(0, device, index, id) <= 0xFFFF


@given(st.sampled_from([1, 2, 3]), st.integers(0, 40), st.binary(max_size=160))
def test_any_body_is_a_devices_or_an_input_error(kind: int, count: int, body: bytes) -> None:
    inputs = InputPorts()
    try:
        ViewerInput(inputs, 0).receive(bytes([kind, count, 0, 0, 1, 0, 0, 0]) + body)
    except InputError:
        assert inputs.take_key_events() == []
    inputs.poll()
    assert inputs.take_applied() in ([], [(0, 1)])


@given(st.lists(st.tuples(st.integers(1, 40), st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=8))))
def test_the_newest_sequence_wins_in_any_order(datagrams: list[tuple[int, list[int]]]) -> None:
    inputs = InputPorts()
    devices = ViewerInput(inputs, 0)
    newest, buttons = 0, 0
    for sequence, states in datagrams:
        devices.receive(pad(sequence, *states))
        if sequence > newest:
            newest, buttons = sequence, states[0]
    held(inputs)
    assert held(inputs) == buttons
