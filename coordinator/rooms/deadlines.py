"""Deadlines by key, the next one first. Sans-I/O: ``now`` is given in. What follows is left to rooms.py."""

import heapq
from collections.abc import Hashable
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)


class Deadlines(Generic[_K]):
    """Any number of deadlines, each under a key."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, _K]] = []
        self._numbers: dict[_K, int] = {}
        """The entry that counts for each key: others in the heap were replaced or cancelled."""
        self._count = 0

    def __contains__(self, key: _K) -> bool:
        return key in self._numbers

    def set(self, key: _K, at: float) -> None:
        """Set the key's deadline, seconds on the clock of ``now``; it replaces one that was set before."""
        self._count += 1
        self._numbers[key] = self._count
        heapq.heappush(self._heap, (at, self._count, key))

    def cancel(self, key: _K) -> None:
        """Cancel the key's deadline, if it was set."""
        self._numbers.pop(key, None)

    def next(self) -> float | None:
        """Say when the first one is due; None without any."""
        while self._heap and self._numbers.get(self._heap[0][2]) != self._heap[0][1]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop(self, now: float) -> _K | None:
        """Remove and return the key of the first deadline that is due; None if none is."""
        at = self.next()
        if at is None or at > now:
            return None
        _, _, key = heapq.heappop(self._heap)
        del self._numbers[key]
        return key
