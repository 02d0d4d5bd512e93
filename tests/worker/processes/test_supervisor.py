"""Rooms with real processes, which behave as scripted in ``stand_ins/scripted_room.py``."""

import asyncio
import logging
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from coordinator.messages import (
    Admit,
    Admitted,
    Candidate,
    CloseRoom,
    Dismiss,
    OpenRoom,
    Rejected,
    RoomClosed,
    SeatViewer,
    ViewerCandidate,
    ViewerLeft,
)
from tests.worker.stand_ins.rooms import (
    SCRIPTED_ROOM,
    Reports,
    is_running,
    make_entry,
    make_supervisor,
    open_files,
    order_for,
    until,
)
from worker.messages.control import Closed, Ready, RoomMessage
from worker.processes import endings, supervisor
from worker.processes.lifecycle import TimeLimits
from worker.processes.room import HostedRoom
from worker.processes.supervisor import Supervisor


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


class Rooms:
    """A supervisor and what it reports."""

    def __init__(self, supervisor: Supervisor, reports: Reports) -> None:
        self.supervisor = supervisor
        self.reports = reports

    def open(self, room: str, behaviour: str = "obedient", viewer: str = "v1", offer: str = "offer") -> None:
        self.supervisor.open(order_for(room, behaviour, viewer, offer), make_entry(behaviour))

    async def opened(self, room: str, behaviour: str = "obedient") -> HostedRoom:
        """Open a room, and wait until its viewer is in."""
        self.open(room, behaviour)
        assert (await self.reports.expect(Admitted)).room == room
        return next(found for found in self.supervisor if found.id == room)

    async def closed(self) -> RoomClosed:
        return await self.reports.expect(RoomClosed)


@asynccontextmanager
async def supervised(
    tmp_path: Path, time_limits: TimeLimits | None = None, command: tuple[str, ...] = SCRIPTED_ROOM
) -> AsyncIterator[Rooms]:
    reports = Reports()
    supervisor = make_supervisor(tmp_path, reports, reports, command=command, time_limits=time_limits)
    try:
        yield Rooms(supervisor, reports)
    finally:
        await supervisor.stop()


@pytest.fixture
async def rooms(tmp_path: Path) -> AsyncIterator[Rooms]:
    async with supervised(tmp_path) as found:
        yield found


async def test_a_room_opens_admits_and_closes(rooms: Rooms, tmp_path: Path) -> None:
    rooms.open("r1")
    assert await rooms.reports.expect(Admitted) == Admitted(room="r1", viewer="v1", answer="to offer", codec="H264")
    assert "r1" in rooms.supervisor
    assert (tmp_path / "saves" / "id-obedient").is_dir()
    rooms.supervisor.close(CloseRoom(room="r1"))
    assert await rooms.closed() == RoomClosed(room="r1", code="closed", message=endings.CLOSED.message, epoch=1)
    assert len(rooms.supervisor) == 0
    assert rooms.reports.closed == ["closed"]
    assert len(rooms.reports.opened) == 1


async def test_viewers_come_and_go(rooms: Rooms) -> None:
    await rooms.opened("r1")
    rooms.supervisor.admit(Admit(room="r1", viewer="v2", seat=1, offer="second"))
    assert await rooms.reports.expect(Admitted) == Admitted(room="r1", viewer="v2", answer="to second", codec="H264")
    rooms.supervisor.admit(Admit(room="r1", viewer="v3", seat=None, offer="unusable"))
    assert await rooms.reports.expect(Rejected) == Rejected(
        room="r1", viewer="v3", code="no_codec", message="No codec in common."
    )
    rooms.supervisor.admit(Admit(room="r1", viewer="v2", seat=2, offer="again"))
    assert (await rooms.reports.expect(Rejected)).code == "already_here"
    rooms.supervisor.candidate(ViewerCandidate(room="r1", viewer="v2", candidate=Candidate(candidate="leave")))
    assert await rooms.reports.expect(ViewerLeft) == ViewerLeft(room="r1", viewer="v2")


async def test_what_concerns_nobody_is_not_passed_on(rooms: Rooms) -> None:
    room = await rooms.opened("r1")
    rooms.supervisor.dismiss(Dismiss(room="r1", viewer="v1"))
    rooms.supervisor.dismiss(Dismiss(room="nowhere", viewer="v1"))
    rooms.supervisor.close(CloseRoom(room="nowhere"))
    leave = Candidate(candidate="leave")
    for unknown in ("r1", "nowhere"):
        rooms.supervisor.candidate(ViewerCandidate(room=unknown, viewer="v1", candidate=leave))
    rooms.supervisor.admit(Admit(room="nowhere", viewer="v9", seat=None, offer="offer"))
    assert await rooms.reports.expect(Rejected) == Rejected(
        room="nowhere", viewer="v9", code="room_gone", message="The room is gone. Start the game again."
    )
    assert room.viewers == {}
    assert "r1" in rooms.supervisor


@pytest.mark.parametrize(
    ("behaviour", "code", "words"),
    [
        ("crashes", "core_crashed", "segmentation fault"),
        ("exits", "room_failed", "exit code 7"),
        ("refuses", "bad_game", "The game file is empty."),
        ("garbage", "room_failed", "damaged its room"),
        ("oversized", "room_failed", "damaged its room"),
        ("opens_twice", "room_failed", "damaged its room"),
    ],
)
async def test_a_room_that_fails_is_reported_once(rooms: Rooms, behaviour: str, code: str, words: str) -> None:
    await rooms.opened("bystander")
    rooms.open("r1", behaviour)
    closed = await rooms.closed()
    assert (closed.room, closed.code) == ("r1", code)
    assert words in closed.message
    rooms.supervisor.admit(Admit(room="bystander", viewer="v2", seat=1, offer="still here"))
    assert (await rooms.reports.expect(Admitted)).answer == "to still here"


async def test_an_answer_that_cannot_be_passed_on_ends_its_room_alone(rooms: Rooms) -> None:
    rooms.open("r1", "mumbles")
    assert (await rooms.closed()).code == "room_failed"


async def test_a_room_that_hangs_at_loading_is_killed(tmp_path: Path) -> None:
    async with supervised(tmp_path, TimeLimits(open=0.3)) as rooms:
        await until(lambda: rooms.supervisor.spare_ready)
        rooms.open("r1", "hangs")
        closed = await rooms.closed()
    assert (closed.code, closed.message) == (endings.HUNG.code, endings.HUNG.message)


async def test_a_room_that_falls_silent_is_killed(tmp_path: Path) -> None:
    async with supervised(tmp_path, TimeLimits(silence=0.3)) as rooms:
        rooms.open("r1", "silent")
        await rooms.reports.expect(Admitted)
        assert (await rooms.closed()).code == "core_hung"


async def test_a_room_that_does_not_close_is_killed(tmp_path: Path) -> None:
    async with supervised(tmp_path, TimeLimits(close=0.2)) as rooms:
        room = await rooms.opened("r1", "stubborn")
        assert room.process is not None
        rooms.supervisor.close(CloseRoom(room="r1"))
        assert (await rooms.closed()).code == "closed"
        assert not is_running(room.process.pid)


async def test_a_room_that_is_killed_from_outside_is_reported(rooms: Rooms) -> None:
    room = await rooms.opened("r1")
    assert room.process is not None
    os.kill(room.process.pid, signal.SIGKILL)
    assert (await rooms.closed()).code == "room_killed"


async def test_closing_before_the_process_has_started(rooms: Rooms) -> None:
    rooms.open("r1")
    rooms.supervisor.close(CloseRoom(room="r1"))
    assert (await rooms.closed()).code == "closed"
    assert rooms.reports.opened == []


async def test_the_spare_is_used_and_replaced(rooms: Rooms, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await until(lambda: rooms.supervisor.spare_ready)
    await rooms.opened("r1")
    await until(lambda: rooms.supervisor.spare_ready)
    await rooms.opened("r2")
    pids = {room.process.pid for room in rooms.supervisor if room.process}
    assert len(pids) == 2


async def test_a_command_that_can_not_be_started_gives_one_sentence(tmp_path: Path) -> None:
    async with supervised(tmp_path, command=(str(tmp_path / "nothing"),)) as rooms:
        rooms.open("r1")
        closed = await rooms.closed()
        assert (closed.code, closed.message) == (endings.NOT_STARTED.code, endings.NOT_STARTED.message)


async def test_a_process_that_can_not_become_a_spare_gives_one_sentence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with supervised(tmp_path, command=(*SCRIPTED_ROOM, "dies")) as rooms:
        rooms.open("r1")
        closed = await rooms.closed()
        assert "exit code 1" in closed.message
    assert "no room today" in caplog.text


async def test_output_is_logged_with_the_room_and_limited(rooms: Rooms, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "worker.processes.process")
    await rooms.opened("0123456789abcdef", "floods")
    rooms.supervisor.close(CloseRoom(room="0123456789abcdef"))
    await rooms.closed()
    assert "[01234567] line 7" in caplog.text
    assert "89abcdef" not in caplog.text
    assert len(caplog.records) < 1000
    assert "lines left out" in caplog.text


async def test_what_the_core_started_ends_with_its_room(rooms: Rooms, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "worker.processes.process")
    rooms.open("r1", "spawns")
    closed = await rooms.closed()
    assert closed.code == "room_failed"
    assert "exit code 0" in closed.message
    started = re.search(r"started (\d+)", caplog.text)
    assert started is not None
    await until(lambda: not is_running(int(started[1])))


async def test_rooms_get_no_setting_of_ours(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "coinop_worker_token",
        "AWS_SECRET_ACCESS_KEY",
        "AZURE_STORAGE_ACCOUNT_KEY",
        "GOOGLE_SERVICE_ACCOUNT_KEY",
    ):
        monkeypatch.setenv(name, "a secret that is no room's business")
    room = await rooms.opened("r1")
    assert room.process is not None
    environment = environment_of(room.process.pid)
    assert b"COINOP_ROOM_FD=" in environment
    assert b"no room's business" not in environment


async def test_it_knows_how_many_players_sit(rooms: Rooms) -> None:
    await rooms.opened("r1")
    assert rooms.supervisor.seated == 1
    rooms.supervisor.admit(Admit(room="r1", viewer="v2", seat=None, offer="only watches"))
    assert rooms.supervisor.seated == 1
    rooms.supervisor.seat(SeatViewer(room="r1", viewer="v2", seat=1))
    assert rooms.supervisor.seated == 2
    rooms.supervisor.dismiss(Dismiss(room="r1", viewer="v1"))
    assert rooms.supervisor.seated == 1


async def test_it_says_which_opening_of_a_room_has_ended(rooms: Rooms) -> None:
    rooms.supervisor.open(msgspec.structs.replace(order_for("r1"), epoch=7), make_entry())
    await rooms.reports.expect(Admitted)
    rooms.supervisor.close(CloseRoom(room="r1"))
    assert (await rooms.closed()).epoch == 7


async def test_a_room_may_be_opened_for_viewers_who_come_later(rooms: Rooms) -> None:
    rooms.supervisor.open(OpenRoom(room="r1", game="id-obedient", resume=True, codec="VP8"), make_entry())
    rooms.supervisor.admit(Admit(room="r1", viewer="v7", seat=2, offer="back"))
    assert (await rooms.reports.expect(Admitted)).answer == "to back"


async def test_seats_change_for_those_who_are_there(rooms: Rooms) -> None:
    await rooms.opened("r1")
    rooms.supervisor.seat(SeatViewer(room="r1", viewer="v1", seat=3))
    rooms.supervisor.seat(SeatViewer(room="r1", viewer="v9", seat=2))
    rooms.supervisor.seat(SeatViewer(room="nowhere", viewer="v1", seat=1))
    rooms.supervisor.admit(Admit(room="r1", viewer="v2", seat=0, offer="who sits where?"))
    assert (await rooms.reports.expect(Admitted)).answer == "v1:3"


async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    tasks, handles = asyncio.all_tasks(), open_files()
    async with supervised(tmp_path) as rooms:
        await until(lambda: rooms.supervisor.spare_ready)
        opened = [await rooms.opened(f"r{number}") for number in range(2)]
        rooms.open("r3", "crashes")
        await rooms.closed()
        processes = [room.process for room in opened]
        await rooms.supervisor.close_all(endings.WORKER_STOPPED)
        assert {(await rooms.closed()).code for _ in opened} == {"worker_stopped"}
        assert len(rooms.supervisor) == 0
    assert rooms.reports.queue.empty()
    assert not any(is_running(process.pid) for process in processes if process)
    assert asyncio.all_tasks() == tasks
    await until(lambda: open_files() == handles)


def test_every_message_of_a_room_has_a_handler() -> None:
    by_process = {Ready, Closed}
    assert {*supervisor.HANDLERS, *by_process} == set(get_args(RoomMessage))


def test_a_room_may_say_every_codec_of_the_contract_and_no_other() -> None:
    assert set(supervisor.CODECS) == {"H264", "VP8"}
