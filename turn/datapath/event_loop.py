"""The event loop of the gateway: asyncio's, which waits by the data path.

``Selector`` waits for asyncio's events and for those of UDP sockets in one call, which comes back only when there is
something for asyncio: no round of the loop for a datagram. That is all public API: a loop may be given a selector. On
other loops (uvloop, a test's) the data path is one more thing that can be read.
"""

import asyncio
import logging
import selectors
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from turn.datapath.interface import DataPath
from turn.datapath.portable import PortableDataPath

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

try:
    from turn.datapath.compiled import CompiledDataPath
    from turn.datapath.linux import USABLE
except ImportError:  # no Numba for this system
    USABLE = False  # type: ignore[misc]

logger = logging.getLogger(__name__)

FOR_EVER: Final = -1.0


class Selector(selectors.BaseSelector):
    """asyncio's selector, which serves UDP sockets while asyncio waits."""

    def __init__(self) -> None:
        self.path = CompiledDataPath()
        self._own = selectors.EpollSelector()
        self.path.watch(self._own.fileno())

    def register(self, fileobj: "FileDescriptorLike", events: int, data: object = None) -> selectors.SelectorKey:
        """Watch a file for asyncio, as BaseSelector does."""
        return self._own.register(fileobj, events, data)

    def unregister(self, fileobj: "FileDescriptorLike") -> selectors.SelectorKey:
        """Watch a file for asyncio no longer."""
        return self._own.unregister(fileobj)

    def modify(self, fileobj: "FileDescriptorLike", events: int, data: object = None) -> selectors.SelectorKey:
        """Watch a file for other events, or with other data."""
        return self._own.modify(fileobj, events, data)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for asyncio's events, and return them. UDP sockets have been served meanwhile."""
        if self.path.wait(FOR_EVER if timeout is None else max(timeout, 0.0)):
            return self._own.select(0)
        return []

    def get_map(self) -> Mapping["FileDescriptorLike", selectors.SelectorKey]:
        """Return what is watched for asyncio."""
        return self._own.get_map()

    def close(self) -> None:
        """Release the descriptors of both."""
        self.path.destroy()
        self._own.close()


class Loop(asyncio.SelectorEventLoop):
    """A loop that serves UDP sockets on the spot."""

    def __init__(self) -> None:
        selector = Selector()
        super().__init__(selector)
        self.path = selector.path


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return the best loop for the gateway on this machine, with all machine code made."""
    if USABLE:
        return Loop()
    logger.warning("! this system moves datagrams one by one: Numba and Linux on a 64-bit machine are much faster")
    return asyncio.new_event_loop()


def open_data_path() -> DataPath:
    """Return the running loop's data path, or make the best one for it; to be given back to ``close_data_path``."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, Loop):
        return loop.path
    if not USABLE:
        return PortableDataPath()
    path = CompiledDataPath()
    loop.add_reader(path.fileno(), path.wait, 0.0)
    return path


def close_data_path(path: DataPath) -> None:
    """Destroy a data path whose sockets have all been closed, unless it belongs to the running loop."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, Loop):
        return
    if USABLE and isinstance(path, CompiledDataPath):
        loop.remove_reader(path.fileno())
    path.destroy()
