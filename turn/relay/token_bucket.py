"""Token buckets: one that lets a whole burst pass or not, and a bounded table of them by source.

Sans-I/O. What happens to what may not pass is left to the caller: it is dropped, never queued.
"""

from collections import OrderedDict
from collections.abc import MutableSequence
from ipaddress import IPv6Address

MAX_SOURCES = 16_384
"""Sources that are remembered, about 4 MB. Beyond, the one that was quiet the longest is forgotten, and starts anew."""

IPV6_SOURCE_BITS = 64
"""One customer has a /64 at least, so addresses inside it are one source."""


RATE, BURST, TOKENS, FILLED_AT, STATE = range(5)
"""The numbers of a bucket, in this order; times in seconds."""


class Bucket:
    """Lets ``burst`` units through at once, and ``rate`` per second in the long run. A unit is a byte or a message."""

    __slots__ = ("_state",)

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._state: MutableSequence[float] | memoryview[float] = [rate, burst, burst, now]

    def move(self, place: "memoryview[float]") -> None:
        """Keep the numbers there from now on, where compiled code takes from the same bucket (``datapath``)."""
        for at, number in enumerate(self._state):
            place[at] = number
        self._state = place

    def take(self, units: float, now: float) -> bool:
        """Whether this many units may pass, all or none. Meant to be asked once for a burst, not for each packet.

        A burst larger than the bucket passes when the bucket is full, and leaves a debt.
        """
        rate, burst, tokens, filled_at = self._state
        tokens = min(burst, tokens + max(0.0, now - filled_at) * rate)
        passes = tokens >= min(units, burst)
        self._state[TOKENS] = tokens - units if passes else tokens
        self._state[FILLED_AT] = now
        return passes


class Sources:
    """A bucket for each source of requests that show no credentials."""

    def __init__(self, rate: float, burst: float, limit: int = MAX_SOURCES) -> None:
        self._rate = rate
        self._burst = burst
        self._limit = limit
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, host: str, now: float) -> bool:
        """Whether one more request of this source is answered. A rate of 0 means: all of them."""
        if not self._rate:
            return True
        source = source_of(host)
        bucket = self._buckets.get(source)
        if bucket is None:
            bucket = self._buckets[source] = Bucket(self._rate, self._burst, now)
            if len(self._buckets) > self._limit:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(source)
        return bucket.take(1, now)


def source_of(host: str) -> str:
    """The source that a host belongs to: an IPv4 address itself, or the first 64 bits of an IPv6 address."""
    if ":" not in host:
        return host
    address = IPv6Address(host.partition("%")[0])
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return f"{int(address) >> (128 - IPV6_SOURCE_BITS):x}/64"
