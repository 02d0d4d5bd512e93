import asyncio
import logging
from pathlib import Path

import pytest

from tests.worker.rooms.harness import (
    SCRIPTED_ROOM,
    Reports,
    make_entry,
    make_supervisor,
    order_for,
    until,
)
from worker import spares
from worker.child import Child
from worker.spares import Spares


async def test_a_spare_that_keeps_dying_is_started_ever_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spares, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(spares, "MAX_DELAY", 0.02)
    caplog.set_level(logging.ERROR, "worker.spares")
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

    async def start() -> Child:
        raise BlockingIOError("no more processes")

    stock = Spares(start)
    task = asyncio.create_task(stock.run())
    await until(lambda: len(caplog.records) >= 3)
    task.cancel()
    assert {record.levelno for record in caplog.records} == {logging.ERROR}
    assert "no more processes" in caplog.records[0].getMessage()
    assert stock.take() is None
    assert not stock.ready


async def test_a_spare_that_dies_while_it_waits_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spares, "FIRST_DELAY", 0.01)
    started: list[Child] = []
    original = Child.start

    async def remember(*arguments: object) -> Child:
        started.append(await original(*arguments))  # type: ignore[arg-type]
        return started[-1]

    monkeypatch.setattr(Child, "start", remember)
    reports = Reports()
    supervisor = make_supervisor(tmp_path, reports, reports)
    try:
        await until(lambda: supervisor.spare_ready)
        started[0].close()
        await until(lambda: len(started) == 2 and supervisor.spare_ready)
        supervisor.open(order_for("r1"), make_entry())
        assert next(iter(supervisor)).child is started[1]
    finally:
        await supervisor.stop()
