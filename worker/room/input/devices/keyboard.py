"""CONTRACT, kind 2: a keyboard.

The header's ``count`` is the number of held keys (0 to 32), which follow as ``u16`` RETROK_ codes; ``modifiers`` is a
RETROKMOD_ mask.

A core knows one keyboard and hears of its keys as events, so the keyboards of all seats are taken together: what is
held on one can be read at every port.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final, NamedTuple

from worker.libretro import Device
from worker.room.errors import InputError
from worker.room.input.datagrams import Datagram

MAX_KEYS: Final = 32
"""Held keys in one datagram: no keyboard reports more at once."""
MAX_KEYCODE: Final = 0x1FF
"""RETROK_LAST is 324; the next power of two leaves room."""


class KeyEvent(NamedTuple):
    """A key that went down or up, as ``retro_keyboard_event_t`` has it."""

    down: bool
    key: int
    """RETROK_ code."""
    modifiers: int
    """RETROKMOD_ mask."""


class Keyboard:
    """One seat's keyboard."""

    KIND: ClassVar[int] = 2

    def __init__(self) -> None:
        self.states: Mapping[Device, Callable[[int, int], int]] = {Device.KEYBOARD: self._key}
        self.keys: frozenset[int] = frozenset()
        self.modifiers = 0
        self.changed = False
        """Whether anything came since the last ``take_events``."""
        self.reported: frozenset[int] = frozenset()
        """The keys of all keyboards that the core knows to be held."""

    def check(self, datagram: Datagram) -> None:
        """Raise InputError unless the datagram holds 0 to 32 key codes."""
        if datagram.count > MAX_KEYS or len(datagram.body) != 2 * datagram.count:
            raise InputError(f"a keyboard datagram has 0 to {MAX_KEYS} keys of 2 bytes")
        if max(_keys(datagram), default=0) > MAX_KEYCODE:
            raise InputError("a keyboard datagram holds RETROK_ codes")

    def update(self, datagram: Datagram, ahead: int) -> bool:
        """Take the held keys, for the next frame's events."""
        self.keys = frozenset(_keys(datagram))
        self.modifiers = datagram.modifiers
        self.changed = True
        return False

    def release(self) -> None:
        """Let go of all keys."""
        self.keys = frozenset()
        self.modifiers = 0
        self.changed = True

    def poll(self) -> None:
        """Do nothing: keys change with the events, once a frame."""

    def _key(self, index: int, id: int) -> int:
        """Return whether the key with the RETROK_ code ``id`` is held, as the core was reported."""
        return int(id in self.reported)


def take_events(keyboards: Sequence[Keyboard]) -> list[KeyEvent]:
    """Return what changed on all keyboards together since the last call: first the keys let go of, then the others."""
    if not any(keyboard.changed for keyboard in keyboards):
        return []
    held = frozenset[int]()
    modifiers = 0
    for keyboard in keyboards:
        keyboard.changed = False  # before its keys are read, for the event loop may change them meanwhile
        held |= keyboard.keys
        modifiers |= keyboard.modifiers
    before = keyboards[0].reported
    for keyboard in keyboards:
        keyboard.reported = held
    return [KeyEvent(False, key, modifiers) for key in sorted(before - held)] + [
        KeyEvent(True, key, modifiers) for key in sorted(held - before)
    ]


def _keys(datagram: Datagram) -> tuple[int, ...]:
    return struct.unpack_from(f"<{datagram.count}H", datagram.body)
