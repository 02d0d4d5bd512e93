"""The way of a message to its handler, by its type: one table for pages' messages, one for workers'.

Sans-I/O. The rows are added in rooms.py; http/switchboard.py adds those of the fleet: library, gateways.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import Struct

from coordinator.rooms.decisions import Decision

S = TypeVar("S")
M = TypeVar("M", bound=Struct)


class Dispatch(Generic[S]):
    """A table from message type to handler, for senders of one kind."""

    def __init__(self) -> None:
        self._handlers: dict[type[Struct], Callable[..., list[Decision]]] = {}  # ``add`` checks each row's types

    @property
    def types(self) -> frozenset[type[Struct]]:
        """The message types that have a handler."""
        return frozenset(self._handlers)

    def add(self, kind: type[M], handler: Callable[[S, M, float], list[Decision]]) -> None:
        """Hand messages of this type to the handler: it is given the sender, the message and ``now``."""
        self._handlers[kind] = handler

    def handle(self, sender: S, message: Struct, now: float) -> list[Decision]:
        """Hand a message to its handler, and return what that decides. Raises KeyError for a type without one."""
        return self._handlers[type(message)](sender, message, now)
