"""The form of an environment command's handler. The handlers themselves stand with their topics."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import NamedTuple

from .constants import Command
from .declarations import CData


class Null(Enum):
    """The meaning of a command that comes with NULL for its data."""

    REFUSE = 0
    """The core errs: answer false."""
    PROBE = 1
    """The core asks whether we know the command: answer true."""
    PASS = 2
    """NULL is one of the values, or the command has no data: the handler gets it."""


class Handler(NamedTuple):
    """Answers one command: ``answer`` gets the data as a pointer of C type ``type``, and returns what C is answered."""

    type: str
    answer: Callable[[CData], bool]
    null: Null = Null.REFUSE


Handlers = Mapping[Command, Handler]


def accept(_data: CData) -> bool:
    """Answer true to an announcement that nothing depends on."""
    return True
