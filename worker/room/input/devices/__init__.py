"""The input devices of a seat: one module for each, and the table of them.

A device's module has all that is its own: the kind and the bytes of its datagrams, the libretro devices as which a core
reads it, and its state. The capabilities that a core is told of, the datagrams that are read, and the answers of a port
follow from ``DEVICES``. Imports ``datagrams.py`` and libretro's numbers; ``ports.py`` puts the devices into ports.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Protocol

from worker.libretro import Device
from worker.room.input.datagrams import Datagram
from worker.room.input.devices.keyboard import Keyboard
from worker.room.input.devices.mouse import Mouse
from worker.room.input.devices.pad import Pad


class InputDevice(Protocol):
    """One device of one seat.

    The event loop calls ``check``, ``update`` and ``release``, the emulator's thread ``poll`` and the functions of
    ``states``. The ports' lock is held in ``update``, ``release`` and ``poll``.
    """

    KIND: ClassVar[int]
    """The kind of its datagrams."""

    @property
    def states(self) -> Mapping[Device, Callable[[int, int], int]]:
        """The libretro devices as which a core may read it, with a function from index and id to a value for each.

        The values are those of ``retro_input_state_t``.
        """

    def check(self, datagram: Datagram) -> None:
        """Raise InputError, saying what is expected, unless the datagram is one of this device."""

    def update(self, datagram: Datagram, ahead: int) -> bool:
        """Take the state of a checked datagram, whose sequence number is ``ahead`` (1 or more) of the last one taken.

        Return whether the emulator should use it at once instead of at its next frame's time.
        """

    def release(self) -> None:
        """Let go of all that is held."""

    def poll(self) -> None:
        """Latch what the core is to read from now on until the next poll."""


DEVICES: Final[tuple[type[InputDevice], ...]] = (Pad, Keyboard, Mouse)
"""All devices. The first is what is plugged into every port when a game begins."""

LIBRETRO_DEVICES: Final = tuple(number for device in DEVICES for number in device().states)
"""Every libretro device that a core gets an answer for."""

PLUGGED: Final = LIBRETRO_DEVICES[0]
"""The libretro device in every port. Its buttons are those whose names a page is told."""
