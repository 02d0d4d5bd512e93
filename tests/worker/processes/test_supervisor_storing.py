"""Rooms with real processes and a store: what a room that died, moved or ended leaves, and what the next one finds."""

import os
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from coordinator.messages import Admitted, CloseRoom, Freeze, Frozen, RoomClosed, Thawed
from tests.worker.stand_ins.rooms import Reports, make_config, make_entry, make_supervisor, order_for, until
from tests.worker.store.keepers import eventually
from worker.processes import supervisor as module
from worker.processes.room import HostedRoom
from worker.processes.supervisor import Supervisor
from worker.store.objects import Objects, open_store
from worker.store.store import Store
from worker.store.timeouts import Timeouts

ADA = "a" * 64


class Worker:
    """A supervisor of rooms that store something."""

    def __init__(self, tmp_path: Path, reports: Reports, supervisor: Supervisor) -> None:
        self.reports = reports
        self.supervisor = supervisor
        self.objects = Objects(open_store(make_config(tmp_path).store_url, {}), lambda *_: None)

    async def open(self, room: str, behaviour: str = "keeps", *, resume: bool = False) -> tuple[HostedRoom, str]:
        """Open a room, and return it with what its process found."""
        order = msgspec.structs.replace(order_for(room, behaviour), resume=resume, profile=ADA)
        self.supervisor.open(order, make_entry(behaviour))
        admitted = await self.reports.expect(Admitted)
        return next(found for found in self.supervisor if found.id == room), admitted.answer

    async def stored(self, *folders: str) -> None:
        """Wait until something is in each of these folders."""

        async def all_are_there() -> bool:
            return all([await self.objects.list(folder) for folder in folders])

        await eventually(all_are_there)


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncIterator[Worker]:
    reports = Reports()
    supervisor = make_supervisor(tmp_path, reports, reports)
    yield Worker(tmp_path, reports, supervisor)
    await supervisor.stop()


async def test_a_room_whose_process_was_killed_goes_on_from_its_snapshot(worker: Worker) -> None:
    room, found = await worker.open("r1")
    assert found == "from the start with nothing by a"
    await worker.stored("rooms/", "battery/")
    assert room.process is not None
    os.kill(room.process.pid, signal.SIGKILL)
    assert (await worker.reports.expect(RoomClosed)).code == "room_killed"
    _, found = await worker.open("r1", resume=True)
    assert found == "from after the start with memory by a"


async def test_a_room_that_ended_in_order_leaves_its_battery_alone(worker: Worker) -> None:
    await worker.open("r1")
    await worker.stored("rooms/", "battery/")
    worker.supervisor.close(CloseRoom(room="r1"))
    assert (await worker.reports.expect(RoomClosed)).code == "closed"

    async def snapshots_are_gone() -> bool:
        return not await worker.objects.list("rooms/")

    await eventually(snapshots_are_gone)
    _, found = await worker.open("r2")
    assert found == "from the start with memory by a"


async def test_a_copy_that_is_superseded_leaves_the_snapshots_from_which_the_room_goes_on(worker: Worker) -> None:
    await worker.open("r1")
    await worker.stored("rooms/", "battery/")
    worker.supervisor.close(CloseRoom(room="r1", superseded=True))
    assert (await worker.reports.expect(RoomClosed)).code == "superseded"
    await worker.supervisor.stop()
    assert await worker.objects.list("rooms/")


async def test_a_frozen_room_is_stored_and_goes_on_at_another_worker(worker: Worker, tmp_path: Path) -> None:
    await worker.open("r1")
    worker.supervisor.freeze(Freeze(room="r1"))
    worker.supervisor.freeze(Freeze(room="r1"))
    assert await worker.reports.expect(Frozen) == Frozen(room="r1")
    assert worker.reports.closed == ["moved"]
    assert len(worker.supervisor) == 0
    reports = Reports()
    supervisor = make_supervisor(tmp_path, reports, reports)
    try:
        _, found = await Worker(tmp_path, reports, supervisor).open("r1", resume=True)
    finally:
        await supervisor.stop()
    assert found == "from frozen with memory by a"


async def test_a_room_that_does_not_freeze_stays(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FREEZE_SECONDS", 0.05)
    await worker.open("r1", "obedient")
    worker.supervisor.freeze(Freeze(room="r1"))
    thawed = await worker.reports.expect(Thawed)
    assert (thawed.room, thawed.code) == ("r1", "store_failed")
    assert "r1" in worker.supervisor
    worker.supervisor.freeze(Freeze(room="r1"))
    worker.supervisor.close(CloseRoom(room="r1"))
    await until(lambda: "r1" not in worker.supervisor)


async def test_nobody_freezes_a_room_that_is_not_here(worker: Worker) -> None:
    worker.supervisor.freeze(Freeze(room="nowhere"))
    assert worker.reports.queue.empty()


async def test_a_room_that_can_not_read_its_snapshot_does_not_begin_anew(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    objects = Objects(open_store((tmp_path / "store").as_uri(), {}), lambda *_: None, seconds=0.0)
    reports = Reports()
    store = Store(objects, keep=timedelta(days=7), timeouts=Timeouts(resume=0.05))
    supervisor = make_supervisor(tmp_path, reports, reports, store=store)
    try:
        order = msgspec.structs.replace(order_for("r1", "keeps"), resume=True)
        supervisor.open(order, make_entry("keeps"))
        closed = await reports.expect(RoomClosed)
    finally:
        await supervisor.stop()
    assert closed.code == "store_failed"
    assert closed.message == "The game can't go on now: the store does not answer. Try again in a moment."


async def test_the_end_does_not_wait_for_a_store_that_does_not_answer(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    objects = Objects(open_store((tmp_path / "store").as_uri(), {}), lambda *_: None, seconds=0.0)
    reports = Reports()
    store = Store(objects, keep=timedelta(days=7), timeouts=Timeouts(resume=1000.0, freeze=1000.0))
    supervisor = make_supervisor(tmp_path, reports, reports, store=store)
    beginning = msgspec.structs.replace(order_for("r1", "keeps"), resume=True)
    supervisor.open(beginning, make_entry("keeps"))
    supervisor.open(order_for("r2", "keeps"), make_entry("keeps"))
    assert (await reports.expect(Admitted)).room == "r2"
    supervisor.freeze(Freeze(room="r2"))
    await supervisor.stop()
    assert sorted(reports.closed) == ["worker_stopped", "worker_stopped"]
