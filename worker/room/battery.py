"""The cartridge's battery memory in a file: read when the game starts, written when it changed and at the end."""

import contextlib
import os
import tempfile
from pathlib import Path


class Battery:
    """One ``.srm`` file, in the emulators' own format. Writes are atomic: a crash leaves the old file or the new."""

    def __init__(self, directory: Path, game: Path) -> None:
        self.path = directory / f"{game.stem}.srm"
        self._stored: bytes | None = None

    def load(self) -> bytes | None:
        """The memory as last stored; None before the first time. Raises OSError if the file can't be read."""
        try:
            self._stored = self.path.read_bytes()
        except FileNotFoundError:
            self._stored = None
        return self._stored

    def changed(self, memory: bytes) -> bool:
        """Whether ``memory`` differs from what the file holds. A memory that was never written to needs no file."""
        if self._stored is None:
            return any(byte != memory[0] for byte in memory)
        return memory != self._stored

    def store(self, memory: bytes) -> None:
        """Write the memory. Raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(memory)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        self._stored = memory
