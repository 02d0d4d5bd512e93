"""Responses: sealed ones for clients that are known, small and rationed ones for strangers.

Whether a request is granted is left to relay.py and requests/.
"""

import logging
from typing import Final

from turn.relay import counters
from turn.relay.actions import SendToClient
from turn.relay.allocation import Client, Grant
from turn.relay.counters import Counters
from turn.relay.limits import MAX_SOFTWARE, MAX_UNAUTHENTICATED_ANSWER, Limits
from turn.relay.retransmissions import Answers
from turn.relay.token_bucket import Bucket, Sources
from turn.wire import attributes as attribute
from turn.wire import stun
from turn.wire.errors import Refused
from turn.wire.stun import Message, Writer

logger = logging.getLogger(__name__)

MAX_UNKNOWN_ATTRIBUTES: Final = 8
"""How many attributes a 420 lists at most, so that it stays small."""

MAX_LOGGED_REFUSALS: Final = 10
"""Per allocation, and at once for all clients without one; more go to the debug log. Whoever holds credentials shall
not be able to fill the log."""

LOGGED_REFUSALS_PER_SECOND: Final = 1.0
"""In the long run, for all clients without an allocation together."""


class Responder:
    """Makes the responses of a relay, counts them, and repeats them for requests that come again."""

    def __init__(self, limits: Limits, software: str, counts: Counters) -> None:
        if len(software.encode()) > MAX_SOFTWARE:
            raise ValueError(f"the software's name may have {MAX_SOFTWARE} bytes")
        self._software = software.encode()
        self._counters = counts
        self._answers = Answers()
        self._lines = Bucket(LOGGED_REFUSALS_PER_SECOND, MAX_LOGGED_REFUSALS, 0.0)
        self._sources = Sources(limits.unauthenticated_rate, limits.unauthenticated_burst)

    def again(self, request: Message, client: Client, now: float) -> SendToClient | None:
        """The response that was given before, if this request comes again."""
        data = self._answers.find(client, request, now)
        return None if data is None else SendToClient(client, data)

    def success(self, answer: Writer, request: Message, client: Client, grant: Grant, now: float) -> SendToClient:
        """The response to a known client whose wish was granted."""
        return self._seal(answer, 0, request, client, grant, now)

    def refusal(self, refused: Refused, request: Message, client: Client, grant: Grant, now: float) -> SendToClient:
        """The response to a known client whose wish was refused."""
        self._log(refused, request, client, now)
        return self._seal(_error(refused, request), refused.code, request, client, grant, now)

    def challenge(self, refused: Refused, request: Message, client: Client, now: float) -> tuple[SendToClient, ...]:
        """The response to somebody who has not proven who it is, if it gets one."""
        logger.debug("! %s: %s: %s", client, stun.METHODS[request.method], refused)
        return self._ration(_error(refused, request), refused.code, request, client, now)

    def binding(self, request: Message, client: Client, now: float) -> tuple[SendToClient, ...]:
        """The response to a Binding request, if it gets one. It tells nothing but the client's own address."""
        if request.not_understood():
            return self.challenge(not_understood(request), request, client, now)
        mapped = attribute.encode_xor_address(client.address, request.transaction_id)
        answer = stun.success(request).add(attribute.XOR_MAPPED_ADDRESS, mapped)
        return self._ration(answer, 0, request, client, now)

    def has_ration(self, client: Client, now: float) -> bool:
        """Whether the client's source may try once more, as a stranger. Then that has been counted."""
        return self._sources.take(client.address[0], now)

    def next(self) -> float | None:
        """When to call ``expire``."""
        return self._answers.next()

    def expire(self, now: float) -> None:
        """Forget responses that nobody asks for any more."""
        self._answers.expire(now)

    def _log(self, refused: Refused, request: Message, client: Client, now: float) -> None:
        if client.allocation is not None:
            client.allocation.refusals += 1
            shown = client.allocation.refusals <= MAX_LOGGED_REFUSALS
            who, extra = client.allocation.id, {"allocation": client.allocation.id}
        else:
            shown, who, extra = self._lines.take(1, now), str(client), {}
        level = logging.INFO if shown else logging.DEBUG
        logger.log(level, "! %s: %s: %s", who, stun.METHODS[request.method], refused, extra=extra)

    def _seal(
        self, answer: Writer, code: int, request: Message, client: Client, grant: Grant, now: float
    ) -> SendToClient:
        answer.add(attribute.SOFTWARE, self._software)
        data = answer.finish(grant.key, sha256=bool(request.integrity_sha256_at), fingerprint=request.fingerprint)
        self._answers.keep(client, request, data, now)
        self._counters.answers[stun.METHODS[request.method], code] += 1
        return SendToClient(client, data)

    def _ration(
        self, answer: Writer, code: int, request: Message, client: Client, now: float
    ) -> tuple[SendToClient, ...]:
        """Nothing, if this source has had too many. Its address may be forged, so the response is small, too.

        Where it is not forged, everything is answered: on a stream nobody asks again, and relay.py ends the stream.
        """
        if client.may_be_anybody and not self.has_ration(client, now):
            self._counters.drops[counters.RATE_LIMITED] += 1
            return ()
        data = answer.add(attribute.SOFTWARE, self._software).finish(fingerprint=request.fingerprint)
        if len(data) > MAX_UNAUTHENTICATED_ANSWER:
            raise RuntimeError(f"{len(data)} bytes for a stranger")
        self._counters.answers[stun.METHODS[request.method], code] += 1
        return (SendToClient(client, data),)


def not_understood(request: Message) -> Refused:
    """The 420 with the list of what would have to be understood."""
    numbers = request.not_understood()[:MAX_UNKNOWN_ATTRIBUTES]
    why = "attributes " + ", ".join(f"{number:#06x}" for number in numbers)
    return Refused(420, why, ((attribute.UNKNOWN_ATTRIBUTES, attribute.encode_unknown(numbers)),))


def _error(refused: Refused, request: Message) -> Writer:
    answer = stun.error(request, refused.code)
    for number, value in refused.attributes:
        answer.add(number, value)
    return answer
