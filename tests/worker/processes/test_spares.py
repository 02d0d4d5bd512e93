import asyncio
import logging
from pathlib import Path

import pytest

from coordinator.messages import Admitted, Prepare, Prepared
from tests.worker.stand_ins.rooms import SCRIPTED_ROOM, Reports, make_entry, make_supervisor, order_for, until
from worker.processes import spares
from worker.processes import supervisor as module
from worker.processes.process import RoomProcess
from worker.processes.spares import Spares


async def test_a_spare_that_keeps_dying_is_started_ever_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spares, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(spares, "MAX_DELAY", 0.02)
    caplog.set_level(logging.ERROR, "worker.processes.spares")
    reports = Reports()
    supervisor = make_supervisor(tmp_path, reports, reports, command=(*SCRIPTED_ROOM, "dies"))
    try:
        await until(lambda: len(caplog.records) >= 2)
        assert not supervisor.spare_ready
    finally:
        await supervisor.stop()
    assert "A spare room process ended by itself" in caplog.records[0].getMessage()
    assert reports.closed == []


async def test_a_system_that_starts_nothing_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spares, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(spares, "MAX_DELAY", 0.02)

    async def start() -> RoomProcess:
        raise BlockingIOError("no more processes")

    stock = Spares(start)
    task = asyncio.create_task(stock.run())
    await until(lambda: len(caplog.records) >= 3)
    task.cancel()
    assert {record.levelno for record in caplog.records} == {logging.ERROR}
    assert "no more processes" in caplog.records[0].getMessage()
    assert stock.claim() is None
    assert not stock.ready


async def test_a_spare_that_dies_while_it_waits_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spares, "FIRST_DELAY", 0.01)
    started: list[RoomProcess] = []
    original = RoomProcess.start

    async def remember(*arguments: object) -> RoomProcess:
        started.append(await original(*arguments))  # type: ignore[arg-type]
        return started[-1]

    monkeypatch.setattr(RoomProcess, "start", remember)
    reports = Reports()
    supervisor = make_supervisor(tmp_path, reports, reports)
    try:
        await until(lambda: supervisor.spare_ready)
        started[0].close()
        await until(lambda: len(started) == 2 and supervisor.spare_ready)
        supervisor.open(order_for("r1"), make_entry())
        assert next(iter(supervisor)).process is started[1]
    finally:
        await supervisor.stop()


async def test_a_room_that_is_to_be_moved_here_is_awaited_with_a_spare(tmp_path: Path) -> None:
    reports = Reports()
    supervisor = make_supervisor(tmp_path, reports, reports)
    try:
        supervisor.open(order_for("r1"), make_entry())  # takes the spare, or is quicker than it
        await reports.expect(Admitted)
        supervisor.prepare(Prepare(room="r2"))
        assert await reports.expect(Prepared) == Prepared(room="r2")
        assert supervisor.spare_ready
    finally:
        await supervisor.stop()


async def test_where_no_spare_can_be_started_a_room_that_is_to_be_moved_here_does_not_wait_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PREPARE_SECONDS", 0.05)
    reports = Reports()
    supervisor = make_supervisor(tmp_path, reports, reports, command=("/nowhere",))
    try:
        supervisor.prepare(Prepare(room="r2"))
        assert await reports.expect(Prepared) == Prepared(room="r2")
    finally:
        await supervisor.stop()


async def test_it_ends_at_the_very_moment_that_the_room_before_it_runs() -> None:
    """A wait that swallows a cancellation would start another spare, which nobody ends: the worker would not stop."""

    class Room:
        ready = asyncio.Event()
        settled = asyncio.Event()

    async def start() -> RoomProcess:
        return Room()  # type: ignore[return-value]

    stock = Spares(start)
    task = asyncio.create_task(stock.run())
    await until(lambda: stock.claim() is not None)
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # it waits for the room that took its process
    Room.settled.set()
    task.cancel()
    await asyncio.wait([task], timeout=10)
    assert task.cancelled()
