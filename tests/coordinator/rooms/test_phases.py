"""The table of a room's life."""

import pytest

from coordinator.errors import WrongPhaseError
from coordinator.rooms.phases import ADMITTING, ON_A_WORKER, TRANSITIONS, Event, Phase, after


def test_every_phase_has_its_row():
    assert set(TRANSITIONS) == set(Phase)


def test_every_phase_can_be_reached_and_all_but_the_last_left():
    reached = {phase for row in TRANSITIONS.values() for phase in row.values()}

    assert reached == set(Phase) - {Phase.STARTING}
    assert [phase for phase, row in TRANSITIONS.items() if not row] == [Phase.ENDED]


def test_a_room_may_be_closed_in_every_phase():
    assert all(after(phase, Event.CLOSED) is Phase.ENDED for phase in Phase if phase is not Phase.ENDED)


def test_a_life_with_a_move_a_crash_and_a_lost_worker():
    phase = Phase.STARTING
    for event in (
        Event.ANSWERED,
        Event.FREEZE_SENT,
        Event.FROZEN,
        Event.PLACED,
        Event.DIED,
        Event.PLACED,
        Event.LINK_LOST,
        Event.HELD,
        Event.LINK_LOST,
        Event.DIED,
        Event.PLACED,
    ):
        phase = after(phase, event)

    assert phase is Phase.OPEN


def test_what_can_not_happen_says_so():
    with pytest.raises(WrongPhaseError, match="THAWED can't come in phase OPEN"):
        after(Phase.OPEN, Event.THAWED)


def test_viewers_are_let_in_only_where_there_is_a_worker():
    assert ADMITTING < ON_A_WORKER
