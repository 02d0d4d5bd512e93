"""Answers that were given, for clients that ask again because the answer got lost (RFC 8489 section 6.3.1).

A request that comes again, byte for byte, is not carried out again.
"""

from collections import OrderedDict
from hashlib import blake2b
from typing import Final

from turn.relay.allocation import Client
from turn.wire.stun import Message

KEPT_FOR: Final = 40.0
"""Seconds: no client repeats a request for longer (RFC 8489 section 6.2.1)."""

MAX_ANSWERS: Final = 8192
"""About 6 MB. Only answers to requests with credentials are kept, so no stranger fills this."""

_DIGEST_SIZE: Final = 16
"""Bytes by which a request is known again: it may be long, and two different ones never share them."""

_Key = tuple[object, bytes]


class Answers:
    """The last answers, by client and transaction id."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, tuple[bytes, bytes, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, client: Client, request: Message, answer: bytes, now: float) -> None:
        """This is what the client was told."""
        key = client.key, request.transaction_id
        self._kept[key] = _digest(request), answer, now + KEPT_FOR
        self._kept.move_to_end(key)
        if len(self._kept) > MAX_ANSWERS:
            self._kept.popitem(last=False)

    def find(self, client: Client, request: Message, now: float) -> bytes | None:
        """What the client was told when it sent the same request before."""
        digest, answer, until = self._kept.get((client.key, request.transaction_id), (b"", b"", now))
        return answer if now < until and digest == _digest(request) else None

    def next(self) -> float | None:
        """When the oldest answer is of no use any more."""
        return next((until for _, _, until in self._kept.values()), None)

    def expire(self, now: float) -> None:
        """Forget what is of no use any more."""
        while self._kept and next(iter(self._kept.values()))[2] <= now:
            self._kept.popitem(last=False)


def _digest(request: Message) -> bytes:
    return blake2b(request.raw, digest_size=_DIGEST_SIZE).digest()
