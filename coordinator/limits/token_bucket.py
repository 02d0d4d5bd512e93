"""Token buckets, which limit a rate. Sans-I/O; what happens beyond the limit is left to the caller."""

from collections import OrderedDict

MAX_BUCKETS = 10_000
"""Of more keys, those that were used last are kept; one that was forgotten begins with a full bucket."""


class TokenBucket:
    """Let ``burst`` through at once, and ``rate`` per second in the long run."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._filled_at = now

    def take(self, now: float) -> bool:
        """Take a token if there is one, and return whether there was: whether one more may pass."""
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class TokenBuckets:
    """A bucket of the same rate and burst for each of any number of keys."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def take(self, key: str, now: float) -> bool:
        """Take a token of this key if there is one, and return whether there was."""
        if key not in self._buckets and len(self._buckets) >= MAX_BUCKETS:
            self._buckets.popitem(last=False)
        bucket = self._buckets.setdefault(key, TokenBucket(self._rate, self._burst, now))
        self._buckets.move_to_end(key)
        return bucket.take(now)
