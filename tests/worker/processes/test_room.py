"""Rooms whose process has not started, and what they say to it when it has."""

import logging
from typing import Any, cast

from worker.messages.control import AgentMessage, Close, Exit, Open
from worker.processes import endings
from worker.processes.endings import Ending
from worker.processes.process import RoomLog, RoomProcess
from worker.processes.room import HostedRoom


class Recorder:
    """Stands in for a room's process and records what it is sent."""

    def __init__(self) -> None:
        self.received: list[AgentMessage | Ending] = []
        self.log = RoomLog(logging.getLogger(__name__), {})

    def send(self, message: AgentMessage) -> None:
        self.received.append(message)

    def close(self, why: Ending) -> None:
        self.received.append(why)


def make_room() -> tuple[HostedRoom, Recorder, RoomProcess]:
    recorder = Recorder()
    return HostedRoom(id="0123456789abcdef", game="Game", requested_at=0.0), recorder, cast(RoomProcess, recorder)


OPEN = Open(room="r", core="/c.so", game=None, system_directory="/s", save_directory="/v")
FIRST, SECOND = Exit(viewer="1"), Exit(viewer="2")


def test_the_process_hears_first_what_to_open_then_the_rest_in_order() -> None:
    for steps in ("send assign open", "assign send open", "send open assign", "open assign send"):
        room, recorder, process = make_room()
        does: dict[str, Any] = {
            "send": lambda room=room: (room.send(FIRST), room.send(SECOND)),
            "assign": lambda room=room, process=process: room.assign(process),
            "open": lambda room=room: room.open(OPEN),
        }
        for step in steps.split():
            does[step]()
        assert recorder.received == [OPEN, FIRST, SECOND], steps
        room.send(Close())
        assert recorder.received[-1] == Close()


def test_a_room_that_is_closed_before_its_process_started_ends_with_it() -> None:
    room, recorder, process = make_room()
    room.open(OPEN)
    room.close(endings.CLOSED)
    room.assign(process)
    assert recorder.received[0] == endings.CLOSED


def test_the_log_has_a_part_of_the_id_alone() -> None:
    room, recorder, process = make_room()
    room.assign(process)
    assert (room.label, recorder.log.name) == ("01234567", "01234567")
