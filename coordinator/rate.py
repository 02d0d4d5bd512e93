"""How many messages a peer may send: a token bucket. Sans-I/O; what happens beyond it is left to connection.py."""


class TokenBucket:
    """Lets ``burst`` messages through at once, and ``rate`` per second in the long run."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._filled_at = now

    def take(self, now: float) -> bool:
        """Whether one more message may pass."""
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
