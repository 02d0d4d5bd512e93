"""Deadlines of many things at once, to the second.

Allocations are made and deleted a thousand times a second, so a deleted one leaves nothing behind, unlike in a heap.
That a deadline is acted upon up to a second late costs nothing: permissions and channels are refused by their own time.
"""

import heapq
from collections.abc import Hashable
from math import ceil
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class Timers(Generic[Item]):
    """A set of items for each second in which one is due."""

    def __init__(self) -> None:
        self._seconds: dict[Item, int] = {}
        self._due: dict[int, set[Item]] = {}
        self._order: list[int] = []  # a heap of _due's keys; a key whose set is gone is skipped

    def __len__(self) -> int:
        return len(self._seconds)

    def set(self, item: Item, when: float) -> None:
        """The item is due at ``when``, and no longer at another time."""
        second = ceil(when)
        if self._seconds.get(item) == second:
            return
        self.cancel(item)
        self._seconds[item] = second
        if second not in self._due:
            self._due[second] = set()
            heapq.heappush(self._order, second)
        self._due[second].add(item)

    def cancel(self, item: Item) -> None:
        """The item is not due any more. Nothing happens if it never was."""
        second = self._seconds.pop(item, None)
        if second is not None:
            self._due[second].discard(item)

    def next(self) -> float | None:
        """When to ask for ``due`` again."""
        while self._order and not self._due[self._order[0]]:
            del self._due[heapq.heappop(self._order)]
        return float(self._order[0]) if self._order else None

    def due(self, now: float) -> list[Item]:
        """Those whose time has come. They are forgotten here."""
        items: list[Item] = []
        while self._order and self._order[0] <= now:
            batch = self._due.pop(heapq.heappop(self._order))
            for item in batch:
                del self._seconds[item]
            items.extend(batch)
        return items
