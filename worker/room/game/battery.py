"""The cartridge's battery memory, compared with what was last stored of it. Storing is the agent's work."""


class Battery:
    """The battery memory as it was last stored, so that only changes are stored."""

    def __init__(self, stored: bytes | None) -> None:
        """Begin with ``stored``, which is None if nothing was stored yet."""
        self._stored = stored

    def changed(self, memory: bytes) -> bool:
        """Return whether ``memory`` is to be stored: a memory whose bytes are all alike was never written to."""
        if self._stored is None:
            return memory.count(memory[:1]) != len(memory)
        return memory != self._stored

    def mark_stored(self, memory: bytes) -> None:
        """Remember what the agent was given to store."""
        self._stored = memory
