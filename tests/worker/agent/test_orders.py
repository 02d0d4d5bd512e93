from pathlib import Path
from typing import Any

import pytest

from coordinator.messages import (
    Admit,
    Admitted,
    Candidate,
    CloseRoom,
    Dismiss,
    Prepare,
    Prepared,
    Registered,
    Rejected,
    RoomClosed,
    ViewerCandidate,
    ViewerLeft,
)
from tests.worker.stand_ins.rooms import Reports, make_entry, make_supervisor, order_for
from worker.agent.orders import OrderHandler, admission
from worker.library.library import Entry, Library

ENTRY = make_entry()
MISSING = Entry(
    game=make_entry("missing").game, path=Path("game.bin"), core=None, remedy="No core is installed. Install one."
)
LIBRARY = Library((ENTRY, MISSING))


def test_a_game_of_the_library_is_admitted() -> None:
    assert admission(order_for("r1"), LIBRARY, (), 1) is ENTRY


@pytest.mark.parametrize(
    ("behaviour", "places_left", "code", "words"),
    [
        ("unknown", 1, "unknown_game", "not in the library any more"),
        ("missing", 1, "core_missing", "Install one."),
        ("obedient", 0, "no_seats", "All rooms of this worker are taken."),
    ],
)
def test_refusals_end_the_room_in_one_sentence(behaviour: str, places_left: int, code: str, words: str) -> None:
    refusal = admission(order_for("r1", behaviour), LIBRARY, (), places_left)
    assert isinstance(refusal, RoomClosed)
    assert (refusal.room, refusal.code) == ("r1", code)
    assert words in refusal.message


def test_a_room_is_opened_only_once() -> None:
    refusal = admission(order_for("r1"), LIBRARY, ("r1",), 1)
    assert isinstance(refusal, Rejected)  # the room that is there goes on
    assert refusal.code == "room_exists"


async def test_the_place_of_a_room_that_is_ending_is_free(tmp_path: Path) -> None:
    """The coordinator gives it away with the order that ends the room: its next order must not find it taken."""
    reports = Reports()
    supervisor = make_supervisor(tmp_path, reports, reports)
    handler = OrderHandler(lambda: LIBRARY, supervisor, 1, reports)
    try:
        handler.handle(order_for("r1"))
        assert (await reports.expect(Admitted)).room == "r1"
        handler.handle(CloseRoom(room="r1"))
        handler.handle(order_for("r2"))
        ended, opened = sorted([await reports.queue.get(), await reports.queue.get()], key=lambda said: said.room)
        assert isinstance(ended, RoomClosed)
        assert ended.code == "closed"
        assert isinstance(opened, Admitted)
    finally:
        await supervisor.stop()


async def test_commands_reach_the_rooms(tmp_path: Path) -> None:
    reports = Reports()
    supervisor = make_supervisor(tmp_path, reports, reports)
    handler = OrderHandler(lambda: LIBRARY, supervisor, 1, reports)
    leave: dict[str, Any] = {"candidate": Candidate(candidate="leave")}
    try:
        handler.handle(Registered(worker="w1"))
        handler.handle(order_for("r1"))
        assert (await reports.expect(Admitted)).viewer == "v1"
        handler.handle(order_for("r2"))
        assert (await reports.expect(RoomClosed)).code == "no_seats"
        handler.handle(Admit(room="r1", viewer="v2", seat=1, offer="second"))
        assert (await reports.expect(Admitted)).viewer == "v2"
        handler.handle(Dismiss(room="r1", viewer="v1"))
        handler.handle(ViewerCandidate(room="r1", viewer="v1", **leave))
        handler.handle(ViewerCandidate(room="r1", viewer="v2", **leave))
        assert (await reports.expect(ViewerLeft)).viewer == "v2"
        handler.handle(Prepare(room="r3"))
        assert await reports.expect(Prepared) == Prepared(room="r3")
        assert supervisor.spare_ready
        handler.handle(CloseRoom(room="r1"))
        assert (await reports.expect(RoomClosed)).code == "closed"
    finally:
        await supervisor.stop()
    handler.handle(order_for("r3"))
    assert (await reports.expect(RoomClosed)).code == "no_seats"
