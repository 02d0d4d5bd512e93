"""The keyboard: its bytes, and what a core hears of the keys of all seats."""

from typing import Any

import pytest

from tests.worker.room.input.page_datagrams import keyboard, vectors_of
from worker.libretro import Device
from worker.room.errors import InputError
from worker.room.input.datagrams import parse
from worker.room.input.devices.keyboard import MAX_KEYCODE, MAX_KEYS, Keyboard, take_events


def update(device: Keyboard, data: bytes) -> None:
    """Check a datagram and take it."""
    datagram = parse(data)
    device.check(datagram)
    device.update(datagram, 1)


@pytest.mark.parametrize("vector", vectors_of("keyboard"), ids=lambda vector: vector["name"])
def test_vectors(vector: dict[str, Any]) -> None:
    device = Keyboard()
    update(device, bytes.fromhex(vector["hex"]))
    take_events([device])
    assert device.keys == set(vector["keyboard"]["keys"])
    assert device.modifiers == vector["keyboard"]["modifiers"]
    assert all(device.states[Device.KEYBOARD](0, key) == 1 for key in vector["keyboard"]["keys"])


def test_a_core_reads_it_as_a_keyboard() -> None:
    assert set(Keyboard().states) == {Device.KEYBOARD}


def test_changes_become_events() -> None:
    device = Keyboard()
    update(device, keyboard(1, 97, modifiers=1))
    assert take_events([device]) == [(True, 97, 1)]
    assert take_events([device]) == []
    update(device, keyboard(2))
    assert take_events([device]) == [(False, 97, 0)]


def test_the_keyboards_of_all_seats_are_one() -> None:
    one, other = Keyboard(), Keyboard()
    update(one, keyboard(1, 97, modifiers=1))
    update(other, keyboard(1, 97, 98, modifiers=2))
    assert take_events([one, other]) == [(True, 97, 3), (True, 98, 3)]
    assert one.states[Device.KEYBOARD](0, 98) == 1
    one.release()
    assert take_events([one, other]) == [], "the other still holds it"
    other.release()
    assert take_events([one, other]) == [(False, 97, 0), (False, 98, 0)]


@pytest.mark.parametrize(
    "data", [keyboard(1, *range(MAX_KEYS + 1)), keyboard(1, MAX_KEYCODE + 1), keyboard(1, 97)[:-1], keyboard(1) + b"\0"]
)
def test_too_many_keys_unknown_codes_and_other_lengths_are_no_keyboard(data: bytes) -> None:
    with pytest.raises(InputError):
        Keyboard().check(parse(data))
