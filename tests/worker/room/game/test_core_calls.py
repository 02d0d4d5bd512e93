"""Jobs for the core, in order and with an end."""

from typing import Any, cast

import pytest

from worker.libretro import Core, CoreError
from worker.room.game.core_calls import Jobs

CORE = cast(Core, object())


def fail(core: Core) -> None:
    raise CoreError("it can't")


def test_jobs_are_done_in_order_and_their_failures_are_theirs() -> None:
    jobs, done = Jobs(), list[Any]()
    assert not jobs
    first, failed, last = jobs.put(done.append), jobs.put(fail), jobs.put(lambda core: core is CORE)
    cancelled = jobs.put(done.append)
    assert cancelled.cancel()
    assert jobs
    jobs.run(CORE)
    assert done == [CORE]
    assert first.result(0) is None
    with pytest.raises(CoreError, match="it can't"):
        failed.result(0)
    assert last.result(0)
    assert not jobs


def test_after_the_end_nobody_waits() -> None:
    jobs = Jobs()
    before = jobs.put(fail)
    jobs.close()
    for future in (before, jobs.put(fail)):
        with pytest.raises(CoreError, match="the game has ended"):
            future.result(0)
