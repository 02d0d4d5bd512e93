"""What a room process may still do once it has somebody else's native code in it. Linux only; see ``entry.py``."""

from .entry import Mode, SandboxRefusedError, enter, missing, prepare

__all__ = ["Mode", "SandboxRefusedError", "enter", "missing", "prepare"]
