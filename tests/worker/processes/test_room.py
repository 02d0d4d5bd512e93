"""Rooms whose process has not started, and what they say to it when it has."""

import logging
from typing import Any, cast

from worker.messages.control import AgentMessage, Close, Exit, Open
from worker.processes import endings
from worker.processes.endings import Ending
from worker.processes.process import Child, RoomLog
from worker.processes.room import Room


class Process:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.heard: list[AgentMessage | Ending] = []
        self.log = RoomLog(logging.getLogger(__name__), {})

    def send(self, message: AgentMessage) -> None:
        self.heard.append(message)

    def close(self, why: Ending) -> None:
        self.heard.append(why)


def make_room() -> tuple[Room, Process, Child]:
    process = Process()
    return Room(id="0123456789abcdef", game="Game", asked=0.0), process, cast(Child, process)


OPEN = Open(room="r", core="/c.so", game=None, system_directory="/s", save_directory="/v")
FIRST, SECOND = Exit(viewer="1"), Exit(viewer="2")


def test_the_process_hears_first_what_to_open_then_the_rest_in_order() -> None:
    for steps in ("send assign open", "assign send open", "send open assign", "open assign send"):
        room, process, child = make_room()
        does: dict[str, Any] = {
            "send": lambda room=room: (room.send(FIRST), room.send(SECOND)),
            "assign": lambda room=room, child=child: room.assign(child),
            "open": lambda room=room: room.open(OPEN),
        }
        for step in steps.split():
            does[step]()
        assert process.heard == [OPEN, FIRST, SECOND], steps
        room.send(Close())
        assert process.heard[-1] == Close()


def test_a_room_that_is_closed_before_its_process_started_ends_with_it() -> None:
    room, process, child = make_room()
    room.open(OPEN)
    room.close(endings.CLOSED)
    room.assign(child)
    assert process.heard[0] == endings.CLOSED


def test_the_log_has_a_part_of_the_id_alone() -> None:
    room, process, child = make_room()
    room.assign(child)
    assert (room.label, process.log.name) == ("01234567", "01234567")
