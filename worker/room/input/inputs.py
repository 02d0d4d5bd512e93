"""CONTRACT: the datagrams of the ``input`` data channel, and the state of the devices that they add up to.

The channel is negotiated with id 0, unordered and without retransmission. Every datagram begins with eight bytes,
little-endian like all that follows:

    kind u8 | count u8 | modifiers u16 | sequence u32

* kind 1, pad: ``count`` states (1 to 8) of 14 bytes, the newest first: ``buttons u16`` (bit n is the libretro button n:
  B Y Select Start Up Down Left Right A X L R L2 R2 L3 R3) and six i16: left x, left y, right x, right y, L2, R2.
  ``sequence`` numbers the newest; those after it are the ones before, so a lost packet loses no press.
* kind 2, keyboard: ``count`` held keys (0 to 32) as ``u16`` RETROK_ codes; ``modifiers`` is a RETROKMOD_ mask.
* kind 3, mouse: ``count`` is the button mask (1 left, 2 right, 4 middle), then ``x i32`` and ``y i32``: the distance
  moved since the channel opened, in picture pixels, so that a lost packet loses no way.
* kind 9, ping: any sequence; comes back as it is.

The room answers on the same channel with the ping, and with kind 129, applied: ``kind u8 | 0 u8 | 0 u16 | sequence
u32 | rtp u32``: the pad state of this number went into the frame with this RTP timestamp.

A sequence number counts each device of each connection alone, from 1, modulo 2**32. ``web/core/wire/messages.js``
mirrors this.
"""

import struct
import threading
from typing import Final

PORTS: Final = 4
"""libretro ports that a seat can hold."""

KIND_PAD: Final = 1
KIND_KEYBOARD: Final = 2
KIND_MOUSE: Final = 3
KIND_PING: Final = 9
KIND_APPLIED: Final = 129

MAX_STATES: Final = 8
"""Pad states in one datagram; more would only repeat what came long ago."""
MAX_KEYS: Final = 32
"""Held keys in one datagram: no keyboard reports more at once."""
MAX_KEYCODE: Final = 0x1FF
"""RETROK_LAST is 324; the next power of two leaves room."""

DEVICE_JOYPAD: Final = 1
DEVICE_MOUSE: Final = 2
DEVICE_KEYBOARD: Final = 3
DEVICE_ANALOG: Final = 5
JOYPAD_MASK: Final = 256
ANALOG_BUTTON: Final = 2
"""RETRO_DEVICE_INDEX_ANALOG_BUTTON: how far a button is pressed."""

_HEADER = struct.Struct("<BBHI")
_STATE = struct.Struct("<H6h")
_MOUSE = struct.Struct("<ii")
_APPLIED = struct.Struct("<BBHII")
_CENTRED = (0, 0, 0, 0, 0, 0)
_L2, _R2 = 12, 13
_MOUSE_BUTTONS = {2: 1, 3: 2, 6: 4}
"""RETRO_DEVICE_ID_MOUSE_ LEFT, RIGHT and MIDDLE -> their bit in the datagram."""


class InputError(ValueError):
    """A datagram that is none of the contract's."""


def applied(sequence: int, rtp: int) -> bytes:
    """The datagram that tells a page which frame its pad state went into."""
    return _APPLIED.pack(KIND_APPLIED, 0, 0, sequence, rtp)


class Port:
    """What one seat's devices hold right now. Written by the event loop, read by the emulator's thread."""

    __slots__ = ("axes", "buttons", "keys", "modifiers", "mouse_buttons", "mouse_x", "mouse_y", "pressed", "sequence")

    def __init__(self) -> None:
        self.sequence = 0
        self.buttons = 0
        self.pressed = 0
        """Buttons that went down since the last poll, so that a tap shorter than a frame is still seen."""
        self.axes: tuple[int, ...] = _CENTRED
        self.keys: frozenset[int] = frozenset()
        self.modifiers = 0
        self.mouse_buttons = 0
        self.mouse_x = 0
        self.mouse_y = 0


class Inputs:
    """The core's input source: the ports' latest states, latched once per frame when the core polls."""

    def __init__(self) -> None:
        self.ports = tuple(Port() for _ in range(PORTS))
        self.lock = threading.Lock()
        self.changed = True
        """Whether anything came since the last poll; in most frames nothing did, and polling costs nothing."""
        self._settled = False
        # Held while there is nothing new; whoever brings something lets go of it. It wakes a thread within some
        # microseconds, at a fifth of what threading.Event costs in each frame.
        self._nothing_new = threading.Lock()
        self._nothing_new.acquire()
        self._held = [0] * PORTS
        self._axes: list[tuple[int, ...]] = [_CENTRED] * PORTS
        self._mouse = [(0, 0)] * PORTS
        self._mouse_seen = [(0, 0)] * PORTS
        self._sequence = [0] * PORTS
        self._applied = [0] * PORTS
        self._keys: frozenset[int] = frozenset()
        self._keys_changed = False

    def wait(self, seconds: float) -> bool:
        """Sleep until something new is held or let go of, at most so long; whether it was so."""
        return self._nothing_new.acquire(timeout=max(0.0, seconds))

    def announce(self) -> None:
        """End a ``wait``, now or the next one."""
        if self._nothing_new.locked():
            self._nothing_new.release()

    def poll(self) -> None:
        """Latch what is held now. Called by the core, as late in the frame as it can be."""
        if not self.changed and self._settled:
            return
        with self.lock:
            # A tap is let go of, and a mouse stands still, in the poll after the one that saw them.
            self._settled, self.changed = not self.changed, False
            for number, port in enumerate(self.ports):
                self._held[number] = port.buttons | port.pressed
                port.pressed = 0
                self._axes[number] = port.axes
                self._sequence[number] = port.sequence
                x, y = self._mouse_seen[number]
                self._mouse[number] = (port.mouse_x - x, port.mouse_y - y)
                self._mouse_seen[number] = (port.mouse_x, port.mouse_y)

    def note_keys(self) -> None:
        """A keyboard's held keys changed."""
        self._keys_changed = True

    def state(self, port: int, device: int, index: int, id: int) -> int:
        """One value of ``retro_input_state_t``, as of the last poll."""
        if port >= PORTS:
            return 0
        if device == DEVICE_JOYPAD:
            held = self._held[port]
            return held if id == JOYPAD_MASK else held >> id & 1
        if device == DEVICE_ANALOG:
            return self._analog(port, index, id)
        if device == DEVICE_KEYBOARD:
            return int(id in self._keys)
        if device == DEVICE_MOUSE:
            return self._mouse_state(port, id)
        return 0

    def _analog(self, port: int, index: int, id: int) -> int:
        axes = self._axes[port]
        if index < ANALOG_BUTTON:
            return axes[2 * index + id] if id < 2 else 0
        if id in (_L2, _R2) and axes[4 + id - _L2]:
            return axes[4 + id - _L2]
        return 0x7FFF if self._held[port] >> id & 1 else 0

    def _mouse_state(self, port: int, id: int) -> int:
        if id < 2:
            return max(-0x8000, min(0x7FFF, self._mouse[port][id]))
        return int(bool(self.ports[port].mouse_buttons & _MOUSE_BUTTONS.get(id, 0)))

    def take_key_events(self) -> list[tuple[bool, int, int]]:
        """What changed on the keyboards since the last call: (down, RETROK_ code, RETROKMOD_ mask)."""
        if not self._keys_changed:
            return []
        self._keys_changed = False
        keys = frozenset[int]().union(*(port.keys for port in self.ports))
        modifiers = 0
        for port in self.ports:
            modifiers |= port.modifiers
        before, self._keys = self._keys, keys
        return [(False, key, modifiers) for key in sorted(before - keys)] + [
            (True, key, modifiers) for key in sorted(keys - before)
        ]

    def take_applied(self) -> list[tuple[int, int]]:
        """The (port, sequence) pairs whose newest pad state was first polled since the last call."""
        if self._sequence == self._applied:
            return []
        news = [
            (port, sequence)
            for port, (sequence, before) in enumerate(zip(self._sequence, self._applied, strict=True))
            if sequence != before and sequence
        ]
        self._applied[:] = self._sequence
        return news


class Devices:
    """One viewer's pad, keyboard and mouse: checks its datagrams and writes them into its seat's port, or into one that
    nobody reads."""

    def __init__(self, inputs: Inputs, port: int | None) -> None:
        self._inputs = inputs
        self._lock = inputs.lock
        self._port = Port() if port is None else inputs.ports[port]
        self._newest = {KIND_PAD: 0, KIND_KEYBOARD: 0, KIND_MOUSE: 0}

    def receive(self, data: bytes) -> None:
        """Take one datagram. An older one than the newest changes nothing. Raises InputError."""
        if len(data) < _HEADER.size:
            raise InputError("an input datagram has at least 8 bytes")
        kind, count, modifiers, sequence = _HEADER.unpack_from(data)
        if kind == KIND_PAD:
            self._pad(data, count, sequence)
        elif kind == KIND_KEYBOARD:
            self._keyboard(data, count, modifiers, sequence)
        elif kind == KIND_MOUSE:
            self._mouse(data, count, sequence)
        else:
            raise InputError(f"unknown input datagram kind {kind}")

    def release(self) -> None:
        """Let go of everything: the viewer is gone, or not heard. What its page repeats is taken again."""
        with self._lock:
            self._port.__init__()  # type: ignore[misc]  # a port has no identity beyond its fields
            self._inputs.changed = True
            self._inputs.note_keys()
        self._newest = {kind: max(0, newest - 1) for kind, newest in self._newest.items()}

    def sit(self, port: int | None) -> None:
        """Drive another port from now on, or none; let go of the one before."""
        self.release()
        self._port = Port() if port is None else self._inputs.ports[port]

    def _ahead(self, kind: int, sequence: int) -> int:
        """How many states the datagram is ahead of the newest taken, after RFC 1982; 0 if it is not newer."""
        ahead = (sequence - self._newest[kind]) & 0xFFFFFFFF
        if not 0 < ahead < 0x80000000:
            return 0
        self._newest[kind] = sequence
        return ahead

    def _pad(self, data: bytes, count: int, sequence: int) -> None:
        if not 1 <= count <= MAX_STATES or len(data) != _HEADER.size + count * _STATE.size:
            raise InputError("a pad datagram has 1 to 8 states of 14 bytes")
        ahead = self._ahead(KIND_PAD, sequence)
        if not ahead:
            return
        port = self._port
        with self._lock:
            before = port.buttons, port.axes
            for age in range(min(ahead, count) - 1, -1, -1):
                buttons, *axes = _STATE.unpack_from(data, _HEADER.size + age * _STATE.size)
                port.pressed |= buttons & ~port.buttons
                port.buttons = buttons
            port.axes = tuple(axes)
            port.sequence = sequence
            self._inputs.changed = True
        if before != (port.buttons, port.axes):
            self._inputs.announce()

    def _keyboard(self, data: bytes, count: int, modifiers: int, sequence: int) -> None:
        if count > MAX_KEYS or len(data) != _HEADER.size + 2 * count:
            raise InputError("a keyboard datagram has 0 to 32 keys of 2 bytes")
        keys = struct.unpack_from(f"<{count}H", data, _HEADER.size)
        if keys and max(keys) > MAX_KEYCODE:
            raise InputError("a keyboard datagram holds RETROK_ codes")
        if self._ahead(KIND_KEYBOARD, sequence):
            self._port.keys = frozenset(keys)
            self._port.modifiers = modifiers
            self._inputs.note_keys()

    def _mouse(self, data: bytes, buttons: int, sequence: int) -> None:
        if len(data) != _HEADER.size + _MOUSE.size:
            raise InputError("a mouse datagram has 16 bytes")
        if not self._ahead(KIND_MOUSE, sequence):
            return
        x, y = _MOUSE.unpack_from(data, _HEADER.size)
        with self._lock:
            self._port.mouse_buttons = buttons & 7
            self._port.mouse_x = x
            self._port.mouse_y = y
            self._inputs.changed = True
