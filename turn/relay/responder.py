"""Responses: sealed ones for clients that are known, small and rationed ones for strangers.

Whether a request is granted is left to server.py and requests/.
"""

import logging
from typing import Final

from turn.relay import counters
from turn.relay.actions import SendToClient
from turn.relay.allocation import Client, Grant
from turn.relay.counters import Counters
from turn.relay.limits import MAX_SOFTWARE, MAX_UNAUTHENTICATED_ANSWER, Limits
from turn.relay.retransmissions import SentResponses
from turn.relay.token_bucket import SourceBuckets, TokenBucket
from turn.wire import attributes as attribute
from turn.wire import stun
from turn.wire.errors import RefusedError
from turn.wire.stun import Message, Writer

logger = logging.getLogger(__name__)

MAX_UNKNOWN_ATTRIBUTES: Final = 8
"""Attributes that a 420 lists at most, so that it stays small."""

MAX_LOGGED_REFUSALS: Final = 10
"""Refusals per allocation, and at once for all clients without one; more go to the debug log. A client with credentials
must not be able to fill the log."""

LOGGED_REFUSALS_PER_SECOND: Final = 1.0
"""Rate in the long run, for all clients without an allocation together."""


class Responder:
    """Makes the responses of a relay, counts them, and repeats them for requests that come again."""

    def __init__(self, limits: Limits, software: str, counts: Counters) -> None:
        if len(software.encode()) > MAX_SOFTWARE:
            raise ValueError(f"the software's name may have {MAX_SOFTWARE} bytes")
        self._software = software.encode()
        self._counters = counts
        self._sent = SentResponses()
        self._log_lines = TokenBucket(LOGGED_REFUSALS_PER_SECOND, MAX_LOGGED_REFUSALS, 0.0)
        self._sources = SourceBuckets(limits.unauthenticated_rate, limits.unauthenticated_burst)

    def repeat(self, request: Message, client: Client, now: float) -> SendToClient | None:
        """Repeat the response that was sent before, if this request comes again; None if it does not."""
        data = self._sent.find(client, request, now)
        return None if data is None else SendToClient(client, data)

    def success(self, answer: Writer, request: Message, client: Client, grant: Grant, now: float) -> SendToClient:
        """Seal the response to a known client whose request was granted."""
        return self._seal(answer, 0, request, client, grant, now)

    def refusal(
        self, refused: RefusedError, request: Message, client: Client, grant: Grant, now: float
    ) -> SendToClient:
        """Log the refusal, and seal the response to a known client whose request was refused."""
        self._log(refused, request, client, now)
        return self._seal(_error(refused, request), refused.code, request, client, grant, now)

    def challenge(
        self, refused: RefusedError, request: Message, client: Client, now: float
    ) -> tuple[SendToClient, ...]:
        """Make the response to a client that has not proven who it is: none, if its source has had too many."""
        logger.debug("! %s: %s: %s", client, stun.METHODS[request.method], refused)
        return self._ration(_error(refused, request), refused.code, request, client, now)

    def binding(self, request: Message, client: Client, now: float) -> tuple[SendToClient, ...]:
        """Make the response to a Binding request: the client's own address; none, if its source has had too many."""
        if request.not_understood():
            return self.challenge(not_understood(request), request, client, now)
        mapped = attribute.encode_xor_address(client.address, request.transaction_id)
        answer = stun.success(request).add(attribute.XOR_MAPPED_ADDRESS, mapped)
        return self._ration(answer, 0, request, client, now)

    def has_ration(self, client: Client, now: float) -> bool:
        """Count one more try of the client's source, as of a stranger. Return whether it may."""
        return self._sources.consume(client.address[0], now)

    def next(self) -> float | None:
        """Return the time at which to call ``expire``; None if no response is kept."""
        return self._sent.next()

    def expire(self, now: float) -> None:
        """Forget responses that no client asks for any more."""
        self._sent.expire(now)

    def _log(self, refused: RefusedError, request: Message, client: Client, now: float) -> None:
        if client.allocation is not None:
            client.allocation.refusals += 1
            shown = client.allocation.refusals <= MAX_LOGGED_REFUSALS
            who, extra = client.allocation.id, {"allocation": client.allocation.id}
        else:
            shown, who, extra = self._log_lines.consume(1, now), str(client), {}
        level = logging.INFO if shown else logging.DEBUG
        logger.log(level, "! %s: %s: %s", who, stun.METHODS[request.method], refused, extra=extra)

    def _seal(
        self, answer: Writer, code: int, request: Message, client: Client, grant: Grant, now: float
    ) -> SendToClient:
        answer.add(attribute.SOFTWARE, self._software)
        data = answer.finish(grant.key, sha256=bool(request.integrity_sha256_at), fingerprint=request.fingerprint)
        self._sent.keep(client, request, data, now)
        self._counters.answers[stun.METHODS[request.method], code] += 1
        return SendToClient(client, data)

    def _ration(
        self, answer: Writer, code: int, request: Message, client: Client, now: float
    ) -> tuple[SendToClient, ...]:
        """Finish a response without a key; return none if the client's source has had too many.

        The source's address may be forged, so the response is small, too. Where it is not forged, every request is
        answered: on a stream a client asks once, and server.py ends the stream of one that asks too much.
        """
        if client.may_be_anybody and not self.has_ration(client, now):
            self._counters.drops[counters.RATE_LIMITED] += 1
            return ()
        data = answer.add(attribute.SOFTWARE, self._software).finish(fingerprint=request.fingerprint)
        if len(data) > MAX_UNAUTHENTICATED_ANSWER:
            raise RuntimeError(f"{len(data)} bytes for a stranger")
        self._counters.answers[stun.METHODS[request.method], code] += 1
        return (SendToClient(client, data),)


def not_understood(request: Message) -> RefusedError:
    """Make the 420 with the list of attributes that would have to be understood."""
    numbers = request.not_understood()[:MAX_UNKNOWN_ATTRIBUTES]
    why = "attributes " + ", ".join(f"{number:#06x}" for number in numbers)
    return RefusedError(420, why, ((attribute.UNKNOWN_ATTRIBUTES, attribute.encode_unknown(numbers)),))


def _error(refused: RefusedError, request: Message) -> Writer:
    answer = stun.error(request, refused.code)
    for number, value in refused.attributes:
        answer.add(number, value)
    return answer
