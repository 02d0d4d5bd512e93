"""CONTRACT, kind 1: a pad, the RetroPad of libretro with two sticks and two analog triggers.

The header's ``count`` is the number of states (1 to 8), of 14 bytes each and the newest first: ``buttons u16`` (bit n
is the libretro button n: B Y Select Start Up Down Left Right A X L R L2 R2 L3 R3) and six i16: left x, left y, right x,
right y, L2, R2. ``sequence`` numbers the newest; those after it are the ones before, so that a lost packet loses no
press.
"""

import struct
from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from worker.libretro import JOYPAD_MASK, Device
from worker.room.errors import InputError
from worker.room.input.datagrams import Datagram

MAX_STATES: Final = 8
"""Pad states in one datagram; more would only repeat what came long ago."""

ANALOG_BUTTON: Final = 2
"""RETRO_DEVICE_INDEX_ANALOG_BUTTON: how far a button is pressed."""

FULLY_PRESSED: Final = 0x7FFF

_STATE: Final = struct.Struct("<H6h")
_CENTRED: Final = (0, 0, 0, 0, 0, 0)
_L2, _R2 = 12, 13
_TRIGGERS: Final = 4
"""Where the triggers begin among the axes."""


class Pad:
    """One seat's pad."""

    KIND: ClassVar[int] = 1

    def __init__(self) -> None:
        self.states: Mapping[Device, Callable[[int, int], int]] = {
            Device.JOYPAD: self._button,
            Device.ANALOG: self._analog,
        }
        self.buttons = 0
        self.axes: tuple[int, ...] = _CENTRED
        self.sequence = 0
        """The number of the state that is held; 0 for none."""
        self._pressed = 0
        """Buttons that went down since the last poll, so that a tap shorter than a frame is still seen."""
        self._polled_buttons = 0
        self._polled_axes: tuple[int, ...] = _CENTRED
        self._polled_sequence = 0
        self._confirmed = 0

    def check(self, datagram: Datagram) -> None:
        """Raise InputError unless the datagram holds 1 to 8 whole states."""
        if not 1 <= datagram.count <= MAX_STATES or len(datagram.body) != datagram.count * _STATE.size:
            raise InputError(f"a pad datagram has 1 to {MAX_STATES} states of {_STATE.size} bytes")

    def update(self, datagram: Datagram, ahead: int) -> bool:
        """Take the states that are new, the oldest first; a change of buttons or axes is for the next frame."""
        before = self.buttons, self.axes
        for age in range(min(ahead, datagram.count) - 1, -1, -1):
            buttons, *axes = _STATE.unpack_from(datagram.body, age * _STATE.size)
            self._pressed |= buttons & ~self.buttons
            self.buttons = buttons
        self.axes = tuple(axes)
        self.sequence = datagram.sequence
        return before != (self.buttons, self.axes)

    def release(self) -> None:
        """Let go of the buttons, and centre the sticks."""
        self.buttons = self._pressed = self.sequence = 0
        self.axes = _CENTRED

    def poll(self) -> None:
        """Latch the buttons, those that were tapped since the last poll among them, and the axes."""
        self._polled_buttons = self.buttons | self._pressed
        self._pressed = 0
        self._polled_axes = self.axes
        self._polled_sequence = self.sequence

    def _button(self, index: int, id: int) -> int:
        """Return whether a button is held, 0 or 1, or all 16 of them for ``JOYPAD_MASK``."""
        return self._polled_buttons if id == JOYPAD_MASK else self._polled_buttons >> id & 1

    def _analog(self, index: int, id: int) -> int:
        """Return an axis of a stick, -32768 to 32767, or how far a button is pressed, 0 to 32767."""
        axes = self._polled_axes
        if index < ANALOG_BUTTON:
            return axes[2 * index + id] if id < 2 else 0
        if id in (_L2, _R2) and axes[_TRIGGERS + id - _L2]:
            return axes[_TRIGGERS + id - _L2]
        return FULLY_PRESSED if self._polled_buttons >> id & 1 else 0

    def take_applied(self) -> int:
        """Return the number of the state that was polled, if that is another than at the last call; else 0."""
        if self._polled_sequence == self._confirmed:
            return 0
        self._confirmed = self._polled_sequence
        return self._confirmed
