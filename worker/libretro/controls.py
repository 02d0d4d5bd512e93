"""Input besides the state that a core reads: the names of its buttons, its controllers, keyboard events and rumble."""

from collections.abc import Iterable
from dataclasses import dataclass

from .boundary import Boundary
from .constants import PORTS, Command, Device
from .declarations import MAX_ENTRIES, CData, entries, text
from .handlers import Handler, Handlers, Null
from .hooks import Hooks

STRONG_MOTOR = 0


@dataclass(frozen=True, slots=True)
class InputDescriptor:
    """The core's name of one of its inputs."""

    port: int
    device: int
    index: int
    id: int
    description: str


@dataclass(frozen=True, slots=True)
class Controller:
    """A device that may be plugged into a port: ``id`` is a ``Device`` or a core's subclass of one."""

    id: int
    description: str


class Controls:
    """The core's descriptions of its input, and the calls to and from it that are not the polled state.

    ``devices`` are those that the core gets an answer for.
    """

    def __init__(self, hooks: Hooks, boundary: Boundary, devices: Iterable[Device]) -> None:
        self.descriptors: list[InputDescriptor] = []
        self.controllers: list[list[Controller]] = []
        """For each port, the devices that may be plugged in."""
        self._hooks = hooks
        self._boundary = boundary
        self._capabilities = sum(1 << device for device in devices)
        self._keyboard: CData = None
        self._motors = [[0, 0] for _port in range(PORTS)]
        # The core keeps this pointer for as long as it lives; so must we.
        self._rumble = boundary.callback("bool(unsigned, int, uint16_t)", self._set_motor)
        self.handlers: Handlers = {
            Command.SET_INPUT_DESCRIPTORS: Handler("struct retro_input_descriptor *", self._set_descriptors),
            Command.SET_CONTROLLER_INFO: Handler("struct retro_controller_info *", self._set_controllers),
            Command.SET_KEYBOARD_CALLBACK: Handler("struct retro_keyboard_callback *", self._set_keyboard),
            Command.GET_RUMBLE_INTERFACE: Handler("struct retro_rumble_interface *", self._get_rumble),
            Command.GET_INPUT_DEVICE_CAPABILITIES: Handler("uint64_t *", self._get_capabilities),
            Command.GET_INPUT_BITMASKS: Handler("void *", lambda _data: True, Null.PASS),
            Command.GET_INPUT_MAX_USERS: Handler("unsigned *", self._get_max_users),
        }

    def key_event(self, down: bool, keycode: int, character: int, modifiers: int) -> None:
        """Tell the core of a key, if it listens: ``RETROK_`` code, UTF-32 character or 0, ``RETROKMOD_`` mask."""
        if self._keyboard:
            self._boundary.call(self._keyboard, down, keycode, character, modifiers)

    def _set_descriptors(self, descriptors: CData) -> bool:
        self.descriptors = [
            InputDescriptor(entry.port, entry.device, entry.index, entry.id, text(entry.description))
            for entry in entries(descriptors, "description")
        ]
        return True

    def _set_controllers(self, ports: CData) -> bool:
        self.controllers = [
            [
                Controller(port.types[index].id, text(port.types[index].desc))
                for index in range(min(port.num_types, MAX_ENTRIES))
            ]
            for port in entries(ports, "types")
        ]
        return True

    def _set_keyboard(self, keyboard: CData) -> bool:
        self._keyboard = keyboard.callback
        return True

    def _get_rumble(self, interface: CData) -> bool:
        interface.set_rumble_state = self._rumble
        return True

    def _set_motor(self, port: int, motor: int, strength: int) -> bool:
        if port >= PORTS:
            return False
        motors = self._motors[port]
        index = 0 if motor == STRONG_MOTOR else 1
        if motors[index] != strength:  # most cores repeat it each frame
            motors[index] = strength
            self._hooks.on_rumble(port, motors[0], motors[1])
        return True

    def _get_capabilities(self, mask: CData) -> bool:
        mask[0] = self._capabilities
        return True

    def _get_max_users(self, users: CData) -> bool:
        users[0] = PORTS
        return True
