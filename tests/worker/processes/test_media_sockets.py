"""Media sockets get from the agent into a room, and none is left behind."""

import socket

import pytest

from tests.worker.stand_ins.rooms import open_files
from worker.processes import media_sockets
from worker.processes.media_sockets import MediaSocketSender, bind_socket, own_addresses
from worker.room.media.sockets import MediaSockets


def test_sockets_arrive_bound_on_their_addresses() -> None:
    agent = MediaSocketSender(["127.0.0.1", "::1"])
    room = MediaSockets(agent.room_end.dup())
    agent.send()
    assert set(room.receive()) == {"127.0.0.1", "::1"}
    with room.take("127.0.0.1") as taken, room.take("::1") as other:
        assert taken.getsockname()[1] > 0
        assert other.type is socket.SOCK_DGRAM
        assert not taken.getblocking()
    agent.close()
    room.close()


def test_nothing_is_left_open_however_it_ends() -> None:
    before = open_files()
    agent = MediaSocketSender(["127.0.0.1"])
    agent.send()
    agent.room_end.close()
    agent.send()
    agent.close()
    assert open_files() == before


def test_a_room_that_takes_nothing_holds_up_nobody() -> None:
    agent = MediaSocketSender(["127.0.0.1"])
    for _ in range(1000):
        agent.send()
    agent.close()


def test_an_address_that_is_not_here_is_said_and_the_others_are_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    agent = MediaSocketSender(["192.0.2.1", "127.0.0.1"])
    room = MediaSockets(agent.room_end.dup())
    agent.send()
    assert room.receive() == ("127.0.0.1",)
    assert "192.0.2.1" in caplog.text
    agent.close()
    room.close()


def test_without_addresses_it_takes_those_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_sockets, "own_addresses", lambda: ("127.0.0.1",) * 50)
    agent = MediaSocketSender()
    room = MediaSockets(agent.room_end.dup())
    agent.send()
    room.receive()
    for _ in range(media_sockets.MAX_SOCKETS):
        room.take("127.0.0.1").close()
    with pytest.raises(OSError, match="no socket"):
        room.take("127.0.0.1")
    agent.close()
    room.close()


def test_the_machines_addresses_can_be_bound() -> None:
    assert "127.0.0.1" not in own_addresses()
    for address in own_addresses():
        bind_socket(address).close()
