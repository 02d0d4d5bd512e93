"""Calls into the core on behalf of other threads: made in order by the emulator's thread, between two frames."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from worker.libretro import CoreError

if TYPE_CHECKING:
    from worker.libretro import Core

T = TypeVar("T")

ENDED = "the game has ended"


class CoreCalls:
    """A queue that can be closed: after that every call fails at once, so that nobody waits for ever."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Callable[[Core], Any], Future[Any]]] = deque()
        self._closed = False

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def submit(self, call: Callable[[Core], T]) -> Future[T]:
        """Queue a call, from any thread.

        The future gets what the call returns or raises, or CoreError if the game ends first.
        """
        future: Future[T] = Future()
        with self._lock:
            if not self._closed:
                self._waiting.append((call, future))
                return future
        future.set_exception(CoreError(ENDED))
        return future

    def run(self, core: Core) -> None:
        """Make the waiting calls, on the emulator's thread."""
        while self._waiting:
            call, future = self._waiting.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call(core))
            except Exception as error:
                future.set_exception(error)

    def close(self) -> None:
        """Refuse further calls, and let those that wait fail."""
        with self._lock:
            self._closed = True
        while self._waiting:
            _, future = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                future.set_exception(CoreError(ENDED))
