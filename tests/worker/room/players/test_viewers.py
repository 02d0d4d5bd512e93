"""Seats, and what viewers are told."""

from tests.worker.room.fakes import sit_down
from worker.libretro import JOYPAD_MASK, Device
from worker.room.input.ports import InputPorts
from worker.room.players.liveness import ABSENT_SECONDS
from worker.room.players.viewers import Viewers
from worker.room.wire.notices import Message

PRESS = bytes.fromhex("0101000001000000 0001 000000000000000000000000".replace(" ", ""))


def held(inputs: InputPorts, port: int) -> int:
    """Return the buttons that the core sees after two polls, when every tap is over."""
    inputs.poll()
    inputs.poll()
    return inputs.state(port, Device.JOYPAD, 0, JOYPAD_MASK)


async def test_a_change_of_seat_lets_go_of_the_old_one() -> None:
    viewers, inputs = Viewers(), InputPorts()
    viewer, _ = sit_down(viewers, inputs, "v1", 0)
    viewer.input.receive(PRESS)
    assert held(inputs, 0) == 1 << 8
    viewers.assign_seat(viewer, 2)
    assert held(inputs, 0) == 0
    viewer.input.receive(PRESS)
    assert held(inputs, 2) == 1 << 8, "what the page repeats counts in the new seat"
    viewers.assign_seat(viewer, None)
    viewer.input.receive(PRESS)
    assert [held(inputs, port) for port in range(4)] == [0, 0, 0, 0]


async def test_the_newest_connection_holds_the_seat() -> None:
    viewers, inputs = Viewers(), InputPorts()
    old, _ = sit_down(viewers, inputs, "v1", 1)
    old.input.receive(PRESS)
    new, _ = sit_down(viewers, inputs, "v2", 1)
    assert held(inputs, 1) == 0
    assert [list(viewers.in_seat(1)), old.seat] == [[new], None]
    new.input.receive(PRESS)
    old.input.release()
    assert held(inputs, 1) == 1 << 8, "the old one's end takes nothing from the new"


async def test_everybody_but_one_is_told() -> None:
    viewers, inputs = Viewers(), InputPorts()
    one, page = sit_down(viewers, inputs, "v1", 0)
    _, other = sit_down(viewers, inputs, "v2", None)
    viewers.notify(Message(text="hello"), but=one)
    assert page.notices == []
    assert other.notices == [Message(text="hello")]


async def test_names_presence_and_warnings() -> None:
    viewers, inputs = Viewers(), InputPorts()
    player, _ = sit_down(viewers, inputs, "v1", 3)
    spectator, page = sit_down(viewers, inputs, "v2", None)
    assert (player.title, spectator.title) == ("Player 4", "A spectator")
    assert not player.is_present(0.0), "its media do not flow yet"
    player.connected = True
    player.liveness.mark_heard(0.0)
    assert player.is_present(ABSENT_SECONDS)
    assert not player.is_present(ABSENT_SECONDS + 0.1)
    spectator.warn(Message(text="too much"))
    spectator.warn(Message(text="too much"))
    assert len(page.notices) == 1
    assert viewers.remove("v2") is spectator
    assert ("v2" in viewers, len(viewers), viewers.get("v1")) == (False, 1, player)
