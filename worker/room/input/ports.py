"""The core's input: the ports with their devices, which hold the latest state and no queue.

The event loop writes into them (``viewer_input.py``), the emulator's thread reads. How a device reads its datagrams and
answers a core is its own (``devices/``).
"""

import threading

from worker.libretro import PORTS
from worker.room.input.devices import DEVICES, InputDevice
from worker.room.input.devices.keyboard import Keyboard, KeyEvent, take_events
from worker.room.input.devices.pad import Pad


class Port:
    """One seat's devices, one of each kind."""

    def __init__(self) -> None:
        self.devices: dict[int, InputDevice] = {device.KIND: device() for device in DEVICES}
        """By the kind of their datagrams."""

    def release(self) -> None:
        """Let go of everything."""
        for device in self.devices.values():
            device.release()


class InputPorts:
    """The core's input source: the ports' latest states, latched once per frame when the core polls."""

    def __init__(self) -> None:
        self.ports = tuple(Port() for _ in range(PORTS))
        self.lock = threading.Lock()
        """Held while a device is written to, and while the devices are polled."""
        self.changed = True
        """Whether anything came since the last poll; in most frames nothing did, and polling costs nothing."""
        self._settled = False
        self._latched = False
        """Whether anything was latched since the last ``take_applied``."""
        # Held while there is nothing new, and released by ``wake``. It wakes a thread within some microseconds, at a
        # fifth of what threading.Event costs in each frame.
        self._nothing_new = threading.Lock()
        self._nothing_new.acquire()
        self._devices = [device for port in self.ports for device in port.devices.values()]
        self._pads = [device for device in self._devices if isinstance(device, Pad)]
        self._keyboards = [device for device in self._devices if isinstance(device, Keyboard)]
        self._states = [
            {int(number): state for device in port.devices.values() for number, state in device.states.items()}
            for port in self.ports
        ]
        """For each port, by libretro device: from index and id to a value. Cores ask up to a hundred times a frame."""

    def wait(self, seconds: float) -> bool:
        """Sleep until ``wake`` is called, at most so long; return whether it was called."""
        return self._nothing_new.acquire(timeout=max(0.0, seconds))

    def wake(self) -> None:
        """End a ``wait``, now or the next one."""
        if self._nothing_new.locked():
            self._nothing_new.release()

    def poll(self) -> None:
        """Latch what is held now. The core calls it as late in the frame as it can."""
        if not self.changed and self._settled:
            return
        with self.lock:
            # A tap is let go of, and a mouse stands still, in the poll after the one that saw them.
            self._settled, self.changed = not self.changed, False
            self._latched = True
            for device in self._devices:
                device.poll()

    def state(self, port: int, device: int, index: int, id: int) -> int:
        """Return one value of ``retro_input_state_t``, as of the last poll; 0 for what is not there."""
        if port >= PORTS:
            return 0
        found = self._states[port].get(device)
        return found(index, id) if found else 0

    def take_key_events(self) -> list[KeyEvent]:
        """Return what changed on the keyboards since the last call."""
        return take_events(self._keyboards)

    def take_applied(self) -> list[tuple[int, int]]:
        """Return the (port, sequence) pairs whose newest pad state was first polled since the last call."""
        if not self._latched:
            return []
        self._latched = False
        return [(port, sequence) for port, pad in enumerate(self._pads) if (sequence := pad.take_applied())]
