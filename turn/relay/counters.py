"""What the relay has done since it began, for metrics.py to publish. Plain numbers; nobody here reads them."""

from collections import Counter

MALFORMED = "malformed"
"""Bytes that are no STUN message, and messages that no server gets."""
RATE_LIMITED = "rate_limited"
"""Requests without good credentials, from a source that sends too many: strangers' over UDP; wrong ones of anybody."""
NO_ALLOCATION = "no_allocation"
"""Send indications from a client without an allocation."""
NO_PERMISSION = "no_permission"
"""Packets to or from a peer without a permission."""
REFUSED_PEER = "refused_peer"
"""Packets to or from an address that the policy does not admit."""
STRANGE = "strange"
"""Messages that went beyond what a stream may send without credentials."""
BANDWIDTH = "bandwidth"
"""Packets beyond an allocation's rate."""


class Counters:
    """Counts by name; a name that has not been counted yet is 0."""

    __slots__ = ("allocated", "answers", "drops", "ended")

    def __init__(self) -> None:
        self.allocated = 0
        """Allocations that have begun."""
        self.ended: Counter[str] = Counter()
        """Allocations that are over, by reason: deleted, expired, client_gone, no_port, gateway_ends."""
        self.answers: Counter[tuple[str, int]] = Counter()
        """Answers by method's name and error code; 0 is success."""
        self.drops: Counter[str] = Counter()
        """What was dropped without an answer, by reason: the constants above."""
