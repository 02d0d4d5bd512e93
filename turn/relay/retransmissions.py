"""Responses that were sent, for clients that ask again because a response got lost (RFC 8489 section 6.3.1).

A request that comes again, byte for byte, is not carried out again.
"""

from collections import OrderedDict
from hashlib import blake2b
from typing import Final

from turn.relay.allocation import Client
from turn.wire.stun import Message

KEPT_SECONDS: Final = 40.0
"""Time that a response is kept: no client repeats a request for longer (RFC 8489 section 6.2.1)."""

MAX_RESPONSES: Final = 8192
"""Responses that are kept, about 6 MB. Only requests with credentials have one, so no stranger fills this."""

_DIGEST_SIZE: Final = 16
"""Bytes of the digest that a request is known again by: a request may be long, and two never share a digest."""

_Key = tuple[object, bytes]


class SentResponses:
    """The last responses, by client and transaction id."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, tuple[bytes, bytes, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, client: Client, request: Message, response: bytes, now: float) -> None:
        """Keep the response to this request."""
        key = client.key, request.transaction_id
        self._kept[key] = _digest(request), response, now + KEPT_SECONDS
        self._kept.move_to_end(key)
        if len(self._kept) > MAX_RESPONSES:
            self._kept.popitem(last=False)

    def find(self, client: Client, request: Message, now: float) -> bytes | None:
        """Return the response that the client got to the same request before; None if there is none, or an old one."""
        digest, response, until = self._kept.get((client.key, request.transaction_id), (b"", b"", now))
        return response if now < until and digest == _digest(request) else None

    def next(self) -> float | None:
        """Return the time at which the oldest response is of no use any more; None if there is none."""
        return next((until for _, _, until in self._kept.values()), None)

    def expire(self, now: float) -> None:
        """Forget the responses that are of no use any more."""
        while self._kept and next(iter(self._kept.values()))[2] <= now:
            self._kept.popitem(last=False)


def _digest(request: Message) -> bytes:
    return blake2b(request.raw, digest_size=_DIGEST_SIZE).digest()
