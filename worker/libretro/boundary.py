"""Carries exceptions over C: no callback lets one out, and none is lost.

A callback that raises gives C its safe default; the exception is kept, and raised when the call into C that led to it
returns. Later exceptions of the same call are logged, for they mostly follow from the first.
"""

import logging
from collections.abc import Callable
from types import TracebackType

from .declarations import CData, ffi

logger = logging.getLogger(__name__)


class Boundary:
    """Makes the callbacks of one core, and all calls into it."""

    def __init__(self) -> None:
        self._kept: BaseException | None = None

    def callback(self, signature: str, function: Callable[..., object], default: object = None) -> CData:
        """Make a C function pointer of ``function``. The caller keeps it, for C calls into freed memory without it."""
        if default is None:
            return ffi.callback(signature, function, onerror=self._keep)
        return ffi.callback(signature, function, error=default, onerror=self._keep)

    def call(self, function: CData, *arguments: object) -> CData:
        """Call C; then raise the first exception of the callbacks meanwhile."""
        result = function(*arguments)
        if self._kept is not None:
            kept, self._kept = self._kept, None
            raise kept
        return result

    def _keep(
        self, kind: type[BaseException] | None, exception: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._kept is None:
            self._kept = exception
        else:
            logger.debug("! and then, in the same call", exc_info=exception)
