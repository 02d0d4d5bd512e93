"""The sandbox of a room process: what it may still do with somebody else's native code in it. Linux only.

``entry.py`` enters it. Imports ``runtime``'s errors; rooms, messages and agent import it.
"""

from .entry import Mode, SandboxRefusedError, enter, missing, prepare

__all__ = ["Mode", "SandboxRefusedError", "enter", "missing", "prepare"]
