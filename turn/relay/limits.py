"""How much the gateway serves at most: its own limits, and those of each user, source and allocation."""

from dataclasses import dataclass
from typing import Final

MIN_LIFETIME: Final = 600.0
"""Seconds that an allocation gets at least, whatever is asked for (RFC 8656 section 7.2)."""

MAX_UNAUTHENTICATED_ANSWER: Final = 208
"""Bytes. The largest answer to a request whose sender has not proven who it is: a 401 with the longest realm.

Its source may be forged, so what is sent there must be of no use for flooding somebody.
"""

MAX_SOFTWARE: Final = 32
"""Bytes of the SOFTWARE attribute, which is part of such an answer."""


MAX_STRANGE_MESSAGES: Final = 100
"""In a row, on a stream (TCP, TLS, DTLS) that shows no good credentials; then it is closed. Clients need two or three.

Until then each request is answered: on a stream nobody repeats one, and no answer goes to a forged address.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a relay gives. 0 means: no limit, where it is a rate or a quota."""

    allocations: int = 10_000
    """At a time, with the ports that are held by reservations. Beyond, 508."""
    allocations_per_user: int = 0
    """At a time. Beyond, 486. Time-limited user names of the same user count together."""
    max_lifetime: float = 3600.0
    """Seconds that an allocation gets at most, before it has to be refreshed."""
    unauthenticated_rate: float = 50.0
    """Requests without (good) credentials that are answered over UDP, per second and source. Beyond, silence."""
    unauthenticated_burst: float = 250.0
    """Requests of that kind at once: many players behind one address may come at the same time."""
    bytes_per_second: float = 0.0
    """Of each allocation, in each direction. Beyond, packets are dropped."""
    burst_bytes: float = 262_144.0
    """What an allocation may send at once: a key frame, and some. Counts where ``bytes_per_second`` does."""

    def __post_init__(self) -> None:
        if self.max_lifetime < MIN_LIFETIME:
            raise ValueError(f"the longest lifetime has to be {MIN_LIFETIME:.0f} seconds at least")
