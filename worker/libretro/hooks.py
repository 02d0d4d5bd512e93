"""The hooks of a core, which its owner sets: where frames, sound and messages go, and where input comes from."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from .av import AvInfo, Frame

Samples = npt.NDArray[np.int16]
"""Sound, one row for each sampling time: left, right."""


class InputSource(Protocol):
    """The state of the input devices. ``state`` runs up to a hundred times a frame: it should only look up."""

    def poll(self) -> None:
        """Latch the input, because the core begins to read it: until the next poll the answers must not change."""

    def state(self, port: int, device: int, index: int, id: int) -> int:
        """Return a value as ``retro_input_state_t`` does, -32768 to 65535.

        ``device`` is one of ``Device``, a core's subclass already stripped. ``id`` ``JOYPAD_MASK`` asks for all the
        buttons of a joypad.
        """


class NothingHeld:
    """Input devices that nobody touches."""

    def poll(self) -> None:
        """Do nothing, for nothing changes."""

    def state(self, port: int, device: int, index: int, id: int) -> int:
        """Return 0 for everything."""
        return 0


def _ignore(*_arguments: object) -> None:
    """Do nothing, as a hook that was not set."""


class Hooks:
    """Plain attributes to assign to. All are called inside a call into the core, on its thread.

    An exception of a hook comes out of that call, so a hook need not guard itself.
    """

    def __init__(self) -> None:
        self.inputs: InputSource = NothingHeld()
        self.on_video: Callable[[Frame | None], None] = _ignore
        """A frame, valid only until the hook returns; None: the picture is the same as before."""
        self.on_audio: Callable[[Samples], None] = _ignore
        """Samples in the core's memory: shape (n, 2), int16, valid only until the hook returns."""
        self.on_av_info: Callable[[AvInfo], None] = _ignore
        """The sizes, the rates or the rotation have changed, from the next frame on."""
        self.on_message: Callable[[str, float], None] = _ignore
        """A sentence for the players, and for how many seconds to show it."""
        self.on_rumble: Callable[[int, int, int], None] = _ignore
        """Port, strong motor, weak motor; each 0 to 65535."""
        self.on_shutdown: Callable[[], None] = _ignore
        """The game wants to end, as from its own menu."""
