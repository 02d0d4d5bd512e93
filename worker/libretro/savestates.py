"""A core's state as bytes: savestates, and the battery save (SRAM)."""

import logging

import numpy as np
import numpy.typing as npt

from .boundary import Boundary
from .constants import Command, Memory, SavestateContext, SerializationQuirk
from .declarations import CData, ffi
from .errors import CoreError
from .handlers import Handler, Handlers, Null

Buffer = bytearray | npt.NDArray[np.uint8]

MAX_STATE_BYTES = 512 * 1024 * 1024
"""The largest state that is kept; the largest known are a few ten MiB. More is an error code read as a size."""


class Savestates:
    """Takes and sets the state of a loaded game."""

    def __init__(self, library: CData, boundary: Boundary, logger: logging.LoggerAdapter[logging.Logger]) -> None:
        self.context = SavestateContext.NORMAL
        self.quirks = SerializationQuirk(0)
        self._library = library
        self._boundary = boundary
        self._logger = logger
        quirks = Handler("uint64_t *", self._set_quirks)
        self.handlers: Handlers = {
            Command.GET_SAVESTATE_CONTEXT: Handler("int *", self._get_context, Null.PROBE),
            Command.SET_SERIALIZATION_QUIRKS: quirks,
            Command.SET_SERIALIZATION_QUIRKS_OLD: quirks,
        }

    @property
    def size(self) -> int:
        """Bytes of the next state at the most. 0: the core has no states, or, with some, none before it has run."""
        size: int = self._boundary.call(self._library.retro_serialize_size)
        return size if size <= MAX_STATE_BYTES else 0

    def serialize(self) -> bytes:
        """Return the state. Raises CoreError if the core gives none."""
        size = self.size  # anew each time: with some cores it changes while the game runs
        state = ffi.new("char[]", size)
        if not size or not self._boundary.call(self._library.retro_serialize, state, size):
            raise CoreError("the core can't save the game's state now")
        return bytes(ffi.buffer(state))

    def serialize_into(self, buffer: Buffer) -> int:
        """Write the state into the buffer's first bytes, and return how many these are.

        Raises CoreError if the core gives none, or if the buffer is too small.

        It takes microseconds where ``serialize`` takes a millisecond, most of it for memory that is new.
        """
        size = self.size
        place = ffi.from_buffer("char[]", buffer, require_writable=True)
        if not 0 < size <= len(place) or not self._boundary.call(self._library.retro_serialize, place, size):
            raise CoreError("the core can't save the game's state now")
        return size

    def unserialize(self, state: bytes | Buffer) -> None:
        """Go on from the state. Raises CoreError if the core doesn't take it; the game is then as it was, or broken."""
        # Cores exist that read their whole size whatever length they are told.
        data = ffi.new("char[]", max(len(state), self.size, 1))
        ffi.memmove(data, state, len(state))
        if not self._boundary.call(self._library.retro_unserialize, data, len(state)):
            raise CoreError("the core doesn't take this saved state; it is from another core, version or game")

    def save_ram(self) -> bytes | None:
        """Return the battery save, None if the game has none."""
        memory = self._save_memory()
        return None if memory is None else bytes(memory)

    def load_save_ram(self, data: bytes) -> None:
        """Put a battery save back. One of another size is used as far as it goes, as every frontend does."""
        memory = self._save_memory()
        if memory is None:
            self._logger.warning("= a battery save of %d bytes is there, but the game has no battery", len(data))
            return
        if len(data) != len(memory):
            self._logger.warning("= a battery save has %d bytes, and the game's memory %d", len(data), len(memory))
        size = min(len(data), len(memory))
        memory[:size] = data[:size]

    def _save_memory(self) -> memoryview | None:
        size = self._boundary.call(self._library.retro_get_memory_size, Memory.SAVE_RAM)
        data = self._boundary.call(self._library.retro_get_memory_data, Memory.SAVE_RAM)
        if not data or not 0 < size <= MAX_STATE_BYTES:
            return None
        return memoryview(ffi.buffer(ffi.cast("char *", data), size))

    def _get_context(self, context: CData) -> bool:
        context[0] = self.context
        return True

    def _set_quirks(self, quirks: CData) -> bool:
        told = SerializationQuirk(quirks[0] & 0x7F)
        if told & SerializationQuirk.CORE_VARIABLE_SIZE:
            told |= SerializationQuirk.FRONT_VARIABLE_SIZE
        self.quirks = told
        quirks[0] = told
        return True
