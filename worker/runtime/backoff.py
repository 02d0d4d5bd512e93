"""How long to wait before the next try."""

_MAX_DOUBLINGS = 32


def backoff(failures: int, first: float, longest: float) -> float:
    """Compute the seconds to wait: 0 without a failure, then ``first``, doubled with each, up to ``longest``."""
    if failures <= 0:
        return 0.0
    doubled: float = first * 2.0 ** min(failures - 1, _MAX_DOUBLINGS)
    return min(longest, doubled)
