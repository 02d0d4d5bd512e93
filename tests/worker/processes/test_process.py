import asyncio
import logging
import sys
import time
from typing import get_args

import pytest
import uvloop

from tests.worker.stand_ins.rooms import SCRIPTED_ROOM, SECONDS, is_running, make_entry, open_files, until
from worker.messages.control import Close, Closed, Enter, Open, Opened, Ready, RoomMessage
from worker.messages.storing import StoreBattery, Stored
from worker.processes import endings, process
from worker.processes.endings import Ending
from worker.processes.lifecycle import State, TimeLimits
from worker.processes.process import RoomProcess


def make_open(behaviour: str) -> Open:
    return Open(
        room="r1",
        core="scripted_libretro.so",
        game="game.bin",
        system_directory="",
        save_directory="",
        options=dict(make_entry(behaviour).options),
        offer="offer",
    )


def wait_without_reading(pid: int) -> None:
    """Wait for a process to end while the event loop, and so the reader of its messages, stands still."""
    deadline = time.monotonic() + SECONDS
    while is_running(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Running:
    """A process and the task that runs it."""

    def __init__(self, process: RoomProcess) -> None:
        self.process = process
        self.messages: list[RoomMessage] = []
        self.task = asyncio.create_task(process.run(self.messages.append))

    def state(self) -> State:
        return self.process.state

    async def ended(self) -> Ending:
        return await asyncio.wait_for(self.task, SECONDS)


async def start(*command: str, time_limits: TimeLimits | None = None) -> Running:
    return Running(await RoomProcess.start(command or SCRIPTED_ROOM, time_limits or TimeLimits()))


async def test_from_spare_to_gone() -> None:
    room = await start()
    await room.process.ready.wait()
    assert room.state() is State.SPARE
    assert not room.process.settled.is_set()
    room.process.send(make_open("obedient"))
    await room.process.settled.wait()
    assert room.state() is State.OPEN
    room.process.close()
    room.process.send(Enter(viewer="v1", seat=0, offer="too late"))
    assert await room.ended() == endings.CLOSED
    assert [type(message) for message in room.messages[:2]] == [Ready, Opened]
    assert room.state() is State.GONE
    room.process.close()
    room.process.kill(endings.HUNG)
    room.process.send(Close())


async def test_a_room_that_ends_is_told_what_became_of_its_last_save() -> None:
    room = await start()
    room.process.send(make_open("saves_last"))
    await room.process.settled.wait()
    room.process.close()
    await until(lambda: any(isinstance(message, StoreBattery) for message in room.messages))
    room.process.send(Stored(request=9, version="v9"))
    assert await room.ended() == endings.CLOSED
    assert room.messages[-1] == Closed(code="closed", message="Closed with v9.")


async def test_a_process_that_never_gets_ready_is_killed() -> None:
    room = await start(sys.executable, "-c", "import time; time.sleep(1000)", time_limits=TimeLimits(start=0.2))
    assert await room.ended() == endings.HUNG
    assert room.process.ready.is_set()
    assert room.process.settled.is_set()


async def test_a_machine_that_stood_still_kills_no_room() -> None:
    room = await start(time_limits=TimeLimits(silence=1000))
    room.process.send(make_open("obedient"))
    await room.process.settled.wait()
    heard = len(room.messages)
    room.process._deadline_passed(asyncio.get_running_loop().time() - 2 * process.STALL_SECONDS)
    await until(lambda: len(room.messages) > heard + 1)
    room.process.close()
    assert await room.ended() == endings.CLOSED


async def test_a_room_that_is_silent_after_that_too_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "STALL_SECONDS", 0.1)
    room = await start(time_limits=TimeLimits(silence=1000))
    room.process.send(make_open("silent"))
    await room.process.settled.wait()
    room.process._deadline_passed(asyncio.get_running_loop().time() - 2 * process.STALL_SECONDS)
    assert await room.ended() == endings.HUNG


async def test_a_process_that_hangs_up_is_ended() -> None:
    script = "import os, time; os.close(int(os.environ['COINOP_ROOM_FD'])); time.sleep(1000)"
    room = await start(sys.executable, "-c", script)
    assert await room.ended() == endings.GARBLED


async def test_a_process_gets_nothing_of_the_environment_that_it_does_not_need(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for name in ("COINOP_WORKER_TOKEN", "AWS_SECRET_ACCESS_KEY", "SOMETHING_ELSE"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("LC_TIME", "C")
    room = await start(sys.executable, "-c", "import os; print(sorted(os.environ), *os.environ.values())")
    await room.ended()
    assert "COINOP_ROOM_FD" in caplog.text
    assert "LC_TIME" in caplog.text
    assert "secret" not in caplog.text.lower()


async def test_a_process_that_does_not_read_is_ended() -> None:
    room = await start()
    await room.process.ready.wait()
    room.process.send(make_open("hangs"))
    offer = Enter(viewer="v1", seat=0, offer="x" * 60_000)
    for _ in range(2 * process.MAX_UNREAD_BYTES // 60_000):
        room.process.send(offer)
    assert await room.ended() == endings.HUNG


async def test_a_cancelled_run_leaves_no_process() -> None:
    room = await start()
    await room.process.ready.wait()
    room.task.cancel()
    await asyncio.wait((room.task,))
    await until(lambda: not is_running(room.process.pid))


async def test_a_failing_listener_is_logged_and_costs_its_room(caplog: pytest.LogCaptureFixture) -> None:
    process = await RoomProcess.start(SCRIPTED_ROOM, TimeLimits(open=0.3))

    def fail(_: RoomMessage) -> None:
        raise RuntimeError("broken")

    running = asyncio.create_task(process.run(fail))
    await process.ready.wait()
    process.send(make_open("obedient"))
    assert await asyncio.wait_for(running, SECONDS) == endings.HUNG
    assert "reading its messages failed" in caplog.text


def test_under_uvloop_as_in_production() -> None:
    async def live() -> None:
        room = await start()
        await room.process.ready.wait()
        room.process.send(make_open("obedient"))
        await room.process.settled.wait()
        room.process.close()
        assert await room.ended() == endings.CLOSED

    handles = []
    for _ in range(2):
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(live())
        handles.append(open_files())
    assert handles[0] == handles[1]  # libuv opens a pipe for signals once in a process's life


async def test_the_last_words_of_a_process_are_heard_though_writing_to_it_failed() -> None:
    room = await start()
    await room.process.ready.wait()
    room.process.send(make_open("refuses"))
    wait_without_reading(room.process.pid)
    room.process.send(Enter(viewer="v1", seat=0, offer="too late"))
    assert (await room.ended()).code == "bad_game"


def test_every_message_of_a_room_is_an_event_of_its_life() -> None:
    assert set(process._EVENTS) == set(get_args(RoomMessage))
