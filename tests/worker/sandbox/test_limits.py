"""Limits are lowered for good, and never raised."""

import resource

from tests.cores.own_process import run_in_own_process
from worker.sandbox import limits


def lowered(files: int) -> dict[int, tuple[int, int]]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), hard))
    limits.lower()
    return {what: resource.getrlimit(what) for what in limits.LIMITS}


def test_soft_and_hard_limits_are_the_same_and_no_higher_than_named() -> None:
    found = run_in_own_process(lowered, 256)
    for what, (soft, hard) in found.items():
        assert soft == hard
        assert 0 <= soft <= limits.LIMITS[what]
    assert found[resource.RLIMIT_CORE] == (0, 0)


def test_a_limit_that_was_lower_stays() -> None:
    assert run_in_own_process(lowered_from, 100)[resource.RLIMIT_NOFILE] == (100, 100)


def lowered_from(files: int) -> dict[int, tuple[int, int]]:
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    return lowered(files)
