"""Resource limits of a room process. Generous: they are for cores that run away, not for games that need much."""

import contextlib
import resource
from typing import Final

GIB: Final = 1 << 30

LIMITS: Final = {
    resource.RLIMIT_AS: 16 * GIB,  # emulators of newer consoles map 4 GiB and more, and use a fraction
    resource.RLIMIT_DATA: 4 * GIB,
    resource.RLIMIT_FSIZE: GIB // 4,  # the largest memory cards are 64 MiB
    resource.RLIMIT_NOFILE: 1024,  # a viewer takes one for each address
    resource.RLIMIT_CORE: 0,  # a crashed core's memory is not to lie around
}
"""Processes are not counted: the limit would be for all of the user's, and the filter refuses to start any."""


def lower() -> None:
    """Set the limits, where they are not lower already; for good."""
    for what, limit in LIMITS.items():
        _, hard = resource.getrlimit(what)
        value = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        with contextlib.suppress(ValueError, OSError):  # systems that know fewer limits than they have names for
            resource.setrlimit(what, (value, value))
