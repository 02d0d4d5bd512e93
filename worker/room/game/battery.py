"""The cartridge's battery memory against what was last stored of it. Storing is the agent's."""


class Battery:
    """Knows what the store holds, so that only what changed is stored."""

    def __init__(self, stored: bytes | None) -> None:
        self._stored = stored
        """None: nothing was stored yet."""

    def changed(self, memory: bytes) -> bool:
        """Whether ``memory`` is to be stored. One that was never written to need not be: its bytes are all alike."""
        if self._stored is None:
            return memory.count(memory[:1]) != len(memory)
        return memory != self._stored

    def handed_on(self, memory: bytes) -> None:
        """The agent has it."""
        self._stored = memory
