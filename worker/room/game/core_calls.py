"""What others want done with the core, in order, by the one thread that may: between two frames."""

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

OVER = "the game has ended"


class Jobs:
    """A queue with an end: after ``close`` every job fails at once, so nobody waits for ever."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Callable[[Core], Any], Future[Any]]] = deque()
        self._closed = False

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, job: Callable[[Core], T]) -> Future[T]:
        """Have it done; the future gets what it returns or raises, CoreError if the game ends first."""
        future: Future[T] = Future()
        with self._lock:
            if not self._closed:
                self._waiting.append((job, future))
                return future
        future.set_exception(CoreError(OVER))
        return future

    def run(self, core: Core) -> None:
        """Do what waits. On the emulator's thread."""
        while self._waiting:
            job, future = self._waiting.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(job(core))
            except Exception as error:
                future.set_exception(error)

    def close(self) -> None:
        """Take no more; what waits fails."""
        with self._lock:
            self._closed = True
        while self._waiting:
            _, future = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                future.set_exception(CoreError(OVER))
