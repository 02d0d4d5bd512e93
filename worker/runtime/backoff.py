"""How long to wait before the next try."""

_MAX_DOUBLINGS = 32


def backoff(failures: int, first: float, longest: float) -> float:
    """Seconds: none without a failure, ``first`` after one, and twice as many after each more, up to ``longest``."""
    if failures <= 0:
        return 0.0
    doubled: float = first * 2.0 ** min(failures - 1, _MAX_DOUBLINGS)
    return min(longest, doubled)
