"""The event loop of the gateway: asyncio's, whose waiting is the data path's.

``Selector`` waits for asyncio's events and for those of UDP sockets in one call, which comes back only when there is
something for asyncio: no round of the loop for a datagram. That is all public API: a loop may be given a selector. On
other loops (uvloop, a test's) the data path is one more thing that can be read.
"""

import asyncio
import logging
import selectors
from collections.abc import Mapping
from typing import Any, Final

from turn.datapath.portable import PlainPath

try:
    from turn.datapath.datapath import DataPath
    from turn.datapath.linux import USABLE
except ImportError:  # no Numba for this system
    USABLE = False  # type: ignore[misc]

logger = logging.getLogger(__name__)

FOR_EVER: Final = -1.0


class Selector(selectors.BaseSelector):
    """asyncio's selector, which serves UDP sockets while asyncio waits."""

    def __init__(self) -> None:
        self.path = DataPath()
        self._own: Any = selectors.EpollSelector()
        self.path.watch(self._own.fileno())

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """As BaseSelector says; so do the others."""
        key: selectors.SelectorKey = self._own.register(fileobj, events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key: selectors.SelectorKey = self._own.unregister(fileobj)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key: selectors.SelectorKey = self._own.modify(fileobj, events, data)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """asyncio's events. UDP sockets have been served when it returns."""
        if self.path.wait(FOR_EVER if timeout is None else max(timeout, 0.0)):
            events: list[tuple[selectors.SelectorKey, int]] = self._own.select(0)
            return events
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        found: Mapping[Any, selectors.SelectorKey] = self._own.get_map()
        return found

    def close(self) -> None:
        self.path.destroy()
        self._own.close()


class Loop(asyncio.SelectorEventLoop):
    """A loop that serves UDP sockets on the spot."""

    def __init__(self) -> None:
        selector = Selector()
        super().__init__(selector)
        self.path = selector.path


def new_event_loop() -> asyncio.AbstractEventLoop:
    """The best loop for the gateway on this machine."""
    if USABLE:
        return Loop()
    logger.warning("! this system moves datagrams one by one: Numba and Linux on a 64-bit machine are much faster")
    return asyncio.new_event_loop()


def data_path() -> "DataPath | PlainPath":
    """The running loop's, or the best one for it; to be given back with ``leave``."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, Loop):
        return loop.path
    if not USABLE:
        return PlainPath()
    path = DataPath()
    loop.add_reader(path.fileno(), path.wait, 0.0)
    return path


def leave(path: "DataPath | PlainPath") -> None:
    """The data path is not needed any more; its sockets have been given back."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, Loop):
        return
    if not isinstance(path, PlainPath):
        loop.remove_reader(path.fileno())
    path.destroy()
