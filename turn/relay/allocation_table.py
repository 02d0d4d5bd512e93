"""All allocations, and the ports that are held for one to come: how many there are, whose, and when each needs care.

What a client has to ask for, and in which way, is left to requests/.
"""

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from turn.relay.allocation import Allocation
from turn.relay.limits import Limits
from turn.relay.timers import Timers
from turn.wire.errors import Refused

RESERVATION_LIFETIME: Final = 30.0
"""Seconds that a port is held for the second Allocate request (RFC 8656 section 7.2)."""

TOKEN_SIZE: Final = 8
"""Bytes, fixed by RFC 8656 section 18.10."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A port that is held beside an allocation's one, in this process alone: another one does not know the token."""

    token: bytes
    user: str
    family: int
    until: float


class Table:
    """Counts allocations and reservations against the limits, and knows their deadlines."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._allocations: dict[str, Allocation] = {}
        self._reservations: dict[bytes, Reservation] = {}
        self._held_by: Counter[str] = Counter()
        self._timers: Timers[Allocation | Reservation] = Timers()

    def __len__(self) -> int:
        return len(self._allocations)

    def __iter__(self) -> Iterator[Allocation]:
        return iter(self._allocations.values())

    def __contains__(self, allocation: Allocation) -> bool:
        return self._allocations.get(allocation.id) is allocation

    @property
    def reservations(self) -> int:
        """How many ports are held."""
        return len(self._reservations)

    def check_room(self, user: str, wanted: int = 1) -> None:
        """Raises ``Refused`` with 486 or 508 if the user can't have this many allocations or reservations more."""
        if len(self._allocations) + len(self._reservations) + wanted > self.limits.allocations:
            raise Refused(508, "the gateway has as many allocations as it may have")
        quota = self.limits.allocations_per_user
        if quota and self._held_by[user] + wanted > quota:
            raise Refused(486, f"the user has {self._held_by[user]} of {quota} allocations")

    def new_id(self) -> str:
        """A short name for an allocation that no other one has at present."""
        while (name := secrets.token_hex(4)) in self._allocations:
            pass
        return name

    def add(self, allocation: Allocation) -> None:
        """An allocation that begins."""
        self._allocations[allocation.id] = allocation
        self._count(allocation.grant.user, 1)
        allocation.client.allocation = allocation

    def remove(self, allocation: Allocation) -> None:
        """An allocation that has ended. Its client is free for another one."""
        del self._allocations[allocation.id]
        self._count(allocation.grant.user, -1)
        self._timers.cancel(allocation)
        allocation.client.allocation = None
        allocation.peers.clear()
        allocation.channels.clear()
        allocation.permissions.clear()

    def schedule(self, allocation: Allocation) -> None:
        """Some time of the allocation has changed."""
        self._timers.set(allocation, allocation.deadline())

    def reserve(self, user: str, family: int, now: float) -> bytes:
        """Hold a port of this family for this user; the token that it comes under."""
        reservation = Reservation(secrets.token_bytes(TOKEN_SIZE), user, family, now + RESERVATION_LIFETIME)
        self._reservations[reservation.token] = reservation
        self._count(user, 1)
        self._timers.set(reservation, reservation.until)
        return reservation.token

    def release(self, token: bytes, user: str, now: float) -> int:
        """Take the port that is held under the token, or give it up; its family.

        Raises ``Refused`` with 508 if there is none for this user.
        """
        reservation = self._reservations.get(token)
        if reservation is None or reservation.user != user or reservation.until <= now:
            raise Refused(508, "no port is held under this token")
        self._forget(reservation)
        self._timers.cancel(reservation)
        return reservation.family

    def cancel(self, token: bytes | None) -> None:
        """No port could be held under the token after all."""
        reservation = self._reservations.get(token) if token is not None else None
        if reservation is not None:
            self._forget(reservation)
            self._timers.cancel(reservation)

    def next(self) -> float | None:
        """When to call ``due``."""
        return self._timers.next()

    def due(self, now: float) -> list[Allocation | Reservation]:
        """Allocations to sweep and schedule anew, and reservations that nobody came for, which are forgotten here."""
        items = self._timers.due(now)
        for item in items:
            if isinstance(item, Reservation):
                self._forget(item)
        return items

    def _forget(self, reservation: Reservation) -> None:
        del self._reservations[reservation.token]
        self._count(reservation.user, -1)

    def _count(self, user: str, change: int) -> None:
        self._held_by[user] += change
        if not self._held_by[user]:
            del self._held_by[user]
