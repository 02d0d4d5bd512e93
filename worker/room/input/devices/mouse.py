"""CONTRACT, kind 3: a mouse.

The header's ``count`` is the button mask (1 left, 2 right, 4 middle), then follow ``x i32`` and ``y i32``: the distance
moved since the channel opened, in picture pixels, so that a lost packet loses no movement.
"""

import struct
from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from worker.libretro import Device
from worker.room.errors import InputError
from worker.room.input.datagrams import HEADER_BYTES, Datagram

_TOTALS: Final = struct.Struct("<ii")
_BUTTONS: Final = 0b111
_BUTTON_OF_ID: Final = {2: 1, 3: 2, 6: 4}
"""RETRO_DEVICE_ID_MOUSE_ LEFT, RIGHT and MIDDLE -> their bit in the datagram."""


class Mouse:
    """One seat's mouse."""

    KIND: ClassVar[int] = 3

    def __init__(self) -> None:
        self.states: Mapping[Device, Callable[[int, int], int]] = {Device.MOUSE: self._state}
        self.buttons = 0
        self.position = (0, 0)
        """The distance moved since the channel opened, in picture pixels."""
        self._polled_position = (0, 0)
        self._moved = (0, 0)
        """Between the last two polls."""

    def check(self, datagram: Datagram) -> None:
        """Raise InputError unless the datagram holds two distances."""
        if len(datagram.body) != _TOTALS.size:
            raise InputError(f"a mouse datagram has {HEADER_BYTES + _TOTALS.size} bytes")

    def update(self, datagram: Datagram, ahead: int) -> bool:
        """Take the buttons and the distances, for the next frame."""
        self.buttons = datagram.count & _BUTTONS
        x, y = _TOTALS.unpack_from(datagram.body)
        self.position = (x, y)
        return False

    def release(self) -> None:
        """Let go of the buttons, and begin to count the distance anew."""
        self.buttons = 0
        self.position = (0, 0)

    def poll(self) -> None:
        """Latch the distance moved since the poll before."""
        x, y = self._polled_position
        self._moved = (self.position[0] - x, self.position[1] - y)
        self._polled_position = self.position

    def _state(self, index: int, id: int) -> int:
        """Return the distance moved, x for ``id`` 0 and y for 1, or whether a button is held now."""
        if id < 2:
            return max(-0x8000, min(0x7FFF, self._moved[id]))
        return int(bool(self.buttons & _BUTTON_OF_ID.get(id, 0)))
