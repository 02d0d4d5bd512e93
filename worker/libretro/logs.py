"""The log function that a core calls like ``printf``, without a C compiler.

cffi can't make a variadic callback, and there is no ``va_list`` to give to ``vsnprintf``. But on x86-64 and AArch64
Linux the caller of a variadic function puts its arguments where a fixed signature would have them: integers and
pointers in the general registers, doubles in eight vector registers, and the rest, of either kind in order, in 8-byte
stack slots. So a callback with as many fixed arguments as registers and some slots sees them all; those that the core
did not pass hold anything, which is harmless as long as only the format's own conversions are read, as ``printf.py``
does. Elsewhere there is no log interface, and cores write to stderr.
"""

import logging
import platform
import sys

from .boundary import Boundary
from .constants import Command
from .declarations import CData, text
from .handlers import Handler, Handlers
from .printf import Arguments, format_like_printf

STACK_SLOTS = 10
"""Arguments beyond the registers that are read: few messages have as many, and the slots lie in mapped stack."""

MAX_LINE = 1000
"""Characters of one message that are kept."""

LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)
"""By libretro's log level."""

_VARIADIC_AS_FIXED = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")
_GENERAL_REGISTERS = 6 if platform.machine() == "aarch64" else 4
"""General registers that are left after the level and the format."""
_WORDS = ["uint64_t"] * _GENERAL_REGISTERS + ["double"] * 8 + ["uint64_t"] * STACK_SLOTS
_SIGNATURE = f"void(unsigned, const char *, {', '.join(_WORDS)})"


def one_line(message: str) -> str:
    """Return the message without control characters and not too long, fit for a log or a page."""
    return " ".join("".join(c if c.isprintable() else " " for c in message[:MAX_LINE]).split())


class CoreLog:
    """Writes the core's log to ``logger``."""

    def __init__(self, boundary: Boundary, logger: logging.LoggerAdapter[logging.Logger]) -> None:
        self._logger = logger
        self.last_complaint = ""
        """The last warning, error or message: the best guess at why the core then refuses."""
        # The core keeps this pointer for as long as it lives; so must we.
        self._callback = boundary.callback(_SIGNATURE, self._log) if _VARIADIC_AS_FIXED else None
        self.handlers: Handlers = {
            Command.GET_LOG_INTERFACE: Handler("struct retro_log_callback *", self._get_interface),
        }

    def write(self, level: int, message: str) -> None:
        """Log a message of libretro's ``level``."""
        line = one_line(message)
        if not line:
            return
        severity = LEVELS[min(level, len(LEVELS) - 1)]
        if severity >= logging.WARNING:
            self.last_complaint = line
        self._logger.log(severity, "%s", line)

    def _get_interface(self, interface: CData) -> bool:
        if self._callback is None:
            return False
        interface.log = self._callback
        return True

    def _log(self, level: int, message: CData, *words: int | float) -> None:
        if level == 0 and not self._logger.isEnabledFor(logging.DEBUG):
            return  # some cores log every register write
        arguments = Arguments(
            integers=[int(word) for word in words[:_GENERAL_REGISTERS]],
            doubles=[float(word) for word in words[-STACK_SLOTS - 8 : -STACK_SLOTS]],
            stack=[int(word) for word in words[-STACK_SLOTS:]],
        )
        self.write(level, format_like_printf(text(message), arguments))
