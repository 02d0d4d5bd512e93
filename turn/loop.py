"""The event loop of the gateway: asyncio's, with a shorter way for UDP.

At the load of game sessions a packet comes alone: each costs a wake-up, and asyncio's own work for it (a handle, a
context, a round of the loop) is as much as relaying it. ``Selector`` waits for asyncio's events and for those of UDP
sockets at once, calls the reader of a UDP socket on the spot, and goes back to sleep without a round of the loop, as
long as nothing else has happened. That is all public API: a loop may be given a selector.

On other loops (uvloop, a test's) ``Poller`` takes the long way, and does the same.
"""

import asyncio
import logging
import select
import selectors
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

logger = logging.getLogger(__name__)

AT_ONCE: Final = 64
"""Sockets that are read before the loop is asked whether there is anything else to do."""

Ready: TypeAlias = Callable[[float], bool]
"""Reads a socket; gets the time. Whether asyncio may have something to do now: a timer, a callback, a stream."""

HAS_EPOLL: Final = sys.platform == "linux"


class Sockets:
    """Readers by file descriptor, and an epoll object that knows when to call which."""

    def __init__(self) -> None:
        self.epoll: Any = select.epoll()
        self._ready: dict[int, Ready] = {}

    def add(self, fd: int, ready: Ready) -> None:
        """Call ``ready`` when the socket can be read."""
        self._ready[fd] = ready
        self.epoll.register(fd, select.EPOLLIN)

    def remove(self, fd: int) -> None:
        """Before the socket is closed."""
        if self._ready.pop(fd, None):
            self.epoll.unregister(fd)

    def wait(self, timeout: float) -> bool:
        """Serve sockets until the time is over, or until asyncio has something to do: whether it has.

        That is when a reader says so, and when a file descriptor has no reader here.
        """
        poll, ready = self.epoll.poll, self._ready.get
        end = time.monotonic() + timeout
        while events := poll(timeout, AT_ONCE):
            now = time.monotonic()
            leave = False
            for fd, _ in events:
                try:
                    if (ready(fd) or _leave)(now):
                        leave = True
                except Exception:  # asyncio can't catch it here, and everything would end
                    logger.exception("! what came by a socket could not be dealt with")
            if leave:
                return True
            if timeout >= 0:
                timeout = end - now
                if timeout <= 0:
                    return False
        return False

    def close(self) -> None:
        """No more events."""
        self.epoll.close()


def _leave(now: float) -> bool:
    """asyncio's own descriptor; or a socket that the reader of another one has just closed."""
    return True


class Selector(selectors.BaseSelector):
    """asyncio's selector, which serves UDP sockets while asyncio waits."""

    def __init__(self) -> None:
        self.sockets = Sockets()
        self._own: Any = selectors.EpollSelector()
        self._nested: int = self._own.fileno()
        self.sockets.epoll.register(self._nested, select.EPOLLIN)

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
        if self.sockets.wait(-1.0 if timeout is None else max(timeout, 0.0)):
            events: list[tuple[selectors.SelectorKey, int]] = self._own.select(0)
            return events
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        found: Mapping[Any, selectors.SelectorKey] = self._own.get_map()
        return found

    def close(self) -> None:
        self.sockets.close()
        self._own.close()


class Loop(asyncio.SelectorEventLoop):
    """A loop that serves UDP sockets on the spot."""

    def __init__(self) -> None:
        selector = Selector()
        super().__init__(selector)
        self.sockets = selector.sockets


def new_event_loop() -> asyncio.AbstractEventLoop:
    """The best loop for the gateway on this machine."""
    return Loop() if HAS_EPOLL else asyncio.new_event_loop()


class Poller:
    """Calls the readers of UDP sockets, on whatever loop is running."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._direct = self._loop.sockets if isinstance(self._loop, Loop) else None
        self._fds: set[int] = set()

    def add(self, fd: int, ready: Ready) -> None:
        """Call ``ready`` with the time whenever the socket can be read."""
        self._fds.add(fd)
        if self._direct:
            self._direct.add(fd, ready)
        else:
            self._loop.add_reader(fd, lambda: ready(time.monotonic()))

    def remove(self, fd: int) -> None:
        """Before the socket is closed."""
        if fd in self._fds:
            self._fds.remove(fd)
            if self._direct:
                self._direct.remove(fd)
            else:
                self._loop.remove_reader(fd)

    def close(self) -> None:
        """Before all sockets are closed."""
        for fd in tuple(self._fds):
            self.remove(fd)
