"""Lanes: each job is tried until it is stored, in order, and whoever handed it in is told."""

import asyncio

import pytest

from tests.worker.stand_ins.rooms import until
from worker.store.errors import StoreError
from worker.store.timeouts import Pace
from worker.store.write_queue import Job, Lane

PACE = Pace(first_retry=0.0, longest_retry=0.0, patience=1000.0)


class Shelf:
    """Takes jobs by name when it is open, and notes what happens."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.failing = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.troubles: list[str] = []

    def changed(self, error: StoreError | None) -> None:
        self.troubles.append(str(error or ""))

    def job(self, name: str) -> Job:
        async def write() -> None:
            self.events.append(f"try {name}")
            await self.gate.wait()
            if self.failing:
                self.failing -= 1
                raise StoreError("it fails", "test")

        return Job(
            len(name),
            write,
            stored=lambda: self.events.append(f"stored {name}"),
            troubled=lambda error: self.events.append(f"trouble {name}"),
        )


@pytest.fixture
async def shelf() -> Shelf:
    return Shelf()


async def test_jobs_are_stored_in_order(shelf: Shelf) -> None:
    lane = Lane(PACE, shelf.changed)
    for name in ("a", "bb"):
        lane.add(shelf.job(name))
    assert (len(lane), lane.size) == (2, 3)
    await lane.empty()
    assert shelf.events == ["try a", "stored a", "try bb", "stored bb"]
    assert (len(lane), lane.size) == (0, 0)
    lane.add(shelf.job("c"))
    await lane.empty()
    assert shelf.events[-1] == "stored c"


async def test_what_fails_is_said_once_and_tried_until_it_is_stored(shelf: Shelf) -> None:
    lane = Lane(PACE, shelf.changed)
    shelf.failing = 3
    lane.add(shelf.job("a"))
    lane.add(shelf.job("b"))
    await lane.empty()
    assert shelf.events == ["try a", "trouble a", "try a", "try a", "try a", "stored a", "try b", "stored b"]
    assert shelf.troubles == ["it fails"] * 3 + ["", ""]


async def test_the_newest_replaces_what_waits_but_not_what_was_tried(shelf: Shelf) -> None:
    lane = Lane(PACE, shelf.changed, newest_only=True)
    shelf.gate.clear()
    shelf.failing = 1
    lane.add(shelf.job("a"))
    await asyncio.sleep(0)
    for name in ("b", "c", "d"):
        lane.add(shelf.job(name))
    assert len(lane) == 2
    shelf.gate.set()
    await lane.empty()
    assert shelf.events[:4] == ["try a", "trouble a", "try a", "stored a"]
    assert shelf.events[4:] == ["try d", "stored d", "stored b", "stored c"]


async def test_a_lane_that_skips_goes_on_with_the_newest_after_a_failure(shelf: Shelf) -> None:
    lane = Lane(PACE, shelf.changed, newest_only=True, skip=True)
    shelf.gate.clear()
    shelf.failing = 1
    lane.add(shelf.job("a"))
    await asyncio.sleep(0)
    lane.add(shelf.job("b"))
    shelf.gate.set()
    await lane.empty()
    assert shelf.events == ["try a", "trouble a", "try b", "stored b", "stored a"]


async def test_a_job_that_takes_long_is_said(shelf: Shelf) -> None:
    lane = Lane(Pace(patience=0.0), shelf.changed)
    shelf.gate.clear()
    lane.add(shelf.job("a"))
    await until(lambda: "trouble a" in shelf.events)
    shelf.gate.set()
    await lane.empty()
    assert shelf.events == ["try a", "trouble a", "stored a"]


async def test_an_abandoned_lane_tells_nobody_and_can_be_used_again(shelf: Shelf) -> None:
    lane = Lane(Pace(patience=0.0), shelf.changed)
    shelf.gate.clear()
    lane.add(shelf.job("a"))
    await asyncio.sleep(0)
    lane.abandon()
    await lane.empty()
    assert (len(lane), shelf.events) == (0, ["try a"])
    shelf.gate.set()
    lane.add(shelf.job("b"))
    await lane.empty()
    assert shelf.events[1:] == ["try b", "stored b"]


async def test_a_fault_of_our_own_is_logged_and_the_next_job_begins_anew(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    lane = Lane(PACE, shelf.changed)
    broken = shelf.job("a")
    tries = 0

    async def write() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise RuntimeError("broken")

    broken.write = write
    lane.add(broken)
    await until(lambda: "broken" in caplog.text)
    lane.add(shelf.job("b"))
    await lane.empty()
    assert shelf.events == ["stored a", "try b", "stored b"]


@pytest.mark.parametrize("failing", [0, 1])
async def test_winding_up_waits_for_the_try_that_is_under_way_alone(shelf: Shelf, failing: int) -> None:
    lane = Lane(PACE, shelf.changed)
    shelf.gate.clear()
    shelf.failing = failing
    for name in ("a", "b", "c"):
        lane.add(shelf.job(name))
    await asyncio.sleep(0)
    winding = asyncio.create_task(lane.wind_up())
    await asyncio.sleep(0)
    assert not winding.done()
    shelf.gate.set()
    await winding
    assert shelf.events == ["try a", "trouble a" if failing else "stored a"]
    assert len(lane) == 0
    lane.add(shelf.job("d"))
    await lane.empty()
    assert shelf.events[-1] == "stored d"
