"""Arithmetic on samples. No clock and no I/O."""

import itertools
from collections.abc import Iterable, Sequence

import numpy as np


def percentile(samples: Sequence[float], percent: float) -> float:
    """Find the percentile of at least one sample, interpolated linearly between neighbours."""
    return float(np.percentile(samples, percent))


def mean(samples: Iterable[float]) -> float:
    """Compute the mean of at least one sample."""
    return float(np.mean(list(samples)))


def summary(samples: Sequence[float]) -> dict[str, float]:
    """``p50_ms`` and ``p95_ms`` of samples in milliseconds, to a tenth of one."""
    return {"p50_ms": round(percentile(samples, 50), 1), "p95_ms": round(percentile(samples, 95), 1)}


def intervals(arrivals: Sequence[float]) -> list[float]:
    """List the times between successive arrivals."""
    return [later - earlier for earlier, later in itertools.pairwise(arrivals)]
