"""How a worker with rooms ends; the whole of it, with a coordinator, is in test_agent.py."""

from pathlib import Path

import pytest

from coordinator.messages import Admitted, Draining, RoomClosed, Thawed
from tests.worker.stand_ins.rooms import SECONDS, Reports, make_entry, make_supervisor, order_for
from worker.agent import drain as module
from worker.agent.drain import drain
from worker.processes import supervisor as supervising


async def test_with_no_time_for_it_rooms_are_left_to_be_closed(tmp_path: Path) -> None:
    reports = Reports()
    supervisor = make_supervisor(tmp_path, reports, reports)
    supervisor.open(order_for("r1"), make_entry())
    await reports.expect(Admitted)
    await drain(supervisor, reports, 0.0)
    assert supervisor.draining
    assert reports.queue.empty()
    await supervisor.stop()
    assert (await reports.expect(RoomClosed)).code == "worker_stopped"


async def test_a_room_that_can_not_be_stored_does_not_hold_the_end_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervising, "FREEZE_SECONDS", 0.01)
    monkeypatch.setattr(module, "STORE_SECONDS", 0.1)
    reports = Reports()
    supervisor = make_supervisor(tmp_path, reports, reports)
    supervisor.open(order_for("r1"), make_entry())
    await reports.expect(Admitted)
    await drain(supervisor, reports, 0.01)
    await reports.expect(Draining)
    await reports.expect(Thawed)
    await supervisor.stop()
    assert (await reports.expect(RoomClosed)).code == "worker_stopped"


async def test_without_rooms_nobody_is_bothered(tmp_path: Path) -> None:
    reports = Reports()
    supervisor = make_supervisor(tmp_path, reports, reports)
    await drain(supervisor, reports, SECONDS)
    assert reports.queue.empty()
    await supervisor.stop()
