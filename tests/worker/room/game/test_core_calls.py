"""Calls into the core, in order and with an end."""

from typing import Any, cast

import pytest

from worker.libretro import Core, CoreError
from worker.room.game.core_calls import CoreCalls

CORE = cast(Core, object())


def fail(core: Core) -> None:
    raise CoreError("it can't")


def test_calls_are_made_in_order_and_their_failures_are_theirs() -> None:
    calls, done = CoreCalls(), list[Any]()
    assert not calls
    first, failed, last = calls.submit(done.append), calls.submit(fail), calls.submit(lambda core: core is CORE)
    cancelled = calls.submit(done.append)
    assert cancelled.cancel()
    assert calls
    calls.run(CORE)
    assert done == [CORE]
    assert first.result(0) is None
    with pytest.raises(CoreError, match="it can't"):
        failed.result(0)
    assert last.result(0)
    assert not calls


def test_after_the_end_nobody_waits() -> None:
    calls = CoreCalls()
    before = calls.submit(fail)
    calls.close()
    for future in (before, calls.submit(fail)):
        with pytest.raises(CoreError, match="the game has ended"):
            future.result(0)
